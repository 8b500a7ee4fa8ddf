"""The tables of `library.db`."""

SCHEMA_VERSION = 5
CHECKSUMS = ("checksum", "derived")  # of a passage; a library that was made without gets the columns later
TABLES = """CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE writes (generation INTEGER PRIMARY KEY AUTOINCREMENT, stamp INTEGER NOT NULL);
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
    page INTEGER, heading TEXT NOT NULL, place TEXT NOT NULL, text TEXT NOT NULL, sentences BLOB NOT NULL,
    vector BLOB NOT NULL, sentence_vectors BLOB NOT NULL, checksum INTEGER, derived INTEGER);
CREATE INDEX passages_document ON passages (document);
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
