"""A library on a Milvus server or cluster: the writing half. Knows nothing about ranking.

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
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from retrieval.errors import LibraryError, StorageError
from retrieval.settings import Settings
from retrieval.storage.base import FileState, Prepared
from retrieval.storage.milvus.client import Address, Server
from retrieval.storage.milvus.documents import ATTEMPTS
from retrieval.storage.milvus.passages import MilvusLookup
from retrieval.storage.milvus.rows import Held, file_row, hashed, held, packed, passage_rows, record, record_key, texts
from retrieval.text import title_of

SCHEMA_VERSION = 1
CHECKED = 64  # documents at once
ABANDONED_SECONDS = 600.0  # a note older than that is of a writer that is no more


class Milvus(MilvusLookup):
    """The backend: what MilvusLookup reads, and the writes."""

    def __init__(self, address: str, settings: Settings, create: bool = True) -> None:
        """Connect, and make the library where there is none.

        Raises UnreachableError, or LibraryError where there is none and none is to be made, or it is of another
        schema.
        """
        super().__init__(Server(Address.of(address), settings))
        self._last = 0
        self._tidied = -math.inf
        if not self._server.has("records"):
            if not create:
                raise LibraryError(f"there is no {self.name}; make one with: pincite add --library {self.name} PATH…")
            self._server.create("records")
        found = self.meta("schema")
        if found is None:
            self.set_meta("schema", str(SCHEMA_VERSION))
        elif found != str(SCHEMA_VERSION):
            hint = "use the pincite that wrote it, or copy it into a new library with that one"
            raise LibraryError(f"{self.name} has schema {found}, and this pincite reads {SCHEMA_VERSION}; {hint}")

    # --- writing, step by step

    def _time(self) -> int:
        """Return a number of microseconds that no write before it in this process has."""
        self._last = max(self._last + 1, time.time_ns() // 1000)
        return self._last

    def _done(self) -> None:
        """End a write: readers look again."""
        number = max(self._time(), self.generation() + 1)
        self._server.upsert("records", [record("generation", "", number=number)])

    def _note(self, keys: Sequence[str]) -> str:
        """Write down which documents are about to change; return the note's key."""
        self._tidy_up()
        note = hashed(*sorted(keys))
        self._server.upsert("records", [record("note", note, at=self._time(), payload=packed(json.dumps(keys)))])
        return note

    def _strike(self, note: str) -> None:
        self._server.delete("records", f'key == "{record_key("note", note)}"')

    def _tidy_up(self) -> None:
        """Finish what writers that were killed have left, now and then."""
        if time.monotonic() - self._tidied < ABANDONED_SECONDS:
            return
        self._tidied = time.monotonic()
        before = time.time_ns() // 1000 - int(ABANDONED_SECONDS * 1e6)
        for note in list(self._server.query("records", f'kind == "note" and at < {before}', ["key", "payload"])):
            keys = json.loads("".join(note["payload"]))
            self._tidy(keys)
            self._settle(self._holders(keys), {})
            self._server.delete("records", f'key == "{note["key"]}"')

    def _tidy(self, keys: Sequence[str]) -> None:
        """Delete passages and texts of documents that are of no version that is there."""
        documents = self._documents(keys, self._fresh())
        gone = [key for key in keys if key not in documents]
        kept = [own.version for own in documents.values()]
        self._drop_rows(keys, f"version not in {json.dumps([*kept, ''])}")
        self._server.delete_in("records", "doc", gone, 'kind == "document"')
        self._server.upsert("records", [replace(own, replaces="").row() for own in documents.values() if own.replaces])

    def _drop_rows(self, keys: Sequence[str], also: str = "") -> None:
        """Delete passages and texts of documents. also: a filter."""
        if self._searchable():
            self._server.delete_in("passages", "doc", keys, also)
        self._server.delete_in("records", "doc", keys, " and ".join(filter(None, ['kind == "text"', also])))

    # --- documents

    def add(self, prepared: Sequence[Prepared]) -> None:
        """Store documents, each as a whole; see Backend.add."""
        prepared = list({item.document.doc_id: item for item in prepared}.values())
        if not prepared:
            return
        made = [held(item, self._time()) for item in prepared]
        before = self._files_of(item.document.source for item in prepared if item.file)
        replaced = self._replaced(made, before)
        left = {doc for doc in before.values() if doc} - set(replaced.values()) - {item.key for item in made}
        note = self._note([*(item.key for item in made), *replaced.values(), *left])
        made = [replace(item, replaces=replaced.get(item.key, "")) for item in made]
        self._commit(made, prepared)
        self._link(made, prepared)
        self._tidy([*(item.key for item in made), *replaced.values()])
        self._settle(left, {})
        self._strike(note)
        self._done()

    def _commit(self, made: Sequence[Held], prepared: Sequence[Prepared]) -> None:
        """Write documents, and let readers see them before anything that they take the place of is deleted."""
        for _ in range(ATTEMPTS):
            self._write(made, prepared)
            self._server.upsert("records", [item.row() for item in made])
            if self._is_whole(made):
                return self._done()
        raise StorageError(f"{self.name}: another writer deletes what is written; try again when it is done")

    def _write(self, made: Sequence[Held], prepared: Sequence[Prepared]) -> None:
        """Write texts and passages, which nobody sees before the documents' rows name them."""
        for item, given in zip(made, prepared, strict=True):
            self._server.upsert("records", texts(item, given.document.text))
            if given.passages:
                if not self._searchable():
                    self._server.create("passages", len(given.vectors[0].vector))
                self._server.upsert("passages", passage_rows(item, given.passages, given.vectors))

    def _is_whole(self, made: Sequence[Held]) -> bool:
        """Tell whether all passages are there, which another writer of the same document may have deleted."""
        expected = sum({item.version: item.passages for item in made}.values())
        versions = json.dumps([item.version for item in made])
        return not expected or self._server.count("passages", f"version in {versions}", strong=True) == expected

    def _replaced(self, made: Sequence[Held], before: Mapping[str, str]) -> dict[str, str]:
        """Return key of a new document -> the one that its file alone held so far, or that a write cut short named."""
        own = {item.key for item in made}
        known = self._documents(own, self._fresh())
        replaced = {key: item.replaces for key, item in known.items() if item.replaces}
        holders = self._holders(set(before.values()) - own - {""})
        for item in made:
            doc = before.get(item.document.source or "", "") if item.has_file else ""
            if len(holders.get(doc, [])) == 1:
                replaced[item.key] = doc
        return replaced

    def _link(self, made: Sequence[Held], prepared: Sequence[Prepared]) -> None:
        """Write the states of the documents' files, and forget other files that held a namesake."""
        rows = [
            file_row(item.document.source, FileState(*given.file, item.document.doc_id, ""))
            for item, given in zip(made, prepared, strict=True)
            if given.file and item.document.source
        ]
        self._server.upsert("records", rows)
        kept = json.dumps([row["key"] for row in rows] or [""])
        self._server.delete_in("records", "doc", [item.key for item in made], f'kind == "file" and key not in {kept}')

    def remove(self, doc_ids: Iterable[str]) -> list[str]:
        """Remove documents; return the doc_ids that were there."""
        self._tidy_up()
        names = {hashed(doc_id): doc_id for doc_id in doc_ids}
        keys = list(self._documents(names, self._fresh()))
        if keys:
            note = self._note(keys)
            # Files first: one whose document is gone would not be read again.
            self._server.delete_in("records", "doc", keys, 'kind == "file"')
            self._drop(keys)
            self._strike(note)
            self._done()
        return [names[key] for key in keys]

    def _drop(self, keys: Sequence[str]) -> None:
        """Delete documents, and what is theirs."""
        self._server.delete_in("records", "doc", keys, 'kind == "document"')
        self._drop_rows(keys)

    # --- files

    def fail_file(self, path: str, reason: str, size: int = 0, mtime_ns: int = 0) -> None:
        """Record why a file cannot be read now; what was read of it before stays."""
        before = self._known_files([path]).get(path)
        state = FileState(size, mtime_ns, before.doc_id if before else None, reason)
        self._server.upsert("records", [file_row(path, state)])
        self._done()

    def forget(self, paths: Iterable[str]) -> None:
        """Forget files that hold no document."""
        keys = [record_key("file", hashed(path)) for path in paths]
        self._server.delete_in("records", "key", keys, 'doc == ""')
        self._done()

    def rearrange(self, links: Mapping[str, FileState], gone: Iterable[str]) -> None:
        """Point files at documents that are there and drop other files; see Backend.rearrange.

        Documents change before the files do, so that repeating it finishes what was cut short.
        """
        dropped = list(gone)
        before = self._files_of([*links, *dropped])
        after = {path: hashed(state.doc_id) for path, state in links.items() if state.doc_id}
        touched = {doc for doc in before.values() if doc} | set(after.values())
        changed = {path: after.get(path, "") for path in [*before, *links, *dropped]}
        self._settle(touched, changed)
        self._server.upsert("records", [file_row(path, state) for path, state in links.items()])
        keys = [record_key("file", hashed(path)) for path in dropped if path not in links]
        self._server.delete_in("records", "key", keys)
        self._done()

    def _settle(self, docs: Iterable[str], changed: Mapping[str, str]) -> None:
        """Remove documents that no file will hold; one whose source will not hold it gets another as source.

        changed: path -> key of the document that it will hold, "" for none, where that is not what its row says.
        """
        documents = self._documents(docs, self._fresh())
        holders = self._holders(documents)
        dropped = []
        for key, item in sorted(documents.items()):
            paths = [path for path in holders.get(key, []) if path not in changed]
            paths = sorted([*paths, *(path for path, doc in changed.items() if doc == key)])
            if not paths:
                dropped.append(key)
            elif item.document.source not in paths:
                self._resource(item, paths[0])
            elif not item.has_file:
                self._server.upsert("records", [replace(item, has_file=True).row()])
        if dropped:
            note = self._note(dropped)
            self._drop(dropped)
            self._strike(note)

    def _resource(self, item: Held, path: str) -> None:
        """Give a document another file as source, and its name as title if it had the other's.

        The vectors keep the earlier title, of which they hold little.
        """
        given = self._one_prepared(item)
        if given is None:
            raise self._damaged(f"parts of {item.document.doc_id} are missing")
        d = given.document
        named = bool(d.source) and d.title == title_of(Path(d.source or ""))
        moved = replace(d, source=path, title=title_of(Path(path)) if named else d.title)
        again = replace(given, document=moved)
        made = replace(held(again, item.at), has_file=True)
        note = self._note([made.key])
        self._commit([made], [again])
        self._tidy([made.key])
        self._strike(note)

    # --- the library as a whole

    def set_meta(self, key: str, value: str) -> None:
        """Record a fact unless one is there already."""
        if self.meta(key) is None:
            self._server.upsert("records", [record("meta", hashed(key), payload=packed(value))])

    def add_feedback(self, question: str, found: bool, quotes: Sequence[str], good: bool, note: str) -> None:
        """Keep one judgement of an answer."""
        fields = packed(json.dumps([question, found, list(quotes), good, note], ensure_ascii=False))
        self._server.upsert("records", [record("feedback", uuid.uuid4().hex, at=self._time(), payload=fields)])
        self._done()

    def size(self) -> int:
        """Return 0: a server does not say how much it keeps for whom."""
        return 0

    def check(self) -> None:
        """Read everything; LibraryDamagedError where passages are missing or not in their document's text."""
        names = [item.document.doc_id for item in self._every()]
        for first in range(0, len(names), CHECKED):
            for item in self.prepared(names[first : first + CHECKED]):
                if any(item.document.text[p.start : p.end] != p.text for p in item.passages):
                    raise self._damaged(f"passages of {item.document.doc_id} are not in its text")

    def backup(self, target: Path) -> Path:
        """Copy all into a new folder; see Library.backup."""
        from retrieval.storage.copying import export

        return export(self, target)

    def save(self) -> None:
        """Do nothing: Milvus keeps its indexes itself."""

    def close(self) -> None:
        """Close the connection; nothing is lost without it."""
        self._server.close()
