"""Paths become stored documents: found, parsed, split, encoded and written. The only writer."""

from retrieval.ingest.chunking import split
from retrieval.ingest.files import absolute, load, name_of, unchanged
from retrieval.ingest.indexer import Adder, Progress, Report, Source
from retrieval.ingest.sync import SyncReport, moments, sync

__all__ = [
    "Adder",
    "Progress",
    "Report",
    "Source",
    "SyncReport",
    "absolute",
    "load",
    "moments",
    "name_of",
    "split",
    "sync",
    "unchanged",
]
