"""The reading model: question and passages -> what answers, where exactly, and how surely. Searches nothing."""

from retrieval.reader.base import PassageReading, Readable, Reader
from retrieval.reader.loading import open_reader

__all__ = ["PassageReading", "Readable", "Reader", "open_reader"]
