"""A handwritten encoder of another kind, and documents made ready for the store without a model."""

import re
import zlib
from collections.abc import Iterable, Iterator, Sequence
from functools import cache

import numpy as np

from retrieval import Library
from retrieval.embedding.base import PassageVectors, QuestionVectors, unit
from retrieval.ingest.chunking import split
from retrieval.ingest.files import from_memory
from retrieval.records import Document, Passage
from retrieval.storage.base import IndexedDocument
from retrieval.text.terms import STOP_WORDS, stem

_WORD = re.compile(r"\w+")


class HashedEncoder:
    """Every word has a random vector of its own; a text's vector is the mean of its words'. Needs no model."""

    dim = 64
    max_tokens = 200

    def __init__(self, fingerprint: str = "hashed-words") -> None:
        self.fingerprint = fingerprint

    def encode_questions(self, texts: Sequence[str]) -> np.ndarray:
        return np.stack([_mean(_words(text)) for text in texts])

    def question(self, text: str) -> QuestionVectors:
        kept = [word for word in _words(text) if word not in STOP_WORDS]
        return QuestionVectors(_mean(_words(text)), _vectors(kept), tuple(map(stem, kept)))

    def encode_passages(
        self, passages: Sequence[Passage], titles: Sequence[str]
    ) -> Iterator[tuple[int, PassageVectors]]:
        for index, (passage, title) in enumerate(zip(passages, titles, strict=True)):
            yield index, _passage(passage, title)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(_WORD.findall(text)) for text in texts]


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower())


@cache
def _vector(word: str) -> np.ndarray:
    random = np.random.RandomState(zlib.crc32(word.encode("utf-8", "surrogatepass")))
    return unit(random.standard_normal(HashedEncoder.dim).astype(np.float32))


def _vectors(words: Sequence[str]) -> np.ndarray:
    return np.array([_vector(word) for word in words], np.float32).reshape(len(words), HashedEncoder.dim)


def _mean(words: Sequence[str]) -> np.ndarray:
    return unit(_vectors(words).sum(axis=0) if words else np.zeros(HashedEncoder.dim))


def _passage(passage: Passage, title: str) -> PassageVectors:
    parts = [_words(passage.text[a - passage.start : b - passage.start]) for a, b in passage.sentences]
    tokens = [(word, number) for number, part in enumerate(parts) for word in part if word not in STOP_WORDS]
    bits = np.packbits(_vectors([word for word, _ in tokens]) > 0, axis=1)
    numbers = np.array([number for _, number in tokens], np.uint16)
    whole = _mean(_words(f"{title} {passage.heading} {passage.text}"))
    return PassageVectors(whole, np.stack([_mean(part) for part in parts]), bits, numbers)


def prepare(document: Document, file: tuple[int, int] | None = None) -> IndexedDocument:
    """Split and encode a document, as the store wants it."""
    encoder = HashedEncoder()
    passages = split(document, from_memory(document).blocks, encoder.count_tokens, encoder.max_tokens)
    vectors = dict(encoder.encode_passages(passages, [document.title] * len(passages)))
    return IndexedDocument(document, passages, [vectors[index] for index in range(len(passages))], file)


def scattered(doc_id: str, count: int, seed: int, metadata: dict | None = None) -> IndexedDocument:
    """Return a document of `count` one-word passages whose vectors are random: no two as close as another two."""
    text = "\n\n".join(f"word{number}" for number in range(count))
    spans = [match.span() for match in _WORD.finditer(text)]
    passages = [Passage(doc_id, n, a, b, text[a:b], ((a, b),)) for n, (a, b) in enumerate(spans, start=1)]
    rows = unit(np.random.RandomState(seed).standard_normal((count, HashedEncoder.dim)))
    nothing = np.zeros((0, HashedEncoder.dim // 8), np.uint8), np.zeros(0, np.uint16)
    vectors = [PassageVectors(row, row[None, :], *nothing) for row in rows]
    return IndexedDocument(Document(doc_id, "", text, metadata=metadata or {}), passages, vectors)


def numbered(number: int, version: int) -> Document:
    """Return a document of six paragraphs, one of which holds a word that no other document or version has."""
    filler = "The keeper weighs the hive in March. Bees shiver to stay warm, and a colony eats honey all winter. "
    paragraphs = [f"Hive {number} was weighed.", *[filler * 5] * 4, f"The mark is word{number}v{version}. It stays."]
    return Document(
        f"d{number}", f"Hive {number}", "\n\n".join(paragraphs), metadata={"version": version, "language": "en"}
    )


def about_bees(
    doc_id: str = "a1",
    text: str = "Honey bees do not hibernate. They shiver.\n\nA colony eats honey.",
    **fields: object,
) -> Document:
    """Return a document of two paragraphs and three sentences, unless another text is given."""
    return Document(doc_id, "Bees", text, **fields)


def assert_answers(library: Library, names: Iterable[str]) -> None:
    """Every named document is as `numbered` made it and answers for its own word."""
    for name in names:
        number = int(name[1:])
        assert library.document(name) == numbered(number, 0)
        assert library.ask(f"mark word{number}v0").citations[0].doc_id == name
