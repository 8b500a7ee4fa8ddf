"""One SQLite file holds documents, passages, vectors and the full-text index: the truth. Knows nothing about ranking.

A document and all that was derived from it are written in one transaction, which raises the generation by one.
"""

import json
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retrieval.encoder import Floats, PassageVectors
from retrieval.errors import LibraryDamagedError, LibraryError, StorageError
from retrieval.records import Coverage, Document, Passage, Scalar
from retrieval.terms import stem, stems

SCHEMA_VERSION = 1
BUSY_SECONDS = 60.0
DECODED_PASSAGES = 4096  # kept in memory, about 10 KB each
_SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE documents (
    id INTEGER PRIMARY KEY AUTOINCREMENT, doc_id TEXT NOT NULL UNIQUE, title TEXT NOT NULL, source TEXT,
    metadata TEXT NOT NULL, sha256 TEXT NOT NULL, passages INTEGER NOT NULL, text TEXT NOT NULL);
CREATE TABLE files (
    path TEXT PRIMARY KEY, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL,
    doc_id TEXT REFERENCES documents (doc_id) ON DELETE CASCADE, reason TEXT NOT NULL DEFAULT '') WITHOUT ROWID;
CREATE INDEX files_doc_id ON files (doc_id);
CREATE TABLE passages (
    id INTEGER PRIMARY KEY AUTOINCREMENT, document INTEGER NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
    generation INTEGER NOT NULL, number INTEGER NOT NULL, start INTEGER NOT NULL, "end" INTEGER NOT NULL,
    page INTEGER, heading TEXT NOT NULL, text TEXT NOT NULL, sentences BLOB NOT NULL,
    vector BLOB NOT NULL, sentence_vectors BLOB NOT NULL);
CREATE INDEX passages_document ON passages (document);
CREATE INDEX passages_generation ON passages (generation);
CREATE TABLE tokens (
    id INTEGER PRIMARY KEY REFERENCES passages (id) ON DELETE CASCADE, sentences BLOB NOT NULL, bits BLOB NOT NULL);
CREATE TABLE removed (generation INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL);
CREATE VIRTUAL TABLE fulltext USING fts5 (title, text, content = '', tokenize = 'porter unicode61');
CREATE VIRTUAL TABLE terms USING fts5vocab (fulltext, row);
"""


_CANDIDATES = """
SELECT p.id, d.doc_id, p.number, p.start, p."end", p.text, p.sentences, p.page, p.heading, p.vector, p.sentence_vectors
FROM passages p JOIN documents d ON d.id = p.document WHERE p.id IN (SELECT value FROM json_each(?))
"""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A document ready to be stored: its passages, their vectors, and the file's state (size, mtime_ns) if any."""

    document: Document
    passages: Sequence[Passage]
    vectors: Sequence[PassageVectors]
    file: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class FileState:
    """What the store knows of a file: its size and time of change then, its document, or why it failed."""

    size: int
    mtime_ns: int
    doc_id: str | None
    reason: str


class Candidate:
    """A passage with what ranking needs. sentence_vectors: (s, dim) float32, rows of about unit length."""

    def __init__(self, row: tuple[Any, ...]) -> None:
        """Decode a row of `Store.candidates`."""
        self.id, doc_id, number, start, end, text, spans, page, heading, vector, quantized = row
        offsets = np.frombuffer(spans, np.uint32).reshape(-1, 2)
        sentences = tuple((a + start, b + start) for a, b in offsets.tolist())
        self.passage = Passage(doc_id, number, start, end, text, sentences, page, heading)
        self.vector: Floats = np.frombuffer(vector, np.float32)
        scales = np.frombuffer(quantized, np.float32, len(sentences))
        rows = np.frombuffer(quantized, np.int8, offset=scales.nbytes).reshape(len(sentences), -1)
        self.sentence_vectors: Floats = rows * scales[:, None]

    @cached_property
    def sentence_stems(self) -> list[set[str]]:
        """The distinct stems of each sentence."""
        start = self.passage.start
        return [stems(self.passage.text[a - start : b - start]) for a, b in self.passage.sentences]


class Store:
    """The library's database. One connection per thread; several processes may read while one writes."""

    def __init__(self, path: Path) -> None:
        """Open or create; LibraryDamagedError where the file is not a library's, and the file stays as it is."""
        self.path = path
        self._local = threading.local()
        self._connections: list[sqlite3.Connection] = []
        self._decoded: dict[int, Candidate] = {}
        self._decoding = threading.Lock()
        if path.exists() and path.stat().st_size == 0 and (path.parent / "vectors.faiss").exists():
            raise LibraryDamagedError(f"{path} is empty although the library was not; restore it from a backup")
        with self._errors():
            path.parent.mkdir(parents=True, exist_ok=True)
            with self._writing() as connection:
                if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'meta'").fetchone():
                    for statement in _SCHEMA.split(";\n"):
                        connection.execute(statement)
                    connection.execute("INSERT INTO meta VALUES ('schema', ?), ('generation', 0)", (SCHEMA_VERSION,))
            found = self.meta("schema")
        if found != str(SCHEMA_VERSION):
            raise LibraryError(f"{path} has schema {found}; this version of pincite reads schema {SCHEMA_VERSION}")

    # --- connections and errors

    def _connection(self) -> sqlite3.Connection:
        """Return this thread's connection."""
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = sqlite3.connect(self.path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
            self._connections.append(connection)
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA foreign_keys = ON")
            self._local.connection = connection
        return connection

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """Turn SQLite's errors into ours, which name the file and say what to do."""
        try:
            yield
        except sqlite3.OperationalError as error:
            if getattr(error, "sqlite_errorname", "").startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
                raise self._damaged(error) from error
            hint = "free some space or choose another folder; what was added before is kept"
            raise StorageError(f"{self.path} cannot be read or written: {error} ({hint})") from error
        except sqlite3.DatabaseError as error:
            raise self._damaged(error) from error
        except OSError as error:
            raise StorageError(f"{self.path.parent} cannot be used: {error.strerror or error}") from error

    def _damaged(self, error: Exception) -> LibraryDamagedError:
        hint = "restore it from a backup, or add your documents to a new library; this file was left as it is"
        return LibraryDamagedError(f"{self.path} is damaged ({error}); {hint}")

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        with self._errors():
            yield self._connection()

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction, rolled back whole on any error."""
        with self._errors():
            connection = self._connection()
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    def close(self) -> None:
        """Close every thread's connection."""
        while self._connections:
            self._connections.pop().close()
        self._local = threading.local()

    def check(self) -> None:
        """Read the whole file; LibraryDamagedError where SQLite finds damage."""
        with self._reading() as connection:
            found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        if found != "ok":
            raise self._damaged(sqlite3.DatabaseError(found))

    # --- facts about the library

    def meta(self, key: str) -> str | None:
        """Return a fact about the library as a whole, or None."""
        with self._reading() as connection:
            row = connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return None if row is None else str(row[0])

    def set_meta(self, key: str, value: str) -> None:
        """Record a fact unless one is there already."""
        with self._writing() as connection:
            connection.execute("INSERT OR IGNORE INTO meta VALUES (?, ?)", (key, value))

    def generation(self) -> int:
        """Return the number of the last write; it only grows."""
        return int(self.meta("generation") or 0)

    def count(self, table: str) -> int:
        """Count the rows of documents, passages or files."""
        with self._reading() as connection:
            return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])

    # --- documents

    def add(self, prepared: Sequence[Prepared]) -> None:
        """Store documents in one transaction; each replaces its namesake, and its file's earlier version."""
        with self._writing() as connection:
            generation = _next_generation(connection)
            for item in prepared:
                _insert(connection, item, generation)

    def remove(self, doc_ids: Iterable[str]) -> list[str]:
        """Remove documents in one transaction; return the doc_ids that were there."""
        with self._writing() as connection:
            generation = _next_generation(connection)
            return [doc_id for doc_id in doc_ids if _delete(connection, doc_id, generation)]

    def document(self, doc_id: str) -> Document | None:
        """Return one document with its text, or None."""
        with self._reading() as connection:
            row = connection.execute(
                "SELECT doc_id, title, text, source, metadata, sha256 FROM documents WHERE doc_id = ?", (doc_id,)
            ).fetchone()
        if row is None:
            return None
        return Document(row[0], row[1], row[2], row[3], json.loads(row[4]), row[5])

    def header(self, doc_id: str) -> Document | None:
        """Return one document without its text, or None."""
        with self._reading() as connection:
            row = connection.execute(
                "SELECT doc_id, title, source, metadata, sha256 FROM documents WHERE doc_id = ?", (doc_id,)
            ).fetchone()
        return None if row is None else Document(row[0], row[1], "", row[2], json.loads(row[3]), row[4])

    def documents(self) -> list[tuple[Document, int]]:
        """Return every document without its text, and its number of passages, in the order of adding."""
        with self._reading() as connection:
            rows = connection.execute(
                "SELECT doc_id, title, source, metadata, sha256, passages FROM documents ORDER BY id"
            ).fetchall()
        return [(Document(row[0], row[1], "", row[2], json.loads(row[3]), row[4]), row[5]) for row in rows]

    def hashes(self, doc_ids: Sequence[str]) -> dict[str, str]:
        """Return doc_id -> sha256 of the documents that are there."""
        with self._reading() as connection:
            return dict(
                connection.execute(
                    "SELECT doc_id, sha256 FROM documents WHERE doc_id IN (SELECT value FROM json_each(?))",
                    (json.dumps(list(doc_ids)),),
                ).fetchall()
            )

    def text_at(self, doc_id: str, start: int, end: int) -> str | None:
        """Return the stored text of a span, or None where there is no such document."""
        with self._reading() as connection:
            row = connection.execute(
                "SELECT substr(text, ?, ?) FROM documents WHERE doc_id = ?", (start + 1, end - start, doc_id)
            ).fetchone()
        return None if row is None else str(row[0])

    # --- files

    def files(self) -> dict[str, FileState]:
        """Return path -> state of every file that was ever added and not removed, failed ones included."""
        with self._reading() as connection:
            rows = connection.execute("SELECT path, size, mtime_ns, doc_id, reason FROM files").fetchall()
        return {row[0]: FileState(*row[1:]) for row in rows}

    def coverage(self) -> Coverage:
        """Count files, documents without a file, and failed files."""
        with self._reading() as connection:
            row = connection.execute(
                """SELECT (SELECT count(*) FROM files) + (SELECT count(*) FROM documents d WHERE NOT EXISTS
                   (SELECT 1 FROM files f WHERE f.doc_id = d.doc_id)),
                   (SELECT count(*) FROM files WHERE reason <> '')"""
            ).fetchone()
        return Coverage(*row)

    def link_file(self, path: str, state: FileState) -> None:
        """Record a file's state; a document that no file holds any more is removed."""
        with self._writing() as connection:
            _link(connection, path, state)

    # --- vectors

    def vectors_since(self, generation: int) -> Iterator[tuple[NDArray[np.int64], Floats]]:
        """Yield (ids, (n, dim) vectors) of passages added after a generation, in blocks of 4,096."""
        with self._reading() as connection:
            cursor = connection.execute(
                "SELECT id, vector FROM passages WHERE generation > ? ORDER BY id", (generation,)
            )
            while rows := cursor.fetchmany(4096):
                vectors = np.frombuffer(b"".join(row[1] for row in rows), np.float32)
                yield np.array([row[0] for row in rows], np.int64), vectors.reshape(len(rows), -1)

    def removed_since(self, generation: int) -> list[tuple[int, int]]:
        """Return (first, last) ids of the passages removed after a generation."""
        with self._reading() as connection:
            return connection.execute("SELECT first, last FROM removed WHERE generation > ?", (generation,)).fetchall()

    # --- candidates

    def allowed(self, where: Mapping[str, Any]) -> NDArray[np.int64]:
        """Return the sorted ids of passages whose document matches every condition."""
        condition, values = _conditions(where)
        with self._reading() as connection:
            rows = connection.execute(
                f"SELECT p.id FROM passages p JOIN documents d ON d.id = p.document WHERE {condition} ORDER BY p.id",
                values,
            ).fetchall()
        return np.array([row[0] for row in rows], np.int64)

    def fulltext(self, words: Sequence[str], limit: int, where: Mapping[str, Any]) -> dict[int, float]:
        """Return passage id -> BM25 (higher is better) of the best `limit` passages with any of the words."""
        if not words:
            return {}
        condition, values = _conditions(where)
        within = f"AND rowid IN (SELECT p.id FROM passages p JOIN documents d ON d.id = p.document WHERE {condition})"
        query = f"""SELECT rowid, -bm25(fulltext) FROM fulltext WHERE fulltext MATCH ?
                    {within if where else ""} ORDER BY rank LIMIT {int(limit)}"""
        match = " OR ".join(f'"{word}"' for word in words)
        with self._reading() as connection:
            return dict(connection.execute(query, (match, *(values if where else ()))).fetchall())

    def rarity(self, words: Sequence[str]) -> dict[str, float]:
        """Return stem -> inverse document frequency (Robertson's, never negative) over all passages."""
        found = list(dict.fromkeys(map(stem, words)))
        with self._reading() as connection:
            total = connection.execute("SELECT count(*) FROM passages").fetchone()[0]
            counts = dict(
                connection.execute(
                    "SELECT term, doc FROM terms WHERE term IN (SELECT value FROM json_each(?))", (json.dumps(found),)
                ).fetchall()
            )
        return {term: float(np.log1p((total - n + 0.5) / (n + 0.5))) for term in found for n in [counts.get(term, 0)]}

    def candidates(self, ids: Iterable[int]) -> list[Candidate]:
        """Return passages by id with their vectors; ids that are gone are left out.

        A passage never changes and its id is never used again, so the ones read last are kept decoded.
        """
        wanted = [int(value) for value in ids]
        cached = {value: self._decoded[value] for value in wanted if value in self._decoded}
        missing = [value for value in wanted if value not in cached]
        for first in range(0, len(missing), 500):
            with self._reading() as connection:
                rows = connection.execute(_CANDIDATES, (json.dumps(missing[first : first + 500]),)).fetchall()
            cached |= {row[0]: Candidate(row) for row in rows}
        if missing:
            with self._decoding:
                self._decoded |= cached
                while len(self._decoded) > DECODED_PASSAGES:
                    del self._decoded[next(iter(self._decoded))]
        return [cached[value] for value in wanted if value in cached]

    def tokens(self, ids: Sequence[int]) -> dict[int, tuple[NDArray[np.uint8], NDArray[np.uint16]]]:
        """Return passage id -> (token bits, sentence of each token); see PassageVectors."""
        with self._reading() as connection:
            rows = connection.execute(
                "SELECT id, sentences, bits FROM tokens WHERE id IN (SELECT value FROM json_each(?))",
                (json.dumps([int(value) for value in ids]),),
            ).fetchall()
        return {row[0]: _tokens(row[1], row[2]) for row in rows}


def _next_generation(connection: sqlite3.Connection) -> int:
    connection.execute("UPDATE meta SET value = value + 1 WHERE key = 'generation'")
    return int(connection.execute("SELECT value FROM meta WHERE key = 'generation'").fetchone()[0])


def _insert(connection: sqlite3.Connection, item: Prepared, generation: int) -> None:
    """Write one document with everything derived from it."""
    document = item.document
    _delete(connection, document.doc_id, generation)
    row = (document.doc_id, document.title, document.source, json.dumps(dict(document.metadata)), document.sha256)
    cursor = connection.execute(
        "INSERT INTO documents (doc_id, title, source, metadata, sha256, passages, text) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (*row, len(item.passages), document.text),
    )
    for passage, vectors in zip(item.passages, item.vectors, strict=True):
        _insert_passage(connection, int(cursor.lastrowid or 0), document.title, generation, passage, vectors)
    if item.file is not None and document.source is not None:
        _link(connection, document.source, FileState(*item.file, document.doc_id, ""))


def _insert_passage(
    connection: sqlite3.Connection, document: int, title: str, generation: int, p: Passage, vectors: PassageVectors
) -> None:
    cursor = connection.execute(
        """INSERT INTO passages (document, generation, number, start, "end", page, heading, text, sentences, vector,
           sentence_vectors) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
        (document, generation, p.number, p.start, p.end, p.page, p.heading, p.text,
         (np.array(p.sentences, np.int64) - p.start).astype(np.uint32).tobytes(),
         vectors.vector.astype(np.float32).tobytes(), _quantized(vectors.sentences)),
    )  # fmt: skip
    row = cursor.lastrowid
    bits, sentences = vectors.token_bits.tobytes(), vectors.token_sentences.tobytes()
    connection.execute("INSERT INTO tokens (id, sentences, bits) VALUES (?, ?, ?)", (row, sentences, bits))
    connection.execute(
        "INSERT INTO fulltext (rowid, title, text) VALUES (?, ?, ?)", (row, f"{title}\n{p.heading}", p.text)
    )


def _delete(connection: sqlite3.Connection, doc_id: str, generation: int) -> bool:
    """Delete a document, its passages and its full-text rows; remember the ids for indexes that lag behind."""
    document = connection.execute("SELECT id, title FROM documents WHERE doc_id = ?", (doc_id,)).fetchone()
    if document is None:
        return False
    rows = connection.execute(
        "SELECT id, heading, text FROM passages WHERE document = ? ORDER BY id", (document[0],)
    ).fetchall()
    connection.executemany(
        "INSERT INTO fulltext (fulltext, rowid, title, text) VALUES ('delete', ?, ?, ?)",
        [(row[0], f"{document[1]}\n{row[1]}", row[2]) for row in rows],
    )
    if rows:
        connection.execute("INSERT INTO removed VALUES (?, ?, ?)", (generation, rows[0][0], rows[-1][0]))
    connection.execute("DELETE FROM documents WHERE id = ?", (document[0],))
    return True


def _link(connection: sqlite3.Connection, path: str, state: FileState) -> None:
    """Point a file at its document, and drop the document it pointed at before if nothing else does."""
    before = connection.execute("SELECT doc_id FROM files WHERE path = ?", (path,)).fetchone()
    connection.execute(
        "INSERT OR REPLACE INTO files (path, size, mtime_ns, doc_id, reason) VALUES (?, ?, ?, ?, ?)",
        (path, state.size, state.mtime_ns, state.doc_id, state.reason),
    )
    if not before or not before[0] or before[0] == state.doc_id:
        return
    if not connection.execute("SELECT 1 FROM files WHERE doc_id = ?", before).fetchone():
        _delete(connection, before[0], _next_generation(connection))


def _conditions(where: Mapping[str, Any]) -> tuple[str, list[Any]]:
    """Build SQL for {"doc_id": …, "source": …, metadata key: …}; a list of values means any of them."""
    parts, parameters = ["1"], []
    for key, value in where.items():
        options = [value] if isinstance(value, Scalar) else list(value)
        column = f"d.{key}" if key in ("doc_id", "source", "title") else "json_extract(d.metadata, ?)"
        parts.append(f"CAST({column} AS TEXT) IN (SELECT CAST(value AS TEXT) FROM json_each(?))")
        if column.startswith("json"):
            parameters.append("$." + json.dumps(key))
        parameters.append(json.dumps(options))
    return " AND ".join(parts), parameters


def _quantized(vectors: Floats) -> bytes:
    """Store rows as int8 with one float32 scale each, scales first."""
    scales = np.maximum(np.abs(vectors).max(axis=1, initial=0), 1e-12).astype(np.float32) / 127
    rows: NDArray[np.int8] = np.round(vectors / scales[:, None]).astype(np.int8)
    return bytes(scales.tobytes() + rows.tobytes())


def _tokens(sentences: bytes, bits: bytes) -> tuple[NDArray[np.uint8], NDArray[np.uint16]]:
    numbers = np.frombuffer(sentences, np.uint16)
    width = len(bits) // len(numbers) if len(numbers) else 0
    return np.frombuffer(bits, np.uint8).reshape(len(numbers), width), numbers
