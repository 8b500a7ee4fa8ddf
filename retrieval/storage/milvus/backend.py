"""A library on a Milvus server or cluster."""

import json
import uuid
from collections.abc import Sequence
from pathlib import Path

from retrieval.errors import LibraryError
from retrieval.records import Version
from retrieval.storage.base import Judgement
from retrieval.storage.copying import backed_up, copy
from retrieval.storage.local.backend import LocalBackend
from retrieval.storage.milvus.client import Client
from retrieval.storage.milvus.documents import ABANDONED_SECONDS, Documents, Files, Journal
from retrieval.storage.milvus.filters import hashed
from retrieval.storage.milvus.passages import Passages
from retrieval.storage.milvus.rows import packed, record, record_key, unpacked
from retrieval.storage.milvus.snapshot import Committed
from retrieval.text import Analysis

SCHEMA_VERSION = 1


class MilvusBackend:
    """A client, and over it documents, files, passages and facts; see storage.base.Backend."""

    def __init__(self, client: Client, create: bool = True, abandoned_seconds: float = ABANDONED_SECONDS) -> None:
        """Open a library over a client, and make it where there is none.

        abandoned_seconds: see Journal. Raises UnreachableError, or LibraryError where there is none and none is to be
        made, or it is of another schema.
        """
        self.client = client
        committed = Committed(self.client)
        journal = Journal(self.client, committed, abandoned_seconds)
        self.passages = Passages(self.client, committed)
        self.documents = Documents(self.client, committed, self.passages, journal)
        self.files = Files(self.client, committed, self.documents, journal)
        self.facts = Facts(self.client, committed, journal)
        self.versions = Versions()
        if not self.client.has("records"):
            if not create:
                raise LibraryError(f"there is no {self.name}; make one with: pincite add --library {self.name} PATH…")
            self.client.create("records")
        self._check_schema()

    def _check_schema(self) -> None:
        found = self.facts.get("schema")
        if found is None:
            self.facts.record("schema", str(SCHEMA_VERSION))
        elif found != str(SCHEMA_VERSION):
            hint = "use the pincite that wrote it, or copy it into a new library with that one"
            raise LibraryError(f"{self.name} has schema {found}, and this pincite reads {SCHEMA_VERSION}; {hint}")

    @property
    def name(self) -> str:
        """The address."""
        return self.client.name

    def analyse(self, analysis: Analysis) -> None:
        """Find passages by the terms of an analysis, in a library that was always written so."""
        if self.facts.get("analysis") is None and not self.passages.exist():
            self.facts.record("analysis", analysis.version)
        if self.facts.get("analysis") == analysis.version:
            self.passages.analysis = analysis

    def check(self) -> None:
        """Read everything; LibraryDamagedError where passages are missing or not in their document's text."""
        self.documents.check()

    def backup(self, target: Path) -> Path:
        """Copy all into a new folder; see Library.backup."""
        with backed_up(self.name, target) as folder:
            copied = LocalBackend(folder)
            copy(self, copied)
            copied.close()
        return target

    def save(self) -> None:
        """Do nothing: Milvus keeps its indexes itself."""

    def close(self) -> None:
        """Close the connection."""
        self.client.close()


class Versions:
    """No earlier versions: a row takes the place of the one before it, and what that held is deleted."""

    def all(self) -> list[Version]:
        """Return none."""
        return []

    def get(self, doc_id: str, sha256: str = "") -> None:
        """Return None."""

    def keep(self, version: Version) -> None:
        """Keep nothing."""

    def prune(self, most_bytes: int) -> int:
        """Return 0."""
        return 0


class Facts:
    """What is kept of the library as a whole; see storage.base.Facts."""

    def __init__(self, client: Client, committed: Committed, journal: Journal) -> None:
        self._client, self._committed, self._journal = client, committed, journal

    def get(self, key: str) -> str | None:
        """Return a fact, or None."""
        rows = self._client.get("records", [record_key("meta", hashed(key))], ["payload"], strong=True)
        return unpacked(rows[0]["payload"]) if rows else None

    def record(self, key: str, value: str) -> None:
        """Record a fact unless one is there already."""
        if self.get(key) is None:
            self._client.upsert("records", [record("meta", hashed(key), payload=packed(value))])

    def generation(self) -> int:
        """Return when the last write ended, in microseconds; it grows with every write."""
        return self._committed.generation()

    def size(self) -> int:
        """Return 0: a server does not say how much it keeps for whom."""
        return 0

    def add_feedback(self, question: str, found: bool, quotes: Sequence[str], good: bool, note: str) -> None:
        """Keep one judgement of an answer."""
        fields = packed(json.dumps([question, found, list(quotes), good, note], ensure_ascii=False))
        row = record("feedback", uuid.uuid4().hex, at=self._journal.time(), payload=fields)
        self._client.upsert("records", [row])
        self._journal.done()

    def feedback(self) -> list[Judgement]:
        """Return every judgement, oldest first, numbered from 1."""
        rows = list(self._client.query("records", 'kind == "feedback"', ["at", "payload"]))
        every = [json.loads(unpacked(row["payload"])) for row in sorted(rows, key=lambda row: int(row["at"]))]
        return [(number, *fields) for number, fields in enumerate(every, start=1)]
