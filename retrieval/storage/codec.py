"""Passages and vectors as bytes, and back: every byte layout of what is kept, the same in both backends.

version   an earlier document: its text, and its passages without theirs
spans     (s, 2) uint32: where a passage's sentences begin and end, counted from its start
rows      (s,) float32 scales, then (s, dim) int8 codes: a row is its codes times its scale
vector    (dim,) float32
tokens    (t,) uint16 numbers of sentences and (t, dim / 8) uint8 signs, as in PassageVectors
"""

import base64
import json
import zlib
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from retrieval.embedding import Floats, PassageVectors
from retrieval.records import Passage, Span

Tokens = tuple[NDArray[np.uint8], NDArray[np.uint16]]  # bits and sentences, as in PassageVectors
Codes = NDArray[np.int8]


def encode_spans(passage: Passage) -> bytes:
    """Return the spans of a passage's sentences."""
    return (np.array(passage.sentences, np.int64) - passage.start).astype(np.uint32).tobytes()


def decode_passage(
    doc_id: str, number: int, start: int, end: int, text: str, spans: bytes, page: int | None, heading: str, place: str,
    language: str = "",
) -> Passage:  # fmt: skip
    """Make a passage again; spans: as `encode_spans` returns them. ValueError where it and they do not fit."""
    offsets = np.frombuffer(spans, np.uint32).reshape(-1, 2)
    if len(text) != end - start or not len(offsets) or int(offsets.max()) > len(text):
        raise ValueError(f"passage {start} to {end} of {doc_id} and its sentences do not fit")
    sentences: tuple[Span, ...] = tuple((a + start, b + start) for a, b in offsets.tolist())
    return Passage(doc_id, number, start, end, text, sentences, page, heading, place, language)


def encode_version(text: str, passages: Iterable[Passage]) -> bytes:
    """Return the text and passages of an earlier version: JSON, by zlib."""
    placed = [(p.number, p.start, p.end, p.sentences, p.page, p.heading, p.place) for p in passages]
    return zlib.compress(json.dumps([text, placed]).encode())


def decode_version(doc_id: str, language: str, data: bytes) -> tuple[str, tuple[Passage, ...]]:
    """Return what `encode_version` was given; ValueError where it is damaged."""
    try:
        text, placed = json.loads(zlib.decompress(data))
    except zlib.error as error:
        raise ValueError(f"an earlier version of {doc_id} is damaged: {error}") from error
    return text, tuple(
        Passage(doc_id, number, start, end, text[start:end], tuple(map(tuple, spans)), page, heading, place, language)
        for number, start, end, spans, page, heading, place in placed
    )


def checksum(passage: Passage, spans: bytes) -> int:
    """Return the CRC-32 of all that a passage shows and its place. spans: as `encode_spans` returns them."""
    p = passage
    shown = f"{p.doc_id}\0{p.number}\0{p.start}\0{p.end}\0{p.page}\0{p.heading}\0{p.place}\0{p.text}"
    return zlib.crc32(spans, zlib.crc32(shown.encode("utf-8", "surrogatepass")))


def derived_checksum(*parts: bytes) -> int:
    """Return the CRC-32 of what was made of a passage: vector, rows of sentences, sentences and bits of tokens."""
    return zlib.crc32(b"".join(parts))


def encode_vector(vector: Floats) -> bytes:
    """Return a passage's vector."""
    return vector.astype(np.float32).tobytes()


def decode_vector(data: bytes) -> Floats:
    """Return (dim,) float32, as `encode_vector` was given it."""
    return np.frombuffer(data, np.float32)


def encode_rows(vectors: Floats) -> bytes:
    """Return (s, dim) rows as int8 with one float32 scale each, scales first."""
    scales = np.maximum(np.abs(vectors).max(axis=1, initial=0), 1e-12).astype(np.float32) / 127
    rows: Codes = np.round(vectors / scales[:, None]).astype(np.int8)
    return bytes(scales.tobytes() + rows.tobytes())


def decode_rows(data: bytes, count: int) -> tuple[Codes, Floats]:
    """Return (count, dim) int8 codes and (count,) float32 scales; ValueError where they do not fit."""
    scales: Floats = np.frombuffer(data, np.float32, count)
    codes = np.frombuffer(data, np.int8, offset=scales.nbytes)
    return codes.reshape(count, -1), scales


def encode_tokens(vectors: PassageVectors) -> tuple[bytes, bytes]:
    """Return the sentences and the bits of a passage's tokens."""
    return vectors.token_sentences.tobytes(), vectors.token_bits.tobytes()


def decode_tokens(sentences: bytes, bits: bytes) -> Tokens:
    """Return the bits and sentences of a passage's tokens as they were given; none for empty bytes."""
    numbers = np.frombuffer(sentences, np.uint16)
    width = len(bits) // len(numbers) if len(numbers) else 0
    return np.frombuffer(bits, np.uint8).reshape(len(numbers), width), numbers


NO_TOKENS = decode_tokens(b"", b"")


# --- where bytes can only be kept as one text


def joined_sentences(passage: Passage, vectors: PassageVectors) -> str:
    """Return spans and rows of a passage's sentences, one behind the other, as ASCII."""
    return _ascii(encode_spans(passage) + encode_rows(vectors.sentences))


def split_sentences(text: str, dim: int) -> tuple[bytes, bytes]:
    """Return the spans and the rows of `joined_sentences`; dim: of the vectors. ValueError where it is no base 64."""
    data = _bytes(text)
    length = 8 * (len(data) // (dim + 12))  # of a sentence: 8 bytes of span, 4 of scale, one a dimension
    return data[:length], data[length:]


def joined_tokens(vectors: PassageVectors) -> str:
    """Return the tokens of a passage as ASCII: their number (uint32), their sentences, their bits."""
    numbers = vectors.token_sentences.astype(np.uint16)
    return _ascii(np.uint32(len(numbers)).tobytes() + numbers.tobytes() + vectors.token_bits.tobytes())


def split_tokens(text: str) -> Tokens:
    """Return the tokens of `joined_tokens`."""
    data = _bytes(text)
    end = 4 + 2 * int(np.frombuffer(data, np.uint32, 1)[0])
    return decode_tokens(data[4:end], data[end:])


def _ascii(data: bytes) -> str:
    """Return bytes in base 64, which Python decodes thirty times faster than base 85."""
    return base64.b64encode(data).decode()


def _bytes(text: str) -> bytes:
    return base64.b64decode(text, validate=True)
