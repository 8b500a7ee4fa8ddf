"""Documents and passages as rows of a Milvus collection, and back; conditions as filters. Knows no server.

Keys are hashes, so that no text of a document or a question is ever part of a filter. Long values are lists of
strings, each short enough for a VARCHAR; bytes are base 64 in them (Python decodes base 85 thirty times slower).
"""

import base64
import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from retrieval.embedding import PassageVectors
from retrieval.records import Document, Passage, Scalar
from retrieval.storage.base import FileState, Prepared, Tokens, decoded_tokens, encoded_spans, quantized
from retrieval.storage.candidates import Candidate
from retrieval.storage.filters import date_range, options
from retrieval.text import stem, words

CHUNK = 16_000  # characters of a string: at most 64,000 bytes, and a VARCHAR holds 65,535
LONGEST_TERM = 32
FILE = ("doc", "payload")
_DATE_LENGTH = 10
_DATED = re.compile("[0-9]{4}")
Row = dict[str, Any]


def hashed(*parts: object) -> str:
    """Return 128 bits of SHA-256 of the parts, as hex digits."""
    return hashlib.sha256(json.dumps([str(part) for part in parts]).encode()).hexdigest()[:32]


def packed(text: str) -> list[str]:
    """Cut a string of any length into pieces that a row can hold; `"".join` undoes it."""
    return [text[start : start + CHUNK] for start in range(0, len(text), CHUNK)]


def _ascii(data: bytes) -> list[str]:
    return packed(base64.b64encode(data).decode())


def _bytes(pieces: Iterable[str]) -> bytes:
    return base64.b64decode("".join(pieces), validate=True)


# --- documents


@dataclass(frozen=True, slots=True)
class Held:
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
    def of(cls, row: Row) -> "Held":
        """Read a row; ValueError where it is not as `row` makes it."""
        doc_id, title, source, metadata, sha256, passages, paragraphs, characters = json.loads("".join(row["payload"]))
        document = Document(doc_id, title, "", source, metadata, sha256)
        return cls(document, row["version"], passages, paragraphs, characters, row["at"], bool(row["number"]),
                   row["replaces"])  # fmt: skip


def held(item: Prepared, at: int) -> Held:
    """Return what the row of a prepared document says."""
    document = item.document
    spans = [(p.start, p.end, p.number, p.page, p.heading, p.place, p.sentences) for p in item.passages]
    version = hashed(document.doc_id, document.title, document.source, sorted(document.metadata.items()),
                     document.sha256, document.text, spans)  # fmt: skip
    paragraphs = max((p.number for p in item.passages), default=0)
    has_file = item.file is not None and document.source is not None
    return Held(replace(document, text=""), version, len(spans), paragraphs, len(document.text), at, has_file)


def record(kind: str, key: str, **fields: Any) -> Row:
    """Return a row of the collection for what is not a passage, with defaults for the fields not given."""
    empty = {"doc": "", "version": "", "replaces": "", "at": 0, "number": 0, "payload": [], "nothing": [0.0, 0.0]}
    return {"key": record_key(kind, key), "kind": kind} | empty | fields


def record_key(kind: str, key: str) -> str:
    """Return the primary key of a record."""
    return f"{kind}:{key}"


def texts(item: Held, text: str) -> list[Row]:
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
    path, *state = json.loads("".join(row["payload"]))
    return path, FileState(*state)


# --- passages


def passage_rows(item: Held, passages: Sequence[Passage], vectors: Sequence[PassageVectors]) -> list[Row]:
    """Return the rows of a document's passages; their ids are made of the version, so that a repeated write is none."""
    shared = {"doc": item.key, "version": item.version} | _labels(item.document)
    title = item.document.title
    return [
        shared | _passage_row(hashed(item.version, number), title, passage, own)
        for number, (passage, own) in enumerate(zip(passages, vectors, strict=True))
    ]


def _passage_row(key: str, title: str, p: Passage, vectors: PassageVectors) -> Row:
    terms = [stem(word) for word in words(f"{title}\n{p.heading}\n{p.text}")]
    fields = [p.doc_id, p.number, p.start, p.end, p.text, p.page, p.heading, p.place]
    numbers = vectors.token_sentences.astype(np.uint16)
    return {
        "id": key, "first": p.start, "last": p.end, "length": len(terms), "terms": searchable(terms),
        "vector": vectors.vector.astype(np.float32), "passage": packed(json.dumps(fields, ensure_ascii=False)),
        "sentences": _ascii(encoded_spans(p) + quantized(vectors.sentences)),
        "tokens": _ascii(np.uint32(len(numbers)).tobytes() + numbers.tobytes() + vectors.token_bits.tobytes()),
    }  # fmt: skip


def searchable(terms: Iterable[str]) -> str:
    """Join stems so that Milvus's standard tokenizer gives them back, whatever their script; of 65,000 bytes."""
    return " ".join(_plain(term) for term in terms)[:65_000]


def _plain(term: str) -> str:
    """Return a stem as it is, or a hash of one that a tokenizer could cut, or drop for its length."""
    return term if term.isascii() and len(term) < LONGEST_TERM else f"u{hashed(term)}"


def candidate(row: Row) -> Candidate:
    """Make a candidate of a passage's row; ValueError where its parts do not fit."""
    doc_id, number, start, end, text, page, heading, place = json.loads("".join(row["passage"]))
    data, dim = _bytes(row["sentences"]), len(row["vector"])
    spans = data[: 8 * (len(data) // (dim + 12))]  # of a sentence: 8 bytes of span, 4 of scale, one a dimension
    vector = np.asarray(row["vector"], np.float32).tobytes()
    return Candidate((int(row["id"], 16), doc_id, number, start, end, text, spans, page, heading, place, vector,
                      data[len(spans) :]))  # fmt: skip


def tokens(row: Row) -> Tokens:
    """Return the tokens of a passage's row; see PassageVectors."""
    data = _bytes(row["tokens"])
    end = 4 + 2 * int(np.frombuffer(data, np.uint32, 1)[0])
    return decoded_tokens(data[4:end], data[end:])


# --- conditions


def _labels(document: Document) -> Row:
    """Return what `where` can ask for: a number for each value, and what begins like a date by its key."""
    values = {**document.metadata, "doc_id": document.doc_id, "source": document.source, "title": document.title}
    known = {key: _as_text(value) for key, value in values.items() if value is not None}
    dates = {_date_key(key): text[:_DATE_LENGTH] for key, text in known.items() if _DATED.match(text)}
    return {"facets": [_facet(key, text) for key, text in known.items()], "dates": dates}


def _as_text(value: Scalar) -> str:
    """Return a value as SQLite casts it to text."""
    return str(int(value)) if isinstance(value, bool) else str(value)


def _facet(key: str, text: str) -> int:
    return int(hashed(key, text)[:15], 16)


def _date_key(key: str) -> str:
    return f"k{hashed(key)[:15]}"


def condition(where: Mapping[str, Any]) -> str:
    """Return the filter for the same conditions as `conditions.conditions`; "" for none. Raises QuestionError."""
    return " and ".join(_matches(key, options(key, value)) for key, value in where.items())


def _matches(key: str, values: Sequence[Scalar]) -> str:
    facets = [_facet(key, _as_text(value)) for value in values]
    parts = [f"array_contains_any(facets, {facets})"] if facets else ['id == ""']
    for first, last in filter(None, map(date_range, values)):
        field = f'dates["{_date_key(key)}"]'
        behind = last[:-1] + chr(ord(last[-1]) + 1) if last else ":"  # the least text above all that begin like it
        parts.append(f'({field} >= "{first or "0"}" and {field} < "{behind}")')
    return f"({' or '.join(parts)})"
