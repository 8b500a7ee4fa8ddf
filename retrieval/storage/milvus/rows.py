"""Documents, files and passages as rows of a Milvus collection, and back.

Long values are lists of strings, each short enough for a VARCHAR.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from retrieval.embedding import PassageVectors
from retrieval.records import Document, Passage
from retrieval.storage.base import FileState, IndexedDocument
from retrieval.storage.candidates import Candidate
from retrieval.storage.codec import (
    Tokens,
    decode_passage,
    decode_vector,
    encode_vector,
    joined_sentences,
    joined_tokens,
    split_sentences,
    split_tokens,
)
from retrieval.storage.milvus.filters import hashed, labels
from retrieval.text import Analysis, stem, words

CHUNK = 16_000  # characters of a string: at most 64,000 bytes, and a VARCHAR holds 65,535
LONGEST_TERM = 32
FILE = ("doc", "payload")
Row = dict[str, Any]


def packed(text: str) -> list[str]:
    """Cut a string of any length into pieces that a row can hold."""
    return [text[start : start + CHUNK] for start in range(0, len(text), CHUNK)]


def unpacked(pieces: Iterable[str]) -> str:
    """Return the string that `packed` was given."""
    return "".join(pieces)


# --- documents


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """A document as its row has it: without text. Passages and texts of another version than this are not its own.

    replaces: key of the document that this one takes the place of, until that is deleted; at: microseconds when added.
    """

    document: Document
    version: str
    passages: int
    paragraphs: int
    characters: int
    at: int
    has_file: bool
    replaces: str = ""

    @property
    def key(self) -> str:
        """What stands for the document in filters."""
        return hashed(self.document.doc_id)

    def row(self) -> Row:
        """Return the row, whose writing makes the version visible as a whole."""
        d = self.document
        fields = [d.doc_id, d.title, d.source, dict(d.metadata), d.sha256, self.passages, self.paragraphs,
                  self.characters]  # fmt: skip
        return record("document", self.key, doc=self.key, version=self.version, replaces=self.replaces, at=self.at,
                      number=int(self.has_file), payload=packed(json.dumps(fields, ensure_ascii=False)))  # fmt: skip

    @classmethod
    def of(cls, row: Row) -> "DocumentRow":
        """Read a row; ValueError where it is not as `row` makes it."""
        doc_id, title, source, metadata, sha256, passages, paragraphs, characters = json.loads(unpacked(row["payload"]))
        document = Document(doc_id, title, "", source, metadata, sha256)
        return cls(document, row["version"], passages, paragraphs, characters, row["at"], bool(row["number"]),
                   row["replaces"])  # fmt: skip


def document_row(item: IndexedDocument, at: int) -> DocumentRow:
    """Return what the row of a document that is ready to be stored says."""
    document = item.document
    spans = [(p.start, p.end, p.number, p.page, p.heading, p.place, p.sentences) for p in item.passages]
    version = hashed(document.doc_id, document.title, document.source, sorted(document.metadata.items()),
                     document.sha256, document.text, spans)  # fmt: skip
    paragraphs = max((p.number for p in item.passages), default=0)
    has_file = item.file is not None and document.source is not None
    return DocumentRow(replace(document, text=""), version, len(spans), paragraphs, len(document.text), at, has_file)


def record(kind: str, key: str, **fields: Any) -> Row:
    """Return a row of the collection for what is not a passage, with defaults for the fields not given."""
    empty = {"doc": "", "version": "", "replaces": "", "at": 0, "number": 0, "payload": [], "nothing": [0.0, 0.0]}
    return {"key": record_key(kind, key), "kind": kind} | empty | fields


def record_key(kind: str, key: str) -> str:
    """Return the primary key of a record."""
    return f"{kind}:{key}"


def text_rows(item: DocumentRow, text: str) -> list[Row]:
    """Return the rows of a document's text, one a piece; piece n begins at character n * CHUNK."""
    return [
        record("text", text_key(item.version, number), doc=item.key, version=item.version, number=number,
               payload=[piece])
        for number, piece in enumerate(packed(text))
    ]  # fmt: skip


def text_key(version: str, number: int) -> str:
    """Return the key of a piece of a version's text."""
    return f"{version}:{number}"


# --- files


def file_row(path: str, state: FileState) -> Row:
    """Return the row of a file; number: 1 where it failed."""
    doc = hashed(state.doc_id) if state.doc_id else ""
    fields = json.dumps([path, state.size, state.mtime_ns, state.doc_id, state.reason], ensure_ascii=False)
    return record("file", hashed(path), doc=doc, number=int(bool(state.reason)), payload=packed(fields))


def file_of(row: Row) -> tuple[str, FileState]:
    """Return the path and state of a file's row, of which FILE is read."""
    path, *state = json.loads(unpacked(row["payload"]))
    return path, FileState(*state)


# --- passages


def passage_rows(
    item: DocumentRow, passages: Sequence[Passage], vectors: Sequence[PassageVectors], analysis: Analysis
) -> list[Row]:
    """Return the rows of a document's passages; their ids are made of the version, so that a repeated write is none."""
    shared = {"doc": item.key, "version": item.version} | labels(item.document)
    title = item.document.title
    return [
        shared | _passage_row(hashed(item.version, number), title, passage, own, analysis)
        for number, (passage, own) in enumerate(zip(passages, vectors, strict=True))
    ]


def _passage_row(key: str, title: str, p: Passage, vectors: PassageVectors, analysis: Analysis) -> Row:
    terms = [stem(word) for word in words(analysis.indexed(f"{title}\n{p.heading}\n{p.text}"))]
    fields = [p.doc_id, p.number, p.start, p.end, p.text, p.page, p.heading, p.place, p.language]
    return {
        "id": key, "first": p.start, "last": p.end, "length": len(terms), "terms": searchable(terms),
        "vector": vectors.vector.astype(np.float32), "passage": packed(json.dumps(fields, ensure_ascii=False)),
        "sentences": packed(joined_sentences(p, vectors)), "tokens": packed(joined_tokens(vectors)),
    }  # fmt: skip


def searchable(terms: Iterable[str]) -> str:
    """Join stems so that Milvus's standard tokenizer gives them back, whatever their script; of 65,000 bytes."""
    return " ".join(_plain(term) for term in terms)[:65_000]


def _plain(term: str) -> str:
    """Return a stem as it is, or a hash of one that a tokenizer could cut, or drop for its length."""
    return term if term.isascii() and len(term) < LONGEST_TERM else f"u{hashed(term)}"


def candidate_of(row: Row) -> Candidate:
    """Make a candidate of a passage's row; ValueError where its parts do not fit."""
    doc_id, number, start, end, text, page, heading, place, *language = json.loads(unpacked(row["passage"]))
    spans, codes, scales = split_sentences(unpacked(row["sentences"]), len(row["vector"]))
    vector = decode_vector(encode_vector(np.asarray(row["vector"], np.float32)))
    passage = decode_passage(doc_id, number, start, end, text, spans, page, heading, place, *language)
    return Candidate(number_of(row["id"]), passage, vector, (codes, scales))


def tokens_of(row: Row) -> Tokens:
    """Return the tokens of a passage's row; see PassageVectors."""
    return split_tokens(unpacked(row["tokens"]))


def passage_key(number: int) -> str:
    """Return the primary key of the passage of a number."""
    return f"{number:032x}"


def number_of(key: str) -> int:
    """Return the number of the passage of a primary key."""
    return int(key, 16)
