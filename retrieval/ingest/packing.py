"""Prepared documents as bytes that travel between machines, without pickle. Knows nothing about who sends them."""

import json
from dataclasses import astuple
from io import BytesIO
from typing import Any

import numpy as np

from retrieval.embedding import PassageVectors
from retrieval.records import Document, Passage
from retrieval.storage import Prepared

_FIELDS = ("doc_id", "title", "text", "source", "metadata", "sha256")
_KINDS = ("vector", "sentences", "token_bits", "token_sentences")  # of PassageVectors, in its order


def pack(prepared: Prepared) -> bytes:
    """Return a NumPy archive: what JSON can hold, and one array for each kind of vector, a document's end to end."""
    document, made = prepared.document, prepared.vectors
    record = {
        "document": {name: getattr(document, name) for name in _FIELDS},
        "passages": [astuple(passage) for passage in prepared.passages],
        "tokens": [len(each.token_sentences) for each in made],
        "file": prepared.file,
    }
    buffer = BytesIO()
    kinds: dict[str, Any] = {name: np.concatenate([getattr(each, name) for each in made]) for name in _KINDS if made}
    np.savez(buffer, record=np.frombuffer(json.dumps(record, ensure_ascii=False).encode(), np.uint8), **kinds)
    return buffer.getvalue()


def unpack(packed: bytes) -> Prepared:
    """Return what was packed, equal in every number and character; ValueError or KeyError where it is nothing such."""
    with np.load(BytesIO(packed), allow_pickle=False) as archive:
        arrays = dict(archive)
    record: dict[str, Any] = json.loads(arrays.pop("record").tobytes())
    passages = [_passage(*row) for row in record["passages"]]
    sentences = np.cumsum([len(passage.sentences) for passage in passages])[:-1]
    tokens = np.cumsum(record["tokens"])[:-1]
    ends: dict[str, Any] = {
        "vector": len(passages),
        "sentences": sentences,
        "token_bits": tokens,
        "token_sentences": tokens,
    }
    parts = zip(*(np.split(arrays[name], ends[name]) for name in _KINDS if passages), strict=True)
    file = None if record["file"] is None else tuple(record["file"])
    return Prepared(Document(**record["document"]), passages, [PassageVectors(*part) for part in parts], file)


def _passage(doc_id: str, number: int, start: int, end: int, text: str, spans: list[list[int]], *rest: Any) -> Passage:
    return Passage(doc_id, number, start, end, text, tuple((a, b) for a, b in spans), *rest)
