"""The reading model: question and passages -> what answers, where exactly, and how surely. Searches nothing."""

from retrieval.reader.base import OUR_READER, PassageReading, Readable, Reader
from retrieval.reader.loading import open_reader

__all__ = ["OUR_READER", "PassageReading", "Readable", "Reader", "open_reader"]
