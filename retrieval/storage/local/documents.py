"""Documents and files as rows of the database: a document and all that was derived from it in one transaction."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from retrieval.embedding import PassageVectors
from retrieval.records import Coverage, Document, Version
from retrieval.storage.base import FileState, IndexedDocument
from retrieval.storage.codec import apart, decode_passage, decode_version, encode_version, together
from retrieval.storage.local.database import Connection, Database, next_generation
from retrieval.storage.local.fulltext import index_texts, unindex_texts
from retrieval.storage.local.passages import Passages, insert_passage
from retrieval.storage.rules import settled
from retrieval.text import Analysis

_LISTED = "SELECT value FROM json_each(?)"
_HEADER = "doc_id, title, source, metadata, sha256"
_VERSION = f"{_HEADER}, successor, written_ns"
MOST_VERSIONS = 256 * 2**20  # bytes of all earlier versions


class Documents:
    """The documents; see storage.base.Documents."""

    def __init__(self, database: Database, passages: Passages, most_versions: int = MOST_VERSIONS) -> None:
        """most_versions: bytes of all earlier versions."""
        self._database, self._passages, self._most_versions = database, passages, most_versions

    def add(self, documents: Sequence[IndexedDocument]) -> None:
        """Store documents in one transaction; each replaces its namesake, and its file's earlier version."""
        with self._database.writing() as connection:
            generation = next_generation(connection)
            for item in documents:
                _insert(connection, item, generation, self._passages.analysis)
            _prune(connection, self._most_versions)

    def remove(self, doc_ids: Iterable[str]) -> list[str]:
        """Remove documents and their earlier versions in one transaction; return the doc_ids that were there."""
        with self._database.writing() as connection:
            generation = next_generation(connection)
            names = list(doc_ids)
            held = f"SELECT path FROM files WHERE doc_id IN ({_LISTED})"
            paths = [row[0] for row in connection.execute(held, (json.dumps(names),))]
            removed = [doc_id for doc_id in names if _delete(connection, doc_id, generation)]
            earlier = f"DELETE FROM versions WHERE doc_id IN ({_LISTED}) RETURNING doc_id"
            removed += {row[0] for row in connection.execute(earlier, (json.dumps(names),))}.difference(removed)
            _forget_versions(connection, paths)
            return removed

    def get(self, doc_id: str) -> Document | None:
        """Return one document with its text, or None."""
        with self._database.reading() as connection:
            return _read(connection, doc_id)

    def header(self, doc_id: str) -> Document | None:
        """Return one document without its text, or None."""
        with self._database.reading() as connection:
            return _header(connection, doc_id)

    def all(self) -> list[tuple[Document, int]]:
        """Return every document without its text, and its number of passages, in the order of adding."""
        with self._database.reading() as connection:
            rows = connection.execute(f"SELECT {_HEADER}, passages FROM documents ORDER BY id").fetchall()
            return [(_document(row), row[5]) for row in rows]

    def indexed(self, doc_ids: Iterable[str]) -> list[IndexedDocument]:
        """Return documents with their passages and vectors; see storage.base.Documents."""
        return [item for doc_id in doc_ids if (item := self._indexed(doc_id))]

    def _indexed(self, doc_id: str) -> IndexedDocument | None:
        document = self.get(doc_id)
        if document is None:
            return None
        found = self._passages.candidates(self._passages.ids_of(doc_id))
        tokens = self._passages.tokens([each.id for each in found])
        vectors = [PassageVectors(each.vector, each.sentence_vectors, *tokens[each.id]) for each in found]
        return IndexedDocument(document, [each.passage for each in found], vectors)

    def text_at(self, doc_id: str, start: int, end: int) -> str | None:
        """Return the stored text of a span, or None where there is no such document."""
        with self._database.reading() as connection:
            document = _read(connection, doc_id, start, end)
            return None if document is None else document.text

    def hashes(self, doc_ids: Sequence[str]) -> dict[str, str]:
        """Return doc_id -> sha256 of the documents that are there."""
        with self._database.reading() as connection:
            query = f"SELECT doc_id, sha256 FROM documents WHERE doc_id IN ({_LISTED})"
            return dict(connection.execute(query, (json.dumps(list(doc_ids)),)).fetchall())

    def paragraphs(self) -> dict[str, int]:
        """Return doc_id -> its number of paragraphs."""
        return self._passages.paragraphs()

    def count(self) -> int:
        """Count the documents."""
        with self._database.reading() as connection:
            return int(connection.execute("SELECT count(*) FROM documents").fetchone()[0])

    def check(self) -> None:
        """Read all; LibraryDamagedError where text is missing, or passages are not as they were written."""
        for header, _ in self.all():
            self.get(header.doc_id)
            self._passages.check(header.doc_id)


class Files:
    """The files; see storage.base.Files."""

    def __init__(self, database: Database, passages: Passages, most_versions: int = MOST_VERSIONS) -> None:
        """most_versions: bytes of all earlier versions."""
        self._database, self._passages, self._most_versions = database, passages, most_versions

    def all(self) -> dict[str, FileState]:
        """Return path -> state of every file that was ever added and not removed, failed ones included."""
        with self._database.reading() as connection:
            rows = connection.execute("SELECT path, size, mtime_ns, doc_id, reason FROM files").fetchall()
            return {row[0]: FileState(*row[1:]) for row in rows}

    def fail(self, path: str, reason: str, size: int = 0, mtime_ns: int = 0) -> None:
        """Record why a file cannot be read now; what was read of it before stays."""
        with self._database.writing() as connection:
            connection.execute(
                """INSERT INTO files (path, size, mtime_ns, reason) VALUES (?, ?, ?, ?) ON CONFLICT (path)
                   DO UPDATE SET size = excluded.size, mtime_ns = excluded.mtime_ns, reason = excluded.reason""",
                (path, size, mtime_ns, reason),
            )

    def forget(self, paths: Iterable[str]) -> None:
        """Forget files that hold no document."""
        with self._database.writing() as connection:
            connection.executemany("DELETE FROM files WHERE path = ? AND doc_id IS NULL", [(path,) for path in paths])

    def rearrange(self, links: Mapping[str, FileState], gone: Iterable[str]) -> None:
        """Point files at documents that are there and drop other files, in one transaction."""
        with self._database.writing() as connection:
            paths = json.dumps([*links, *gone])
            held = f"SELECT doc_id, mtime_ns, path FROM files WHERE doc_id IS NOT NULL AND path IN ({_LISTED})"
            before = connection.execute(held, (paths,)).fetchall()
            connection.execute(f"DELETE FROM files WHERE path IN ({_LISTED})", (paths,))
            for path, state in links.items():
                _record(connection, path, state)
            now = {path: state.doc_id for path, state in links.items() if state.doc_id}
            heirs = {doc_id: (now[path], written) for doc_id, written, path in before if path in now}
            for doc_id in sorted({row[0] for row in before}.union(now.values())):
                _settle(connection, doc_id, self._passages.analysis, *heirs.get(doc_id, ()))
            _forget_versions(connection, set(gone) - links.keys(), now.values())
            _prune(connection, self._most_versions)

    def coverage(self) -> Coverage:
        """Count files, documents without a file, and failed files."""
        with self._database.reading() as connection:
            documents = connection.execute("SELECT count(*) FROM documents").fetchone()[0]
            files, with_file, failed = connection.execute(
                "SELECT count(*), count(DISTINCT doc_id), count(nullif(reason, '')) FROM files"
            ).fetchone()
            return Coverage(files + documents - with_file, failed)

    def count(self) -> int:
        """Count the files."""
        with self._database.reading() as connection:
            return int(connection.execute("SELECT count(*) FROM files").fetchone()[0])


class Versions:
    """What documents said before; see storage.base.Versions."""

    def __init__(self, database: Database, most_bytes: int = MOST_VERSIONS) -> None:
        """most_bytes: of all versions."""
        self._database, self._most_bytes = database, most_bytes

    def all(self) -> list[Version]:
        """Return every version without its text and passages, oldest first."""
        with self._database.reading() as connection:
            rows = connection.execute(f"SELECT {_VERSION} FROM versions ORDER BY id").fetchall()
            return [Version(_document(row), row[5], row[6]) for row in rows]

    def get(self, doc_id: str, sha256: str = "") -> Version | None:
        """Return a version, or None; the newest of the doc_id where no hash is given."""
        with self._database.reading() as connection:
            query = f"SELECT {_VERSION}, content FROM versions WHERE doc_id = ? AND ? IN ('', sha256)"
            row = connection.execute(f"{query} ORDER BY id DESC LIMIT 1", (doc_id, sha256)).fetchone()
            if row is None:
                return None
            language = str(_document(row).metadata.get("language", ""))
            text, passages = decode_version(doc_id, language, row[7])
            return Version(_document(row, text), row[5], row[6], passages)

    def keep(self, version: Version) -> None:
        """Keep a version whose successor is there, as one of another library."""
        with self._database.writing() as connection:
            _write_version(connection, version)
            _forget_versions(connection)
            _prune(connection, self._most_bytes)

    def prune(self, most_bytes: int) -> int:
        """Drop versions, oldest first, until the others take so many bytes at most; return how many were dropped."""
        with self._database.writing() as connection:
            return _prune(connection, most_bytes)


# --- in the running transaction


def _document(row: Sequence[Any], text: str = "") -> Document:
    """Make a document of a row that begins with _HEADER."""
    return Document(row[0], row[1], text, row[2], json.loads(row[3]), row[4])


def _read(connection: Connection, doc_id: str, start: int = 0, end: int = 2**62) -> Document | None:
    """Return a document with its text from one character up to another, or None."""
    own = not connection.in_transaction
    if own:
        connection.execute("BEGIN")  # both statements see one moment
    try:
        row = connection.execute(f"SELECT {_HEADER}, id, lead FROM documents WHERE doc_id = ?", (doc_id,)).fetchone()
        if row is None:
            return None
        return _document(row, together(_pieces(connection, row[5], row[6], start, end), start, end))
    finally:
        if own:
            connection.execute("COMMIT")


def _pieces(connection: Connection, document: int, lead: str, start: int, end: int) -> Iterator[tuple[int, str]]:
    """Yield where a piece of a document's text begins, and the piece, of those between two characters."""
    yield 0, lead
    query = "SELECT start, text, reach, behind FROM passages WHERE document = ? AND reach > ? ORDER BY reach, start"
    for first, text, reach, behind in connection.execute(query, (document, start)):
        if first >= end:  # and so are all that follow
            return
        yield first, text
        yield reach - len(behind), behind


def _header(connection: Connection, doc_id: str) -> Document | None:
    row = connection.execute(f"SELECT {_HEADER} FROM documents WHERE doc_id = ?", (doc_id,)).fetchone()
    return None if row is None else _document(row)


def _insert(connection: Connection, item: IndexedDocument, generation: int, analysis: Analysis) -> None:
    """Write one document with everything derived from it."""
    document = item.document
    before = _header(connection, document.doc_id)
    if before is not None and before.sha256 != document.sha256:
        _keep_version(connection, document.doc_id, document.doc_id)
    _delete(connection, document.doc_id, generation)
    itself = (document.doc_id, document.sha256)
    connection.execute("DELETE FROM versions WHERE doc_id = ? AND sha256 = ?", itself)  # it is no earlier one any more
    metadata = json.dumps(dict(document.metadata), ensure_ascii=False)
    lead, behind = apart(document.text, item.passages)
    cursor = connection.execute(
        f"INSERT INTO documents ({_HEADER}, passages, lead) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (document.doc_id, document.title, document.source, metadata, document.sha256, len(item.passages), lead),
    )
    owner = int(cursor.lastrowid or 0), document.title, generation
    for each in zip(item.passages, behind, item.vectors, strict=True):
        insert_passage(connection, *owner, *each, analysis)
    if item.file is not None and document.source is not None:
        _link(connection, document.source, FileState(*item.file, document.doc_id, ""), analysis)


def _delete(connection: Connection, doc_id: str, generation: int) -> bool:
    """Delete a document, its passages and its full-text rows; remember the ids for indexes that lag behind."""
    found = connection.execute("SELECT id, title FROM documents WHERE doc_id = ?", (doc_id,)).fetchone()
    if found is None:
        return False
    rows = _texts(connection, doc_id)
    unindex_texts(connection, found[1], rows)
    if rows:
        connection.execute("INSERT INTO removed VALUES (?, ?, ?)", (generation, rows[0][0], rows[-1][0]))
    connection.execute("DELETE FROM documents WHERE id = ?", (found[0],))
    return True


def _texts(connection: Connection, doc_id: str) -> list[tuple[int, str, str]]:
    """Return (id, heading, text) of a document's passages in order."""
    query = "SELECT id, heading, text FROM passages WHERE document = (SELECT id FROM documents WHERE doc_id = ?)"
    return connection.execute(f"{query} ORDER BY id", (doc_id,)).fetchall()


def _link(connection: Connection, path: str, state: FileState, analysis: Analysis) -> None:
    """Point a file at its document, and drop the document it pointed at before if nothing else does."""
    row = connection.execute("SELECT doc_id, mtime_ns FROM files WHERE path = ?", (path,)).fetchone()
    _record(connection, path, state)
    if row and row[0] not in (None, state.doc_id):
        _settle(connection, row[0], analysis, state.doc_id or "", row[1])


def _record(connection: Connection, path: str, state: FileState) -> None:
    connection.execute(
        "INSERT OR REPLACE INTO files (path, size, mtime_ns, doc_id, reason) VALUES (?, ?, ?, ?, ?)",
        (path, state.size, state.mtime_ns, state.doc_id, state.reason),
    )


def _settle(connection: Connection, doc_id: str, analysis: Analysis, successor: str = "", written_ns: int = 0) -> None:
    """Let a document be as the files that hold it say: removed, or with another source and title; see `settled`.

    successor: what its file holds now, if anything: then it is kept as that one's earlier version.
    """
    paths = [row[0] for row in connection.execute("SELECT path FROM files WHERE doc_id = ? ORDER BY path", (doc_id,))]
    document = _header(connection, doc_id)
    if document is None:
        return
    now = settled(document, paths)
    if now is None:
        if successor:
            _keep_version(connection, doc_id, successor, written_ns)
        _delete(connection, doc_id, next_generation(connection))
    elif now != document:
        connection.execute(
            "UPDATE documents SET source = ?, title = ? WHERE doc_id = ?", (now.source, now.title, doc_id)
        )
        made = connection.execute("SELECT value FROM meta WHERE key = 'analysis'").fetchone()
        if now.title != document.title and made in (None, (analysis.version,)):  # else no model was needed so far
            rows = _texts(connection, doc_id)
            unindex_texts(connection, document.title, rows)
            index_texts(connection, analysis, now.title, rows)


def _keep_version(connection: Connection, doc_id: str, successor: str, written_ns: int = 0) -> None:
    """Keep a document, which is about to be deleted, and what came before it as earlier versions of another."""
    document = _read(connection, doc_id)
    if document is None:
        return
    query = """SELECT number, start, "end", text, sentences, page, heading, place FROM passages
               WHERE document = (SELECT id FROM documents WHERE doc_id = ?) ORDER BY id"""
    passages = [decode_passage(doc_id, *each) for each in connection.execute(query, (doc_id,))]
    _write_version(connection, Version(document, successor, written_ns, tuple(passages)))
    connection.execute("UPDATE versions SET successor = ? WHERE successor = ?", (successor, doc_id))


def _write_version(connection: Connection, version: Version) -> None:
    document, content = version.document, encode_version(version.document.text, version.passages)
    connection.execute(
        f"INSERT OR REPLACE INTO versions ({_VERSION}, bytes, content) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (document.doc_id, document.title, document.source, json.dumps(dict(document.metadata), ensure_ascii=False),
         document.sha256, version.successor, version.written_ns, len(content), content),
    )  # fmt: skip


def _forget_versions(connection: Connection, paths: Iterable[str] = (), but: Iterable[str] = ()) -> None:
    """Delete the versions of documents that are gone, and of files that are, but for those of some documents."""
    connection.execute(
        f"""DELETE FROM versions WHERE successor NOT IN (SELECT doc_id FROM documents)
            OR source IN ({_LISTED}) AND successor NOT IN ({_LISTED})""",
        (json.dumps(list(paths)), json.dumps(list(but))),
    )


def _prune(connection: Connection, most_bytes: int) -> int:
    """Delete the oldest versions until the others take so many bytes at most; return how many."""
    if connection.execute("SELECT coalesce(sum(bytes), 0) FROM versions").fetchone()[0] <= most_bytes:
        return 0
    newer = "SELECT id, sum(bytes) OVER (ORDER BY id DESC) AS held FROM versions"
    query = f"DELETE FROM versions WHERE id IN (SELECT id FROM ({newer}) WHERE held > ?)"
    return connection.execute(query, (most_bytes,)).rowcount
