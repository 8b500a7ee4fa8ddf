"""Documents and files as rows of a collection, and how they are written.

Milvus has no transactions, so one row decides: a document is there in the version that its own row names, and that
row is written when all its passages and the pieces of its text are there. Their keys are made of the version, which
is made of what the document holds, so a write that is repeated changes nothing, and one that was cut short is either
finished by repeating it, or never seen. A file's new content takes the place of the old in the same row (`replaces`),
so that never both answer. What is then in nobody's way any more is deleted; a note of the documents concerned is kept
meanwhile, by which a later writer tidies up after one that was killed.

All this was tested with Milvus Lite's server, the same interface in one process; there was no cluster to test on.
"""

import json
import math
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from retrieval.embedding import PassageVectors
from retrieval.errors import StorageError
from retrieval.records import Coverage, Document
from retrieval.storage.base import FileState, IndexedDocument
from retrieval.storage.milvus.client import Client
from retrieval.storage.milvus.filters import hashed
from retrieval.storage.milvus.passages import Passages
from retrieval.storage.milvus.rows import (
    CHUNK,
    FILE,
    DocumentRow,
    document_row,
    file_of,
    file_row,
    packed,
    record,
    record_key,
    text_key,
    text_rows,
    unpacked,
)
from retrieval.storage.milvus.snapshot import ATTEMPTS, Committed
from retrieval.storage.rules import settled

CHECKED = 64  # documents at once
ABANDONED_SECONDS = 600.0  # a note older than that is of a writer that is no more


class Journal:
    """Ends writes, and notes which documents are about to change."""

    def __init__(self, client: Client, committed: Committed, abandoned_seconds: float = ABANDONED_SECONDS) -> None:
        """Write over a client. abandoned_seconds: a note older than that is of a writer that is no more."""
        self._client, self._committed = client, committed
        self._abandoned_seconds = abandoned_seconds
        self._last = 0
        self._looked = -math.inf

    def time(self) -> int:
        """Return a number of microseconds that no write before it in this process has."""
        self._last = max(self._last + 1, time.time_ns() // 1000)
        return self._last

    def done(self) -> None:
        """End a write: readers look again."""
        number = max(self.time(), self._committed.generation() + 1)
        self._client.upsert("records", [record("generation", "", number=number)])

    def note(self, docs: Sequence[str]) -> str:
        """Write down which documents are about to change; return the note's name."""
        note = hashed(*sorted(docs))
        self._client.upsert("records", [record("note", note, at=self.time(), payload=packed(json.dumps(docs)))])
        return note

    def strike(self, note: str) -> None:
        """Delete a note: what it names is done."""
        self._client.delete("records", f'key == "{record_key("note", note)}"')

    def abandoned(self) -> list[tuple[str, list[str]]]:
        """Return (name, documents) of the notes that writers that were killed have left; looks now and then."""
        if time.monotonic() - self._looked < self._abandoned_seconds:
            return []
        self._looked = time.monotonic()
        before = time.time_ns() // 1000 - int(self._abandoned_seconds * 1e6)
        rows = list(self._client.query("records", f'kind == "note" and at < {before}', ["key", "payload"]))
        return [(row["key"].partition(":")[2], json.loads(unpacked(row["payload"]))) for row in rows]


class Documents:
    """The documents; see storage.base.Documents."""

    def __init__(self, client: Client, committed: Committed, passages: Passages, journal: Journal) -> None:
        self._client, self._committed, self._passages, self._journal = client, committed, passages, journal

    # --- read

    def get(self, doc_id: str) -> Document | None:
        """Return one document with its text, or None."""
        return self._committed.current(doc_id, self._whole)

    def _whole(self, row: DocumentRow) -> Document | None:
        text = self._text(row, 0, row.characters)
        return None if text is None else replace(row.document, text=text)

    def header(self, doc_id: str) -> Document | None:
        """Return one document without its text, or None."""
        row = self._committed.row(doc_id)
        return None if row is None else row.document

    def all(self) -> list[tuple[Document, int]]:
        """Return every document without its text, and its number of passages, in the order of adding."""
        return [(row.document, row.passages) for row in self._committed.every()]

    def text_at(self, doc_id: str, start: int, end: int) -> str | None:
        """Return the stored text of a span, or None where there is no such document."""
        return self._committed.current(doc_id, lambda row: self._text(row, start, end))

    def _text(self, own: DocumentRow, start: int, end: int) -> str | None:
        """Return the text of a span, or None where a piece of it is missing."""
        numbers = range(start // CHUNK, -(-min(end, own.characters) // CHUNK))
        keys = [record_key("text", text_key(own.version, number)) for number in numbers]
        rows = self._client.get("records", keys, ["number", "payload"])
        pieces = {row["number"]: unpacked(row["payload"]) for row in rows}
        if any(number not in pieces for number in numbers):
            return None
        first = numbers.start * CHUNK
        return "".join(pieces[number] for number in numbers)[start - first : end - first]

    def hashes(self, doc_ids: Sequence[str]) -> dict[str, str]:
        """Return doc_id -> sha256 of the documents that are there."""
        found = self._committed.rows(map(hashed, doc_ids)).values()
        return {row.document.doc_id: row.document.sha256 for row in found}

    def paragraphs(self) -> dict[str, int]:
        """Return doc_id -> its number of paragraphs."""
        return {row.document.doc_id: row.paragraphs for row in self._committed.every() if row.passages}

    def count(self) -> int:
        """Count the documents."""
        hidden = len(self._committed.rows(self._committed.now().hidden))
        return self._client.count("records", 'kind == "document"') - hidden

    def indexed(self, doc_ids: Iterable[str]) -> list[IndexedDocument]:
        """Return documents with their passages and vectors; see storage.base.Documents."""
        names = list(doc_ids)
        whole = self._indexed(self._committed.rows(map(hashed, names)).values())
        found = [whole.get(hashed(name)) or self._committed.current(name, self._one_indexed) for name in names]
        return [item for item in found if item]

    def _one_indexed(self, row: DocumentRow) -> IndexedDocument | None:
        return self._indexed([row]).get(row.key)

    def _indexed(self, rows: Iterable[DocumentRow]) -> dict[str, IndexedDocument]:
        """Return key -> document with its passages and their vectors, of those of which nothing is missing."""
        every, whole = list(rows), dict[str, IndexedDocument]()
        passages = self._passages.of_versions(every)
        tokens = self._passages.tokens([each.id for found in passages.values() for each in found])
        for row in every:
            document, found = self._whole(row), passages.get(row.version, [])
            if document is not None and len(found) == row.passages:
                vectors = [PassageVectors(each.vector, each.sentence_vectors, *tokens[each.id]) for each in found]
                whole[row.key] = IndexedDocument(document, [each.passage for each in found], vectors)
        return whole

    def check(self) -> None:
        """Read all; LibraryDamagedError where passages are missing or not in their document's text."""
        names = [row.document.doc_id for row in self._committed.every()]
        for first in range(0, len(names), CHECKED):
            for item in self.indexed(names[first : first + CHECKED]):
                document = item.document
                if any(document.text[p.start : p.end] != p.text for p in item.passages):
                    name = document.title or document.doc_id
                    raise self._client.damaged(f"passages of {name} are not in its text")

    # --- written

    def add(self, documents: Sequence[IndexedDocument]) -> None:
        """Store documents, each as a whole; see storage.base.Documents."""
        given = list({item.document.doc_id: item for item in documents}.values())
        if not given:
            return
        made = [document_row(item, self._journal.time()) for item in given]
        before = files_of(self._client, (item.document.source for item in given if item.file))
        replaced = self._replaced(made, before)
        left = {doc for doc in before.values() if doc} - set(replaced.values()) - {row.key for row in made}
        note = self._note([*(row.key for row in made), *replaced.values(), *left])
        made = [replace(row, replaces=replaced.get(row.key, "")) for row in made]
        self._commit(made, given)
        self._link(made, given)
        self._tidy([*(row.key for row in made), *replaced.values()])
        self.settle(left, {})
        self._journal.strike(note)
        self._journal.done()

    def _commit(self, made: Sequence[DocumentRow], given: Sequence[IndexedDocument]) -> None:
        """Write documents, and let readers see them before anything that they take the place of is deleted."""
        for _ in range(ATTEMPTS):
            for row, item in zip(made, given, strict=True):
                self._client.upsert("records", text_rows(row, item.document.text))
                self._passages.write(row, item)
            self._client.upsert("records", [row.row() for row in made])
            if self._is_whole(made):
                return self._journal.done()
        raise StorageError(f"{self._client.name}: another writer deletes what is written; try again when it is done")

    def _is_whole(self, made: Sequence[DocumentRow]) -> bool:
        """Tell whether all passages and texts are there, which another writer of the same document may have deleted."""
        own = {row.version: row for row in made}
        named = f"version in {json.dumps(list(own))}"
        passages = sum(row.passages for row in own.values())
        pieces = sum(-(-row.characters // CHUNK) for row in own.values())
        return (not passages or self._passages.count_of(named) == passages) and pieces == self._client.count(
            "records", f'kind == "text" and {named}', strong=True
        )

    def _replaced(self, made: Sequence[DocumentRow], before: Mapping[str, str]) -> dict[str, str]:
        """Return key of a new document -> the one that its file alone held so far, or that a write cut short named."""
        own = {row.key for row in made}
        known = self._committed.rows(own, self._committed.fresh())
        replaced = {key: row.replaces for key, row in known.items() if row.replaces}
        holders = self._holders(set(before.values()) - own - {""})
        for row in made:
            doc = before.get(row.document.source or "", "") if row.has_file else ""
            if len(holders.get(doc, [])) == 1:
                replaced[row.key] = doc
        return replaced

    def _link(self, made: Sequence[DocumentRow], given: Sequence[IndexedDocument]) -> None:
        """Write the states of the documents' files, and forget other files that held a namesake."""
        rows = [
            file_row(item.document.source, FileState(*item.file, item.document.doc_id, ""))
            for item in given
            if item.file and item.document.source
        ]
        self._client.upsert("records", rows)
        kept = json.dumps([row["key"] for row in rows] or [""])
        self._client.delete_in("records", "doc", [row.key for row in made], f'kind == "file" and key not in {kept}')

    def remove(self, doc_ids: Iterable[str]) -> list[str]:
        """Remove documents; return the doc_ids that were there."""
        self._tidy_up()
        names = {hashed(doc_id): doc_id for doc_id in doc_ids}
        keys = list(self._committed.rows(names, self._committed.fresh()))
        if keys:
            note = self._note(keys)
            # Files first: one whose document is gone would not be read again.
            self._client.delete_in("records", "doc", keys, 'kind == "file"')
            self._drop(keys)
            self._journal.strike(note)
            self._journal.done()
        return [names[key] for key in keys]

    def _drop(self, keys: Sequence[str]) -> None:
        """Delete documents, and what is theirs."""
        self._client.delete_in("records", "doc", keys, 'kind == "document"')
        self._drop_parts(keys)

    def _drop_parts(self, keys: Sequence[str], also: str = "") -> None:
        """Delete passages and texts of documents. also: a filter."""
        self._passages.drop(keys, also)
        self._client.delete_in("records", "doc", keys, " and ".join(filter(None, ['kind == "text"', also])))

    def settle(self, docs: Iterable[str], changed: Mapping[str, str]) -> None:
        """Let documents be as the files that will hold them say: removed, or with another source; see `settled`.

        changed: path -> key of the document that it will hold, "" for none, where that is not what its row says.
        """
        rows = self._committed.rows(docs, self._committed.fresh())
        holders = self._holders(rows)
        dropped = []
        for key, row in sorted(rows.items()):
            paths = [path for path in holders.get(key, []) if path not in changed]
            paths = sorted([*paths, *(path for path, doc in changed.items() if doc == key)])
            now = settled(row.document, paths)
            if now is None:
                dropped.append(key)
            elif now != row.document:
                self._move(row, now)
            elif not row.has_file:
                self._client.upsert("records", [replace(row, has_file=True).row()])
        if dropped:
            note = self._note(dropped)
            self._drop(dropped)
            self._journal.strike(note)

    def _move(self, row: DocumentRow, now: Document) -> None:
        """Give a document another source and title."""
        given = self._one_indexed(row)
        if given is None:
            raise self._client.damaged(f"parts of {row.document.doc_id} are missing")
        again = replace(given, document=replace(now, text=given.document.text))
        made = replace(document_row(again, row.at), has_file=True)
        note = self._note([made.key])
        self._commit([made], [again])
        self._tidy([made.key])
        self._journal.strike(note)

    def _holders(self, docs: Iterable[str]) -> dict[str, list[str]]:
        """Return key of a document -> the paths of the files that hold it; none of those that no file holds."""
        found: dict[str, list[str]] = {}
        for row in self._client.query_in("records", "doc", docs, FILE, 'kind == "file"'):
            found.setdefault(row["doc"], []).append(file_of(row)[0])
        return found

    # --- tidied up

    def _note(self, keys: Sequence[str]) -> str:
        self._tidy_up()
        return self._journal.note(keys)

    def _tidy_up(self) -> None:
        """Finish what writers that were killed have left, now and then."""
        for note, keys in self._journal.abandoned():
            self._tidy(keys)
            self.settle(self._holders(keys), {})
            self._journal.strike(note)

    def _tidy(self, keys: Sequence[str]) -> None:
        """Delete passages and texts of documents that are of no version that is there."""
        rows = self._committed.rows(keys, self._committed.fresh())
        gone = [key for key in keys if key not in rows]
        kept = [row.version for row in rows.values()]
        self._drop_parts(keys, f"version not in {json.dumps([*kept, ''])}")
        self._client.delete_in("records", "doc", gone, 'kind == "document"')
        self._client.upsert("records", [replace(row, replaces="").row() for row in rows.values() if row.replaces])


class Files:
    """The files; see storage.base.Files."""

    def __init__(self, client: Client, committed: Committed, documents: Documents, journal: Journal) -> None:
        self._client, self._committed, self._documents, self._journal = client, committed, documents, journal

    def all(self) -> dict[str, FileState]:
        """Return path -> state of every file that was ever added and not removed, failed ones included."""
        return dict(file_of(row) for row in self._client.query("records", 'kind == "file"', FILE, strong=True))

    def fail(self, path: str, reason: str, size: int = 0, mtime_ns: int = 0) -> None:
        """Record why a file cannot be read now; what was read of it before stays."""
        rows = self._client.get("records", [record_key("file", hashed(path))], FILE, strong=True)
        before = file_of(rows[0])[1] if rows else None
        state = FileState(size, mtime_ns, before.doc_id if before else None, reason)
        self._client.upsert("records", [file_row(path, state)])
        self._journal.done()

    def forget(self, paths: Iterable[str]) -> None:
        """Forget files that hold no document."""
        keys = [record_key("file", hashed(path)) for path in paths]
        self._client.delete_in("records", "key", keys, 'doc == ""')
        self._journal.done()

    def rearrange(self, links: Mapping[str, FileState], gone: Iterable[str]) -> None:
        """Point files at documents that are there and drop other files; see storage.base.Files.

        Documents change before the files do, so that repeating it finishes what was cut short.
        """
        dropped = list(gone)
        before = files_of(self._client, [*links, *dropped])
        after = {path: hashed(state.doc_id) for path, state in links.items() if state.doc_id}
        touched = {doc for doc in before.values() if doc} | set(after.values())
        changed = {path: after.get(path, "") for path in [*before, *links, *dropped]}
        self._documents.settle(touched, changed)
        self._client.upsert("records", [file_row(path, state) for path, state in links.items()])
        keys = [record_key("file", hashed(path)) for path in dropped if path not in links]
        self._client.delete_in("records", "key", keys)
        self._journal.done()

    def coverage(self) -> Coverage:
        """Count files, documents without a file, and failed files."""
        snapshot = self._committed.now()
        if snapshot.coverage is None:
            files, failed, alone = (
                self._client.count("records", filter)
                for filter in ('kind == "file"', 'kind == "file" and number == 1', 'kind == "document" and number == 0')
            )
            snapshot.coverage = Coverage(files + alone, failed)
        return snapshot.coverage

    def count(self) -> int:
        """Count the files."""
        return self._client.count("records", 'kind == "file"')


def files_of(client: Client, paths: Iterable[str | None]) -> dict[str, str]:
    """Return path -> key of the document that the file holds, of those that are known."""
    keys = {record_key("file", hashed(path)): path for path in paths if path}
    rows = client.get("records", list(keys), ["key", "doc"], strong=True)
    return {keys[row["key"]]: row["doc"] for row in rows}
