"""The tables of `library.db`, and how a library of the schema before gets them."""

import zlib
from collections.abc import Iterator
from typing import Any

import numpy as np

from retrieval.embedding import PassageVectors
from retrieval.storage.codec import (
    apart,
    checksum,
    decode_passage,
    derived_checksum,
    encode_rows,
    encode_spans,
    encode_tokens,
    encode_vector,
)

SCHEMA_VERSION = 7
UPGRADED = 5  # the schema that `upgrade` takes
TOKEN_BYTES = 16  # of bits that are kept of those of schema 5
TABLES = """CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE writes (generation INTEGER PRIMARY KEY AUTOINCREMENT, stamp INTEGER NOT NULL);
CREATE TABLE documents (
    id INTEGER PRIMARY KEY AUTOINCREMENT, doc_id TEXT NOT NULL UNIQUE, title TEXT NOT NULL, source TEXT,
    metadata TEXT NOT NULL, sha256 TEXT NOT NULL, passages INTEGER NOT NULL, lead TEXT NOT NULL);
CREATE TABLE files (
    path TEXT PRIMARY KEY, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL,
    doc_id TEXT REFERENCES documents (doc_id) ON DELETE CASCADE, reason TEXT NOT NULL DEFAULT '') WITHOUT ROWID;
CREATE INDEX files_doc_id ON files (doc_id);
CREATE TABLE passages (
    id INTEGER PRIMARY KEY AUTOINCREMENT, document INTEGER NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
    generation INTEGER NOT NULL, number INTEGER NOT NULL, start INTEGER NOT NULL, "end" INTEGER NOT NULL,
    page INTEGER, heading TEXT NOT NULL, place TEXT NOT NULL, text TEXT NOT NULL, behind TEXT NOT NULL,
    reach INTEGER NOT NULL, sentences BLOB NOT NULL, vector BLOB NOT NULL, sentence_vectors BLOB NOT NULL,
    checksum INTEGER, derived INTEGER);
CREATE INDEX passages_document ON passages (document, reach);
CREATE INDEX passages_generation ON passages (generation);
CREATE TABLE tokens (
    id INTEGER PRIMARY KEY REFERENCES passages (id) ON DELETE CASCADE, sentences BLOB NOT NULL, bits BLOB NOT NULL);
CREATE TABLE removed (generation INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL);
CREATE TABLE indexed (id INTEGER PRIMARY KEY, texts BLOB NOT NULL);
CREATE TABLE versions (
    id INTEGER PRIMARY KEY AUTOINCREMENT, doc_id TEXT NOT NULL, title TEXT NOT NULL, source TEXT,
    metadata TEXT NOT NULL, sha256 TEXT NOT NULL, successor TEXT NOT NULL, written_ns INTEGER NOT NULL,
    bytes INTEGER NOT NULL, content BLOB NOT NULL, UNIQUE (doc_id, sha256));
CREATE INDEX versions_successor ON versions (successor);
CREATE INDEX versions_bytes ON versions (bytes);
CREATE TABLE feedback (
    id INTEGER PRIMARY KEY, given TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP, question TEXT NOT NULL,
    found INTEGER NOT NULL, quotes TEXT NOT NULL, good INTEGER NOT NULL, note TEXT NOT NULL);
CREATE VIRTUAL TABLE fulltext USING fts5 (title, text, content = '', tokenize = 'porter unicode61');
CREATE VIRTUAL TABLE terms USING fts5vocab (fulltext, row);
"""


def upgrade(connection: Any) -> None:
    """Make a library of schema 5 one of this schema, in the running transaction; ValueError where it is damaged.

    There documents had all of their text, vectors were float32, rows of sentences had codes of 8 bits, each token had
    its number and all bits, and checksums could be missing. What was derived, and not as it was written, has a wrong
    checksum afterwards, too.
    """
    there = {row[1] for row in connection.execute("PRAGMA table_info(passages)")}
    for name in {"checksum", "derived"} - there:
        connection.execute(f"ALTER TABLE passages ADD COLUMN {name} INTEGER")
    connection.execute("ALTER TABLE passages ADD COLUMN behind TEXT NOT NULL DEFAULT ''")
    connection.execute("ALTER TABLE passages ADD COLUMN reach INTEGER NOT NULL DEFAULT 0")
    for document, doc_id in connection.execute("SELECT id, doc_id FROM documents").fetchall():
        _upgrade_document(connection, document, doc_id)
    connection.execute("ALTER TABLE documents RENAME COLUMN text TO lead")
    connection.execute("DROP INDEX passages_document")
    connection.execute("CREATE INDEX passages_document ON passages (document, reach)")
    connection.execute("UPDATE meta SET value = ? WHERE key = 'schema'", (SCHEMA_VERSION,))


def _upgrade_document(connection: Any, document: int, doc_id: str) -> None:
    (text,) = connection.execute("SELECT text FROM documents WHERE id = ?", (document,)).fetchone()
    query = """SELECT number, start, "end", text, sentences, page, heading, place FROM passages
        WHERE document = ? ORDER BY id"""
    passages = [decode_passage(doc_id, *row) for row in connection.execute(query, (document,))]
    if any(text[p.start : p.end] != p.text for p in passages):
        raise ValueError(f"passages of {doc_id} are not in its text")
    lead, rest = apart(text, passages)
    for passage, (behind, reach), stored in zip(passages, rest, _of_schema_5(connection, document), strict=True):
        row, vectors, wrong, known = stored
        made, tokens = (encode_vector(vectors.vector), encode_rows(vectors.sentences)), encode_tokens(vectors)
        derived = derived_checksum(*made, *tokens, behind) ^ wrong
        shown = checksum(passage, encode_spans(passage)) if known is None else known
        connection.execute(
            """UPDATE passages SET vector = ?, sentence_vectors = ?, behind = ?, reach = ?, checksum = ?, derived = ?
               WHERE id = ?""",
            (*made, behind, reach, shown, derived, row),
        )
        connection.execute("UPDATE tokens SET sentences = ?, bits = ? WHERE id = ?", (*tokens, row))
    connection.execute("UPDATE documents SET text = ? WHERE id = ?", (lead, document))


def _of_schema_5(connection: Any, document: int) -> Iterator[tuple[int, PassageVectors, int, int | None]]:
    """Yield id, vectors, 0 or what the checksum of what was derived differs by, and that of what is shown."""
    query = """SELECT p.id, length(p.sentences) / 8, p.checksum, p.derived, p.vector, p.sentence_vectors, t.sentences,
        t.bits FROM passages p LEFT JOIN tokens t ON t.id = p.id WHERE p.document = ? ORDER BY p.id"""
    for row, count, known, derived, *parts in connection.execute(query, (document,)).fetchall():
        vector, codes, numbers, bits = map(bytes, parts)
        scales = np.frombuffer(codes, np.float32, count)
        sentences = np.frombuffer(codes, np.int8, offset=scales.nbytes).reshape(count, -1) * scales[:, None]
        own = np.frombuffer(numbers, np.uint16)
        signs = np.frombuffer(bits, np.uint8).reshape(len(own), len(bits) // max(1, len(own)))[:, :TOKEN_BYTES]
        wrong = 0 if derived is None else derived ^ zlib.crc32(b"".join([vector, codes, numbers, bits]))
        yield row, PassageVectors(np.frombuffer(vector, np.float32), sentences, signs, own), wrong, known
