"""Data sets and cases."""
