"""Office documents and e-books."""
