"""One module for each family of formats: content -> Reading. Knows nothing of files, indexes or users."""
