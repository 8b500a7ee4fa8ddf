"""A library in a folder: one SQLite file with a FAISS index beside it."""
