"""One SQLite file holds documents, passages, vectors and the full-text index: the truth. Knows nothing about ranking.

A document and all that was derived from it are written in one transaction.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from retrieval.embedding import PassageVectors
from retrieval.records import Coverage, Document, Passage
from retrieval.storage.base import FileState, Judgement, Prepared, encoded_spans, quantized
from retrieval.storage.local.database import Connection, next_generation
from retrieval.storage.local.passages import Lookup
from retrieval.text import title_of

_LISTED = "SELECT value FROM json_each(?)"
_HEADER = "doc_id, title, source, metadata, sha256"


class Store(Lookup):
    """The library's database: documents and files, and what Lookup reads of them."""

    def check(self) -> None:
        """Read the whole file; LibraryDamagedError where SQLite finds damage, or passages not in their text."""
        super().check()
        for document, _ in self.documents():
            text = getattr(self.document(document.doc_id), "text", "")
            if any(text[start:end] != passage for start, end, passage in self._spans(document.doc_id)):
                raise self._damaged(f"passages of {document.title or document.doc_id} are not in its text")

    def _spans(self, doc_id: str) -> list[tuple[int, int, str]]:
        """Return (start, end, text) of a document's passages."""
        with self._reading() as connection:
            return connection.execute(
                """SELECT p.start, p."end", p.text FROM passages p JOIN documents d ON d.id = p.document
                   WHERE d.doc_id = ?""",
                (doc_id,),
            ).fetchall()

    def count(self, table: str) -> int:
        """Count the rows of documents, passages or files."""
        with self._reading() as connection:
            return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])

    # --- documents

    def add(self, prepared: Sequence[Prepared]) -> None:
        """Store documents in one transaction; each replaces its namesake, and its file's earlier version."""
        with self._writing() as connection:
            generation = next_generation(connection)
            for item in prepared:
                _insert(connection, item, generation)

    def remove(self, doc_ids: Iterable[str]) -> list[str]:
        """Remove documents in one transaction; return the doc_ids that were there."""
        with self._writing() as connection:
            generation = next_generation(connection)
            return [doc_id for doc_id in doc_ids if _delete(connection, doc_id, generation)]

    def document(self, doc_id: str) -> Document | None:
        """Return one document with its text, or None."""
        with self._reading() as connection:
            row = connection.execute(f"SELECT {_HEADER}, text FROM documents WHERE doc_id = ?", (doc_id,)).fetchone()
            return None if row is None else _document(row, row[5])

    def prepared(self, doc_ids: Iterable[str]) -> list[Prepared]:
        """Return documents with their passages and vectors; see Backend.prepared."""
        return [item for doc_id in doc_ids if (item := self._prepared(doc_id))]

    def _prepared(self, doc_id: str) -> Prepared | None:
        document = self.document(doc_id)
        if document is None:
            return None
        found = self.candidates(self._ids(doc_id))
        tokens = self.tokens([each.id for each in found])
        vectors = [PassageVectors(each.vector, each.sentence_vectors, *tokens[each.id]) for each in found]
        return Prepared(document, [each.passage for each in found], vectors)

    def _ids(self, doc_id: str) -> list[int]:
        """Return the ids of a document's passages in order."""
        with self._reading() as connection:
            query = "SELECT p.id FROM passages p JOIN documents d ON d.id = p.document WHERE d.doc_id = ? ORDER BY p.id"
            return [row[0] for row in connection.execute(query, (doc_id,)).fetchall()]

    def header(self, doc_id: str) -> Document | None:
        """Return one document without its text, or None."""
        with self._reading() as connection:
            row = connection.execute(f"SELECT {_HEADER} FROM documents WHERE doc_id = ?", (doc_id,)).fetchone()
            return None if row is None else _document(row)

    def documents(self) -> list[tuple[Document, int]]:
        """Return every document without its text, and its number of passages, in the order of adding."""
        with self._reading() as connection:
            rows = connection.execute(f"SELECT {_HEADER}, passages FROM documents ORDER BY id").fetchall()
            return [(_document(row), row[5]) for row in rows]

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
            row = connection.execute("SELECT text FROM documents WHERE doc_id = ?", (doc_id,)).fetchone()
            return None if row is None else row[0][start:end]  # SQLite's substr would end at the first NUL

    # --- what people think of answers

    def add_feedback(self, question: str, found: bool, quotes: Sequence[str], good: bool, note: str) -> None:
        """Keep one judgement of an answer."""
        with self._writing() as connection:
            connection.execute(
                "INSERT INTO feedback (question, found, quotes, good, note) VALUES (?, ?, ?, ?, ?)",
                (question, found, json.dumps(list(quotes)), good, note),
            )

    def feedback(self) -> list[Judgement]:
        """Return (id, question, found, quotes, good, note) of every judgement, oldest first."""
        with self._reading() as connection:
            rows = connection.execute(
                "SELECT id, question, found, quotes, good, note FROM feedback ORDER BY id"
            ).fetchall()
            return [(row[0], row[1], bool(row[2]), json.loads(row[3]), bool(row[4]), row[5]) for row in rows]

    # --- files

    def files(self) -> dict[str, FileState]:
        """Return path -> state of every file that was ever added and not removed, failed ones included."""
        with self._reading() as connection:
            rows = connection.execute("SELECT path, size, mtime_ns, doc_id, reason FROM files").fetchall()
            return {row[0]: FileState(*row[1:]) for row in rows}

    def coverage(self) -> Coverage:
        """Count files, documents without a file, and failed files."""
        with self._reading() as connection:
            documents = connection.execute("SELECT count(*) FROM documents").fetchone()[0]
            files, with_file, failed = connection.execute(
                "SELECT count(*), count(DISTINCT doc_id), count(nullif(reason, '')) FROM files"
            ).fetchone()
            return Coverage(files + documents - with_file, failed)

    def fail_file(self, path: str, reason: str, size: int = 0, mtime_ns: int = 0) -> None:
        """Record why a file cannot be read now, and its state if that may be so until it changes.

        What was read of it before stays.
        """
        with self._writing() as connection:
            connection.execute(
                """INSERT INTO files (path, size, mtime_ns, reason) VALUES (?, ?, ?, ?) ON CONFLICT (path)
                   DO UPDATE SET size = excluded.size, mtime_ns = excluded.mtime_ns, reason = excluded.reason""",
                (path, size, mtime_ns, reason),
            )

    def rearrange(self, links: Mapping[str, FileState], gone: Iterable[str]) -> None:
        """Point files at documents that are there and drop other files, in one transaction.

        Documents that no file holds any more are removed; those whose file is gone get another of theirs as source.
        """
        with self._writing() as connection:
            paths = json.dumps([*links, *gone])
            held = f"SELECT DISTINCT doc_id FROM files WHERE doc_id IS NOT NULL AND path IN ({_LISTED})"
            touched = {row[0] for row in connection.execute(held, (paths,))}
            connection.execute(f"DELETE FROM files WHERE path IN ({_LISTED})", (paths,))
            for path, state in links.items():
                _record(connection, path, state)
            for doc_id in sorted(touched.union(state.doc_id for state in links.values() if state.doc_id)):
                _settle(connection, doc_id)

    def forget(self, paths: Iterable[str]) -> None:
        """Forget files that hold no document."""
        with self._writing() as connection:
            connection.executemany("DELETE FROM files WHERE path = ? AND doc_id IS NULL", [(path,) for path in paths])


def _document(row: Sequence[Any], text: str = "") -> Document:
    """Make a document of a row that begins with _HEADER."""
    return Document(row[0], row[1], text, row[2], json.loads(row[3]), row[4])


def _insert(connection: Connection, item: Prepared, generation: int) -> None:
    """Write one document with everything derived from it."""
    document = item.document
    _delete(connection, document.doc_id, generation)
    metadata = json.dumps(dict(document.metadata), ensure_ascii=False)
    cursor = connection.execute(
        f"INSERT INTO documents ({_HEADER}, passages, text) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (document.doc_id, document.title, document.source, metadata, document.sha256, len(item.passages),
         document.text),
    )  # fmt: skip
    for passage, vectors in zip(item.passages, item.vectors, strict=True):
        _insert_passage(connection, int(cursor.lastrowid or 0), document.title, generation, passage, vectors)
    if item.file is not None and document.source is not None:
        _link(connection, document.source, FileState(*item.file, document.doc_id, ""))


def _insert_passage(
    connection: Connection, document: int, title: str, generation: int, p: Passage, vectors: PassageVectors
) -> None:
    cursor = connection.execute(
        """INSERT INTO passages (document, generation, number, start, "end", page, heading, place, text, sentences,
           vector, sentence_vectors) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
        (document, generation, p.number, p.start, p.end, p.page, p.heading, p.place, p.text,
         encoded_spans(p),
         vectors.vector.astype(np.float32).tobytes(), quantized(vectors.sentences)),
    )  # fmt: skip
    row = cursor.lastrowid
    bits, sentences = vectors.token_bits.tobytes(), vectors.token_sentences.tobytes()
    connection.execute("INSERT INTO tokens (id, sentences, bits) VALUES (?, ?, ?)", (row, sentences, bits))
    connection.execute(
        "INSERT INTO fulltext (rowid, title, text) VALUES (?, ?, ?)", (row, f"{title}\n{p.heading}", p.text)
    )


def _delete(connection: Connection, doc_id: str, generation: int) -> bool:
    """Delete a document, its passages and its full-text rows; remember the ids for indexes that lag behind."""
    document = connection.execute("SELECT id, title FROM documents WHERE doc_id = ?", (doc_id,)).fetchone()
    if document is None:
        return False
    rows = _taken_out(connection, *document)
    if rows:
        connection.execute("INSERT INTO removed VALUES (?, ?, ?)", (generation, rows[0][0], rows[-1][0]))
    connection.execute("DELETE FROM documents WHERE id = ?", (document[0],))
    return True


def _taken_out(connection: Connection, document: int, title: str) -> list[tuple[int, str, str]]:
    """Take a document's passages out of the full text; return (id, heading, text) of each."""
    rows = connection.execute(
        "SELECT id, heading, text FROM passages WHERE document = ? ORDER BY id", (document,)
    ).fetchall()
    connection.executemany(
        "INSERT INTO fulltext (fulltext, rowid, title, text) VALUES ('delete', ?, ?, ?)",
        [(row, f"{title}\n{heading}", text) for row, heading, text in rows],
    )
    return rows


def _link(connection: Connection, path: str, state: FileState) -> None:
    """Point a file at its document, and drop the document it pointed at before if nothing else does."""
    row = connection.execute("SELECT doc_id FROM files WHERE path = ?", (path,)).fetchone()
    _record(connection, path, state)
    if row and row[0] not in (None, state.doc_id):
        _settle(connection, row[0])


def _record(connection: Connection, path: str, state: FileState) -> None:
    connection.execute(
        "INSERT OR REPLACE INTO files (path, size, mtime_ns, doc_id, reason) VALUES (?, ?, ?, ?, ?)",
        (path, state.size, state.mtime_ns, state.doc_id, state.reason),
    )


def _settle(connection: Connection, doc_id: str) -> None:
    """Remove a document that no file holds any more; one whose source does not hold it gets another as source."""
    paths = [row[0] for row in connection.execute("SELECT path FROM files WHERE doc_id = ? ORDER BY path", (doc_id,))]
    if not paths:
        _delete(connection, doc_id, next_generation(connection))
        return
    query = "SELECT id, title, source FROM documents WHERE doc_id = ?"
    document, title, source = connection.execute(query, (doc_id,)).fetchone()
    if source in paths:
        return
    connection.execute("UPDATE documents SET source = ? WHERE id = ?", (paths[0], document))
    if source and title == title_of(Path(source)):
        _retitle(connection, document, title, title_of(Path(paths[0])))


def _retitle(connection: Connection, document: int, before: str, title: str) -> None:
    """Change a title, in the full text too; the vectors keep the earlier one, of which they hold little."""
    rows = _taken_out(connection, document, before)
    connection.executemany(
        "INSERT INTO fulltext (rowid, title, text) VALUES (?, ?, ?)",
        [(row, f"{title}\n{heading}", text) for row, heading, text in rows],
    )
    connection.execute("UPDATE documents SET title = ? WHERE id = ?", (title, document))
