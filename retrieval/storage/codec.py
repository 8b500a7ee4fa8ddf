"""Passages and vectors as bytes, and back: every byte layout of what is kept.

text      what stands before the first passage of a document; with each passage its own, and what stands behind it
version   an earlier document: its text, and its passages without theirs
spans     (s, 2) uint32: where a passage's sentences begin and end, counted from its start
vector    float32 scale, then (dim,) int8 codes: a vector is its codes times its scale
rows      (s,) float32 scales, then (s, 3 dim / 4) bytes of codes from -31 to 31 with 32 added: the upper four bits of
          two codes a byte, then the lower two bits of four codes a byte
tokens    (r, 2) uint16 runs: the number of a sentence and how many tokens in succession are its, as in PassageVectors;
          and (t, b / 8) uint8 signs

Where bytes can only be kept as one text, rows have codes of 8 bits, (s, dim) int8, and tokens (t,) uint16 numbers of
sentences; what is read of them, and of a float32 vector, is what the layouts above would have given.
"""

import base64
import json
import zlib
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from retrieval.embedding import Floats, PassageVectors
from retrieval.records import Passage, Span

Tokens = tuple[NDArray[np.uint8], NDArray[np.uint16]]  # bits and sentences, as in PassageVectors
Codes = NDArray[np.int8]
LARGEST = 31  # code of 6 bits
LARGEST_SCALE = 1.01 / LARGEST  # of a row of unit length


def apart(text: str, passages: Sequence[Passage]) -> tuple[str, list[tuple[str, int]]]:
    """Return a text up to the first passage, and for each passage what is behind it, up to the next, and its end.

    Where passages overlap, nothing is behind one but the last of them.
    """
    covered = min((p.start for p in passages), default=len(text))
    lead, behind = text[:covered], [("", 0)] * len(passages)
    order = sorted(range(len(passages)), key=lambda index: passages[index].start)
    following = [*(passages[index].start for index in order), len(text)][1:]
    for index, start in zip(order, following, strict=True):
        end = max(covered, passages[index].end)
        covered = max(end, start)
        behind[index] = text[end:covered], covered
    return lead, behind


def together(pieces: Iterable[tuple[int, str]], start: int, end: int) -> str:
    """Return a text from one character up to another. pieces: (where it begins, text), in order of where they end.

    ValueError where one is missing.
    """
    parts = list[str]()
    for begin, piece in pieces:
        if piece and start < end:
            if begin > start:
                raise ValueError(f"the text from {start} to {begin} is missing")
            parts.append(piece[start - begin : end - begin])
            start += len(parts[-1])
    return "".join(parts)


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


def derived_checksum(vector: bytes, rows: bytes, sentences: bytes, bits: bytes, behind: str) -> int:
    """Return the CRC-32 of what was made of a passage, and of the text behind it."""
    return zlib.crc32(b"".join([vector, rows, sentences, bits, behind.encode("utf-8", "surrogatepass")]))


def _eight_bits(vectors: Floats) -> tuple[Codes, Floats]:
    """Return (n, dim) int8 codes and (n,) float32 scales of rows."""
    scales = np.maximum(np.abs(vectors).max(axis=1, initial=0), 1e-12).astype(np.float32) / 127
    return np.round(vectors / scales[:, None]).astype(np.int8), scales


def _six_bits(codes: Codes, scales: Floats) -> tuple[Codes, Floats]:
    """Return codes from -31 to 31, and scales, of what has 8 bits; what had 6 bits and was given 8 is as it was."""
    return np.round(codes * np.float32(LARGEST / 127)).astype(np.int8), scales * np.float32(127 / LARGEST)


def encode_vector(vector: Floats) -> bytes:
    """Return a passage's vector."""
    codes, scales = _eight_bits(vector[None])
    return bytes(scales.tobytes() + codes.tobytes())


def decode_vector(data: bytes) -> Floats:
    """Return (dim,) float32 of what `encode_vector` returned."""
    scale: Floats = np.frombuffer(data, np.float32, 1)
    vector: Floats = scale * np.frombuffer(data, np.int8, offset=4)
    return vector


def decode_vectors(data: bytes, count: int) -> Floats:
    """Return (count, dim) float32 of what `encode_vector` returned, one behind the other."""
    stored = np.frombuffer(data, np.uint8).reshape(count, len(data) // max(1, count))
    scales = np.ascontiguousarray(stored[:, :4]).view(np.float32)
    vectors: Floats = stored[:, 4:].view(np.int8) * scales
    return vectors


def encode_rows(vectors: Floats) -> bytes:
    """Return (s, dim) rows in 6 bits with one float32 scale each, scales first."""
    codes, scales = _six_bits(*_eight_bits(vectors))
    shifted = np.pad((codes + 32).astype(np.uint8), ((0, 0), (0, -codes.shape[1] % 4)))
    upper, lower = shifted >> 2, shifted & 3
    pairs = upper[:, ::2] << 4 | upper[:, 1::2]
    fours = lower[:, ::4] << 6 | lower[:, 1::4] << 4 | lower[:, 2::4] << 2 | lower[:, 3::4]
    return bytes(scales.tobytes() + np.concatenate([pairs, fours], axis=1).tobytes())


def decode_rows(data: bytes, count: int, dim: int) -> tuple[Codes, Floats]:
    """Return (count, dim) int8 codes and (count,) float32 scales; ValueError where they do not fit."""
    fours = (dim + 3) // 4
    if len(data) != count * (4 + 3 * fours):
        raise ValueError(f"{len(data)} bytes do not fit {count} sentences of {dim} dimensions")
    scales: Floats = np.frombuffer(data, np.float32, count)
    packed = np.frombuffer(data, np.uint8, offset=scales.nbytes).reshape(count, 3 * fours)
    upper: Codes = _UPPER.take(packed[:, : 2 * fours]).view(np.int8)
    lower: Codes = _LOWER.take(packed[:, 2 * fours :]).view(np.int8)
    return (upper + lower)[:, :dim], scales


# Byte -> both upper parts of codes, and all four lower ones, as one number each: looked up in a tenth of the time that
# shifting takes.
_BYTES = np.arange(256)[:, None]
_UPPER = ((_BYTES >> [4, 0] & 15) * 4 - 32).astype(np.int8).view(np.int16)[:, 0]
_LOWER = (_BYTES >> [6, 4, 2, 0] & 3).astype(np.int8).view(np.int32)[:, 0]


def encode_tokens(vectors: PassageVectors) -> tuple[bytes, bytes]:
    """Return the sentences and the bits of a passage's tokens."""
    numbers = vectors.token_sentences.astype(np.uint16)
    firsts = np.flatnonzero(np.diff(numbers.astype(np.int64), prepend=-1))
    firsts = np.union1d(firsts, np.arange(0, len(numbers), 2**16 - 1))
    counts = np.diff(firsts, append=len(numbers)).astype(np.uint16)
    return np.stack([numbers[firsts], counts], axis=1).tobytes(), vectors.token_bits.tobytes()


def decode_tokens(sentences: bytes, bits: bytes) -> Tokens:
    """Return the bits and sentences of a passage's tokens as they were given; none for empty bytes."""
    runs = np.frombuffer(sentences, np.uint16).reshape(-1, 2)
    return _tokens(np.repeat(runs[:, 0], runs[:, 1]), bits)


def _tokens(numbers: NDArray[np.uint16], bits: bytes) -> Tokens:
    width = len(bits) // len(numbers) if len(numbers) else 0
    return np.frombuffer(bits, np.uint8).reshape(len(numbers), width), numbers


NO_TOKENS = decode_tokens(b"", b"")


# --- where bytes can only be kept as one text


def joined_sentences(passage: Passage, vectors: PassageVectors) -> str:
    """Return spans and rows of a passage's sentences, one behind the other, as ASCII."""
    codes, scales = _eight_bits(vectors.sentences)
    return _ascii(encode_spans(passage) + scales.tobytes() + codes.tobytes())


def split_sentences(text: str, dim: int) -> tuple[bytes, Codes, Floats]:
    """Return the spans of `joined_sentences`, and what `decode_rows` would; dim: of the vectors.

    ValueError where it is no base 64.
    """
    data = _bytes(text)
    count = len(data) // (dim + 12)  # of a sentence: 8 bytes of span, 4 of scale, one a dimension
    scales: Floats = np.frombuffer(data, np.float32, count, 8 * count)
    codes = np.frombuffer(data, np.int8, offset=12 * count).reshape(count, dim)
    return data[: 8 * count], *_six_bits(codes, scales)


def joined_tokens(vectors: PassageVectors) -> str:
    """Return the tokens of a passage as ASCII: their number (uint32), their sentences, their bits."""
    numbers = vectors.token_sentences.astype(np.uint16)
    return _ascii(np.uint32(len(numbers)).tobytes() + numbers.tobytes() + vectors.token_bits.tobytes())


def split_tokens(text: str) -> Tokens:
    """Return the tokens of `joined_tokens`."""
    data = _bytes(text)
    count = int(np.frombuffer(data, np.uint32, 1)[0])
    return _tokens(np.frombuffer(data, np.uint16, count, 4), data[4 + 2 * count :])


def _ascii(data: bytes) -> str:
    """Return bytes in base 64, which Python decodes thirty times faster than base 85."""
    return base64.b64encode(data).decode()


def _bytes(text: str) -> bytes:
    return base64.b64decode(text, validate=True)
