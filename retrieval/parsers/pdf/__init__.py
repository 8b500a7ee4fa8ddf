"""PDF: characters become lines, columns, paragraphs; scanned pages are recognised; quotes are found on the page."""
