"""Paths become stored documents: found, parsed, split, encoded and written. The only writer."""

from retrieval.ingest.chunking import split
from retrieval.ingest.encode import encoded_anew
from retrieval.ingest.files import ParsedDocument, from_memory, load, name_of, unchanged
from retrieval.ingest.indexer import Indexer, Progress, Report, Source, remove
from retrieval.ingest.sync import SyncReport, sync
from retrieval.ingest.watch import watch

__all__ = [
    "Indexer",
    "ParsedDocument",
    "Progress",
    "Report",
    "Source",
    "SyncReport",
    "encoded_anew",
    "from_memory",
    "load",
    "name_of",
    "remove",
    "split",
    "sync",
    "unchanged",
    "watch",
]
