"""Runs, written down, compared and shown."""
