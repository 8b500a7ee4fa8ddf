"""Marked-up and plain text: HTML, Markdown, LaTeX, reStructuredText."""
