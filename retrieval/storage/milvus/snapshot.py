"""Which documents are there, as they were committed, at one generation after another.

A passage counts as there when the row of its document names its version. So what a writer has not finished, or what
one that was killed has left behind, is never shown; see `documents`.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TypeVar

from retrieval.records import Coverage
from retrieval.storage.milvus.client import Client
from retrieval.storage.milvus.filters import hashed
from retrieval.storage.milvus.rows import DocumentRow, Row, record_key

ATTEMPTS = 5  # at reading what is replaced meanwhile: one is enough unless it is replaced again
KEPT_DOCUMENTS = 100_000  # rows kept while nothing is written
_FIELDS = ("version", "replaces", "at", "number", "payload")
Value = TypeVar("Value")


@dataclass(slots=True)
class Snapshot:
    """What was read at one generation.

    hidden: key of a document that another replaces -> when that one was added. searched: the indexes that were asked.
    """

    generation: int = -1
    hidden: dict[str, int] = field(default_factory=dict)
    rows: dict[str, DocumentRow | None] = field(default_factory=dict)
    coverage: Coverage | None = None
    searched: set[str] = field(default_factory=set)


class Committed:
    """The rows of the documents that are there and that no other takes the place of."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._snapshot = Snapshot()

    def generation(self) -> int:
        """Return when the last write ended, in microseconds; it grows with every write."""
        rows = self._client.get("records", [record_key("generation", "")], ["number"])
        return int(rows[0]["number"]) if rows else 0

    def now(self) -> Snapshot:
        """Return what is known of the present generation; what is read is kept there."""
        generation = self.generation()
        if self._snapshot.generation != generation:
            self._snapshot = self._begun(generation)
        return self._snapshot

    def fresh(self) -> Snapshot:
        """Forget what was read before: a writer must see what is there."""
        self._snapshot = self._begun(self.generation())
        return self._snapshot

    def _begun(self, generation: int) -> Snapshot:
        """Begin a snapshot by waiting for what other clients wrote, so that nothing after it needs to."""
        rows = self._client.query("records", 'kind == "document" and replaces != ""', ["replaces", "at"], strong=True)
        return Snapshot(generation, {row["replaces"]: row["at"] for row in rows})

    def rows(self, keys: Iterable[str], snapshot: Snapshot | None = None) -> dict[str, DocumentRow]:
        """Return key -> row of these documents, of those that are there."""
        snapshot = snapshot or self.now()
        wanted = list(dict.fromkeys(keys))
        found = {key: snapshot.rows[key] for key in wanted if key in snapshot.rows}
        missing = [key for key in wanted if key not in found]
        if missing:
            rows = self._client.get("records", [record_key("document", key) for key in missing], _FIELDS)
            found |= dict.fromkeys(missing) | {row.key: row for row in map(self._read, rows)}
            if len(snapshot.rows) < KEPT_DOCUMENTS:
                snapshot.rows |= found
        hidden = snapshot.hidden
        return {key: row for key in wanted if (row := found[key]) and hidden.get(key, -1) <= row.at}

    def _read(self, row: Row) -> DocumentRow:
        try:
            return DocumentRow.of(row)
        except (ValueError, TypeError) as error:
            raise self._client.damaged(error) from error

    def row(self, doc_id: str) -> DocumentRow | None:
        """Return one document's row, or None."""
        key = hashed(doc_id)
        return self.rows([key]).get(key)

    def every(self) -> list[DocumentRow]:
        """Return all documents' rows in the order of adding."""
        hidden = self.now().hidden
        rows = self._client.query("records", 'kind == "document"', _FIELDS)
        every = [row for row in map(self._read, rows) if hidden.get(row.key, -1) <= row.at]
        return sorted(every, key=lambda row: row.at)

    def current(self, doc_id: str, read: Callable[[DocumentRow], Value | None]) -> Value | None:
        """Return what is read of a document as it is now, or None where there is none.

        What is not there any more, because the document was replaced since its row was read, is read again.
        """
        for _ in range(ATTEMPTS):
            row = self.row(doc_id)
            if row is None or (found := read(row)) is not None:
                return None if row is None else found
            self.fresh()
        raise self._client.damaged(f"parts of {doc_id} are missing")
