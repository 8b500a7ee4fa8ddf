"""Marked-up and plain text: HTML, Markdown, reStructuredText."""
