"""The page, and what it serves."""
