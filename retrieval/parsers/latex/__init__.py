"""LaTeX sources: what is printed of them, with their own macros, units and conditions."""
