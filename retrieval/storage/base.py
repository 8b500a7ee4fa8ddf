"""What a library needs of the place where it is kept, and the records that go in and out.

Two places satisfy it: `local.backend.LocalBackend`, one SQLite file with a FAISS index beside it, and
`milvus.backend.MilvusBackend`, a cluster. tests/storage/test_backend.py says what both must do. Every write is whole
or not at all for each document, and is there for whoever asks next (on a cluster, over another connection, a moment
later); repeating a write changes nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from retrieval.embedding import Floats, PassageVectors
from retrieval.records import Coverage, Document, Passage, Version
from retrieval.storage.candidates import Candidates
from retrieval.storage.codec import Tokens
from retrieval.text import Analysis

Judgement = tuple[int, str, bool, list[str], bool, str]  # id, question, found, quotes, good, note


@dataclass(frozen=True, slots=True)
class IndexedDocument:
    """A document ready to be stored: its passages, their vectors, and the file's state (size, mtime_ns) if any."""

    document: Document
    passages: Sequence[Passage]
    vectors: Sequence[PassageVectors]
    file: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class FileState:
    """What is known of a file: its size and time of change when it was read, its document, why it failed.

    A file that failed after it was read once keeps its earlier document beside the reason.
    """

    size: int
    mtime_ns: int
    doc_id: str | None
    reason: str


class Documents(Protocol):
    """The documents of a library, each with its text, passages and vectors."""

    def add(self, documents: Sequence[IndexedDocument]) -> None:
        """Store documents; each replaces its namesake, and the document that its file held before if no other does.

        What is replaced is kept as a version, where the backend keeps any.
        """

    def remove(self, doc_ids: Iterable[str]) -> list[str]:
        """Remove documents, their versions and what is known of their files; return the doc_ids that were there.

        Earlier versions can be named, too.
        """

    def get(self, doc_id: str) -> Document | None:
        """Return one document with its text, or None."""

    def header(self, doc_id: str) -> Document | None:
        """Return one document without its text, or None."""

    def all(self) -> list[tuple[Document, int]]:
        """Return every document without its text, and its number of passages, in the order of adding."""

    def indexed(self, doc_ids: Iterable[str]) -> list[IndexedDocument]:
        """Return documents with their passages and vectors, to 1/254, and those of sentences to 1/60; no files.

        In this order; those that are not there are left out.
        """

    def text_at(self, doc_id: str, start: int, end: int) -> str | None:
        """Return the stored text of a span, or None where there is no such document."""

    def hashes(self, doc_ids: Sequence[str]) -> dict[str, str]:
        """Return doc_id -> sha256 of the documents that are there."""

    def paragraphs(self) -> dict[str, int]:
        """Return doc_id -> its number of paragraphs."""

    def count(self) -> int:
        """Count the documents."""


class Files(Protocol):
    """The files that documents were read from, and those that could not be read."""

    def all(self) -> dict[str, FileState]:
        """Return path -> state of every file that was ever added and not removed, failed ones included."""

    def fail(self, path: str, reason: str, size: int = 0, mtime_ns: int = 0) -> None:
        """Record why a file cannot be read now, and its state if that may be so until it changes.

        What was read of it before stays.
        """

    def forget(self, paths: Iterable[str]) -> None:
        """Forget files that hold no document."""

    def rearrange(self, links: Mapping[str, FileState], gone: Iterable[str]) -> None:
        """Point files at documents that are there and drop other files.

        Documents that no file holds any more are removed; those whose file is gone get another of theirs as source.
        """

    def coverage(self) -> Coverage:
        """Count files, documents without a file, and failed files."""

    def count(self) -> int:
        """Count the files."""


class Versions(Protocol):
    """What documents said before others took their place, newest kept longest; gone with the document in their place.

    A backend may keep none.
    """

    def all(self) -> list[Version]:
        """Return every version without its text and passages, oldest first."""

    def get(self, doc_id: str, sha256: str = "") -> Version | None:
        """Return a version, or None; the newest of the doc_id where no hash is given."""

    def keep(self, version: Version) -> None:
        """Keep a version whose successor is there, as one of another library."""

    def prune(self, most_bytes: int) -> int:
        """Drop versions, oldest first, until the others take so many bytes at most; return how many were dropped."""


class PassageIndex(Protocol):
    """The passages of all documents, found by vector and by word; numbered, and no number is ever used again.

    analysis: how their texts became terms. What is given and returned as words and stems below are those.
    """

    analysis: Analysis

    def find(
        self, words: Sequence[str], vector: Floats, count: int, where: Mapping[str, Any]
    ) -> tuple[Candidates, dict[int, float]]:
        """Return the union of the `count` nearest passages and the `count` of best BM25, and passage id -> BM25.

        vector: (dim,) unit. BM25 as in `bm25`, at least of those found. where: see Library.search; QuestionError.
        """

    def bm25(self, words: Sequence[str], limit: int, where: Mapping[str, Any]) -> dict[int, float]:
        """Return passage id -> BM25 of title, heading and text (higher is better) of the best `limit` passages.

        k1 = 1.2, b = 0.75, and numbers of passages over all of the library, as in SQLite's FTS5.
        """

    def tokens(self, ids: Sequence[int]) -> dict[int, Tokens]:
        """Return passage id -> its tokens; none where the passage is gone."""

    def idf(self, words: Sequence[str]) -> dict[str, float]:
        """Return stem -> inverse document frequency (Robertson's, never negative) over all passages."""

    def document_frequencies(self, terms: Iterable[str]) -> dict[str, int]:
        """Return stem -> number of passages that hold it, of those that any passage holds."""

    def of_document(self, doc_id: str, start: int = 0, end: int | None = None) -> list[Passage]:
        """Return a document's passages that reach into [start, end), in order; end: None for the end of the text."""

    def count(self) -> int:
        """Count the passages."""


class Facts(Protocol):
    """What is kept of a library as a whole."""

    def get(self, key: str) -> str | None:
        """Return a fact, or None."""

    def record(self, key: str, value: str) -> None:
        """Record a fact unless one is there already."""

    def generation(self) -> int:
        """Return a number that grows with every write."""

    def size(self) -> int:
        """Return the bytes on disk, 0 where that is not known."""

    def add_feedback(self, question: str, found: bool, quotes: Sequence[str], good: bool, note: str) -> None:
        """Keep one judgement of an answer."""

    def feedback(self) -> list[Judgement]:
        """Return every judgement, oldest first."""


class Backend(Protocol):
    """Where a library is kept. Safe to use from several threads, and by several processes at once.

    Reads raise LibraryDamagedError where what is kept cannot be read as it was written, writes StorageError where
    they cannot be done; a cluster that does not answer raises UnreachableError on both.

        backend.documents.add([indexed])
        candidates, scores = backend.passages.find(words, vector, 200, {})
        backend.documents.text_at("a1", 0, 40)
    """

    @property
    def name(self) -> str:
        """What people call it: the folder, or the address."""

    @property
    def documents(self) -> Documents:
        """Its documents."""

    @property
    def files(self) -> Files:
        """Its files."""

    @property
    def versions(self) -> Versions:
        """What its documents said before."""

    @property
    def passages(self) -> PassageIndex:
        """Its passages, with the indexes over them."""

    @property
    def facts(self) -> Facts:
        """What is kept of the library as a whole."""

    def analyse(self, analysis: Analysis) -> None:
        """Find passages by the terms of an analysis from now on; nothing is encoded for it.

        Those that were indexed otherwise are indexed anew; on Milvus, they stay as they are.
        """

    def check(self) -> None:
        """Read everything; LibraryDamagedError where what is kept does not fit together."""

    def backup(self, target: Path) -> Path:
        """Copy all to a new folder, which is then a local library; see Library.backup."""

    def save(self) -> None:
        """Bring what only makes it faster up to date. Nothing is lost without it."""

    def close(self) -> None:
        """Let go of files and connections."""
