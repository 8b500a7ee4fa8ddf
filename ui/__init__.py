"""What people touch: the command line and the web page. Imports retrieval, never eval."""
