"""Pincite: answers from your documents in their own words, each with a citation to the exact place."""

from retrieval.errors import PinciteError
from retrieval.library import Library, ask
from retrieval.records import Answer, Citation, Document, Hit, Passage, Turn
from retrieval.settings import Settings

__all__ = ["Answer", "Citation", "Document", "Hit", "Library", "Passage", "PinciteError", "Settings", "Turn", "ask"]
