"""Where a library is kept: one protocol, in a folder (SQLite and FAISS) or on Milvus."""

from retrieval.storage.base import Backend, FileState, IndexedDocument
from retrieval.storage.candidates import Candidate, Candidates, runs
from retrieval.storage.copying import Totals, copy
from retrieval.storage.local.backend import LocalBackend
from retrieval.storage.local.schema import SCHEMA_VERSION
from retrieval.storage.opening import open_backend

__all__ = [
    "SCHEMA_VERSION",
    "Backend",
    "Candidate",
    "Candidates",
    "FileState",
    "IndexedDocument",
    "LocalBackend",
    "Totals",
    "copy",
    "open_backend",
    "runs",
]
