"""Reads what Milvus holds of documents, files and the library, as it was committed. Writes nothing, ranks nothing.

A passage counts as there when the row of its document names its version. So what a writer has not finished, or what
one that was killed has left behind, is never shown; see milvus.py.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from retrieval.embedding import PassageVectors
from retrieval.errors import LibraryDamagedError
from retrieval.records import Coverage, Document, Passage
from retrieval.storage.base import FileState, Judgement, Prepared, Tokens, decoded_tokens
from retrieval.storage.candidates import Candidate
from retrieval.storage.milvus.client import Server
from retrieval.storage.milvus.rows import (
    CHUNK,
    FILE,
    Held,
    Row,
    candidate,
    file_of,
    hashed,
    record_key,
    text_key,
    tokens,
)

ATTEMPTS = 5  # at reading what is replaced meanwhile: one is enough unless it is replaced again
KEPT_DOCUMENTS = 100_000  # rows kept while nothing is written
_DOCUMENT = ("version", "replaces", "at", "number", "payload")
Value = TypeVar("Value")
PASSAGE = ("id", "vector", "passage", "sentences")


@dataclass(slots=True)
class Moment:
    """What was read at one generation.

    hidden: key of a document that another replaces -> when that one was added. searched: the indexes that were asked.
    """

    generation: int = -1
    hidden: dict[str, int] = field(default_factory=dict)
    held: dict[str, Held | None] = field(default_factory=dict)
    coverage: Coverage | None = None
    searched: set[str] = field(default_factory=set)


class MilvusRecords:
    """What is there, but for what ranking asks."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._moment = Moment()
        self._has_passages = False

    @property
    def name(self) -> str:
        """The address."""
        return str(self._server.address)

    def _searchable(self) -> bool:
        """Tell whether there is a collection of passages, which the first one makes."""
        self._has_passages = self._has_passages or self._server.has("passages")
        return self._has_passages

    def _damaged(self, reason: object) -> LibraryDamagedError:
        return LibraryDamagedError(f"{self.name} is damaged ({reason}); restore it from a backup, or add it anew")

    # --- the state of the library

    def meta(self, key: str) -> str | None:
        """Return a fact about the library as a whole, or None."""
        rows = self._server.get("records", [record_key("meta", hashed(key))], ["payload"], strong=True)
        return "".join(rows[0]["payload"]) if rows else None

    def generation(self) -> int:
        """Return when the last write ended, in microseconds; it grows with every write."""
        rows = self._server.get("records", [record_key("generation", "")], ["number"])
        return int(rows[0]["number"]) if rows else 0

    def _now(self) -> Moment:
        """Return what is known of the present generation; what is read is kept there."""
        generation = self.generation()
        if self._moment.generation != generation:
            self._moment = self._begun(generation)
        return self._moment

    def _fresh(self) -> Moment:
        """Forget what was read before: a writer must see what is there."""
        self._moment = self._begun(self.generation())
        return self._moment

    def _begun(self, generation: int) -> Moment:
        """Begin a moment by waiting for what other clients wrote, so that nothing after it needs to."""
        rows = self._server.query("records", 'kind == "document" and replaces != ""', ["replaces", "at"], strong=True)
        return Moment(generation, {row["replaces"]: row["at"] for row in rows})

    def _documents(self, keys: Iterable[str], moment: Moment | None = None) -> dict[str, Held]:
        """Return key -> document of those that are there and that no other takes the place of."""
        moment = moment or self._now()
        wanted = list(dict.fromkeys(keys))
        found = {key: moment.held[key] for key in wanted if key in moment.held}
        missing = [key for key in wanted if key not in found]
        if missing:
            rows = self._server.get("records", [record_key("document", key) for key in missing], _DOCUMENT)
            found |= dict.fromkeys(missing) | {held.key: held for held in map(self._read, rows)}
            if len(moment.held) < KEPT_DOCUMENTS:
                moment.held |= found
        hidden = moment.hidden
        return {key: held for key in wanted if (held := found[key]) and hidden.get(key, -1) <= held.at}

    def _read(self, row: Row) -> Held:
        try:
            return Held.of(row)
        except (ValueError, TypeError) as error:
            raise self._damaged(error) from error

    def _document(self, doc_id: str) -> Held | None:
        key = hashed(doc_id)
        return self._documents([key]).get(key)

    def _every(self) -> list[Held]:
        """Return all documents in the order of adding."""
        hidden = self._now().hidden
        rows = self._server.query("records", 'kind == "document"', _DOCUMENT)
        every = [held for held in map(self._read, rows) if hidden.get(held.key, -1) <= held.at]
        return sorted(every, key=lambda held: held.at)

    # --- documents

    def header(self, doc_id: str) -> Document | None:
        """Return one document without its text, or None."""
        held = self._document(doc_id)
        return None if held is None else held.document

    def _current(self, doc_id: str, read: Callable[[Held], Value | None]) -> Value | None:
        """Return what is read of a document as it is now, or None where there is none.

        What is not there any more, because the document was replaced since its row was read, is read again.
        """
        for _ in range(ATTEMPTS):
            held = self._document(doc_id)
            if held is None or (found := read(held)) is not None:
                return None if held is None else found
            self._fresh()
        raise self._damaged(f"parts of {doc_id} are missing")

    def document(self, doc_id: str) -> Document | None:
        """Return one document with its text, or None."""
        return self._current(doc_id, self._whole)

    def _whole(self, held: Held) -> Document | None:
        text, d = self._text(held, 0, held.characters), held.document
        return None if text is None else Document(d.doc_id, d.title, text, d.source, d.metadata, d.sha256)

    def text_at(self, doc_id: str, start: int, end: int) -> str | None:
        """Return the stored text of a span, or None where there is no such document."""
        return self._current(doc_id, lambda held: self._text(held, start, end))

    def _text(self, held: Held, start: int, end: int) -> str | None:
        """Return the text of a span, or None where a piece of it is missing."""
        numbers = range(start // CHUNK, -(-min(end, held.characters) // CHUNK))
        keys = [record_key("text", text_key(held.version, number)) for number in numbers]
        rows = self._server.get("records", keys, ["number", "payload"])
        pieces = {row["number"]: "".join(row["payload"]) for row in rows}
        if any(number not in pieces for number in numbers):
            return None
        first = numbers.start * CHUNK
        return "".join(pieces[number] for number in numbers)[start - first : end - first]

    def documents(self) -> list[tuple[Document, int]]:
        """Return every document without its text, and its number of passages, in the order of adding."""
        return [(held.document, held.passages) for held in self._every()]

    def paragraphs(self) -> dict[str, int]:
        """Return doc_id -> its number of paragraphs."""
        return {held.document.doc_id: held.paragraphs for held in self._every() if held.passages}

    def hashes(self, doc_ids: Sequence[str]) -> dict[str, str]:
        """Return doc_id -> sha256 of the documents that are there."""
        found = self._documents(map(hashed, doc_ids)).values()
        return {held.document.doc_id: held.document.sha256 for held in found}

    def passages(self, doc_id: str, start: int, end: int | None) -> list[Passage]:
        """Return a document's passages that reach into [start, end), in order; end: None for the end of the text."""
        held = self._document(doc_id)
        if not held or not held.passages:
            return []
        within = f"last > {int(start)}" + ("" if end is None else f" and first < {int(end)}")
        return [found.passage for found in self._own([held], within).get(held.version, [])]

    def _own(self, documents: Iterable[Held], within: str = "") -> dict[str, list[Candidate]]:
        """Return version -> passages in order, of documents that have any. within: a filter."""
        found: dict[str, list[Candidate]] = {}
        versions = [held.version for held in documents if held.passages]
        for row in self._server.query_in("passages", "version", versions, (*PASSAGE, "version"), within):
            found.setdefault(row["version"], []).append(self._decode(row))
        return {version: sorted(own, key=lambda each: (each.passage.start, each.passage.end))
                for version, own in found.items()}  # fmt: skip

    def prepared(self, doc_ids: Iterable[str]) -> list[Prepared]:
        """Return documents with their passages and vectors; see Backend.prepared."""
        names = list(doc_ids)
        whole = self._prepared(self._documents(map(hashed, names)).values())
        found = [whole.get(hashed(name)) or self._current(name, self._one_prepared) for name in names]
        return [item for item in found if item]

    def _one_prepared(self, held: Held) -> Prepared | None:
        return self._prepared([held]).get(held.key)

    def _prepared(self, documents: Iterable[Held]) -> dict[str, Prepared]:
        """Return key -> document with its passages and their vectors, of those of which nothing is missing."""
        every, whole = list(documents), dict[str, Prepared]()
        own = self._own(every)
        marks = self.tokens([each.id for found in own.values() for each in found])
        for held in every:
            document, found = self._whole(held), own.get(held.version, [])
            if document is not None and len(found) == held.passages:
                vectors = [PassageVectors(each.vector, each.sentence_vectors, *marks[each.id]) for each in found]
                whole[held.key] = Prepared(document, [each.passage for each in found], vectors)
        return whole

    def coverage(self) -> Coverage:
        """Count files, documents without a file, and failed files."""
        moment = self._now()
        if moment.coverage is None:
            files, failed, alone = (
                self._server.count("records", filter)
                for filter in ('kind == "file"', 'kind == "file" and number == 1', 'kind == "document" and number == 0')
            )
            moment.coverage = Coverage(files + alone, failed)
        return moment.coverage

    def count(self, table: str) -> int:
        """Count the documents, passages or files."""
        if table == "passages":
            return self._server.count(table) if self._searchable() else 0
        hidden = len(self._documents(self._now().hidden)) if table == "documents" else 0
        return self._server.count("records", f'kind == "{table[:-1]}"') - hidden

    def _decode(self, row: Row) -> Candidate:
        try:
            return candidate(row)
        except (ValueError, TypeError) as error:
            raise self._damaged(error) from error

    def tokens(self, ids: Sequence[int]) -> dict[int, Tokens]:
        """Return passage id -> its tokens; none where the passage is gone."""
        rows = self._server.get("passages", [f"{number:032x}" for number in ids], ["id", "tokens"]) if ids else []
        return dict.fromkeys(ids, decoded_tokens(b"", b"")) | {int(row["id"], 16): tokens(row) for row in rows}

    # --- files, and what people think of answers

    def files(self) -> dict[str, FileState]:
        """Return path -> state of every file that was ever added and not removed, failed ones included."""
        return dict(file_of(row) for row in self._server.query("records", 'kind == "file"', FILE, strong=True))

    def _known_files(self, paths: Iterable[str]) -> dict[str, FileState]:
        keys = [record_key("file", hashed(path)) for path in paths]
        return dict(file_of(row) for row in self._server.get("records", keys, FILE, strong=True))

    def _files_of(self, paths: Iterable[str | None]) -> dict[str, str]:
        """Return path -> key of the document that the file holds, of those that are known."""
        keys = {record_key("file", hashed(path)): path for path in paths if path}
        rows = self._server.get("records", list(keys), ["key", "doc"], strong=True)
        return {keys[row["key"]]: row["doc"] for row in rows}

    def _holders(self, docs: Iterable[str]) -> dict[str, list[str]]:
        """Return key of a document -> the paths of the files that hold it; none of those that no file holds."""
        found: dict[str, list[str]] = {}
        for row in self._server.query_in("records", "doc", docs, FILE, 'kind == "file"'):
            found.setdefault(row["doc"], []).append(file_of(row)[0])
        return found

    def feedback(self) -> list[Judgement]:
        """Return every judgement, oldest first, numbered from 1."""
        rows = list(self._server.query("records", 'kind == "feedback"', ["at", "payload"]))
        every = [json.loads("".join(row["payload"])) for row in sorted(rows, key=lambda row: int(row["at"]))]
        return [(number, *fields) for number, fields in enumerate(every, start=1)]
