"""How much of a document is read."""
