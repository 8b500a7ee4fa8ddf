"""What an encoder is, and the vectors that it gives: of questions, passages, sentences and tokens.

One forward pass over a passage gives the vectors of its tokens. Their mean is the passage vector, their mean over a
sentence is that sentence's vector (late chunking, Günther et al., 2024), and their signs (see `binary`) serve late
interaction with a question's tokens (ColBERT, Khattab and Zaharia, 2020).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from retrieval.linalg import Floats
from retrieval.records import Passage
from retrieval.text import WORDS, Analysis

NO_SENTENCE = 65_535  # in PassageVectors.token_sentences: the token stands before the first sentence


@dataclass(frozen=True, slots=True)
class QuestionVectors:
    """The vectors of one question.

    vector: (dim,) unit. tokens: (t, b) vectors of the question's content tokens, rotated, in b of the dimensions and
    scaled so that they are of length one on average; t may be 0.

    terms: of the word that each of the tokens belongs to, as the full text counts them, joined by blanks.
    """

    vector: Floats
    tokens: Floats
    terms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PassageVectors:
    """What is stored for one passage.

    vector: (dim,) unit. sentences: (s, dim) unit rows. token_bits: (t, b / 8) uint8, signs of the rotated token
    vectors in the first b dimensions. token_sentences: (t,) uint16, the sentence of each token.
    """

    vector: Floats
    sentences: Floats
    token_bits: NDArray[np.uint8]
    token_sentences: NDArray[np.uint16]


class Encoder(Protocol):
    """What a library needs of a model.

    fingerprint: changes whenever vectors would. dim: of every vector. max_tokens: of one passage, special ones not
    counted. languages (may be missing): ISO 639 codes of those that it was trained on, none for any. analysis (may be
    missing): how texts become terms of the full text. name (may be missing): as in `Settings.model`.
    """

    fingerprint: str
    dim: int
    max_tokens: int

    def encode_questions(self, texts: Sequence[str]) -> Floats:
        """Return (n, dim) unit rows."""

    def question(self, text: str) -> QuestionVectors:
        """Return the question's vector and those of its content tokens."""

    def encode_passages(
        self, passages: Sequence[Passage], titles: Sequence[str]
    ) -> Iterator[tuple[int, PassageVectors]]:
        """Yield (index, vectors), not in order; the title and heading are read before the passage, where they fit."""

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Return the number of tokens of each text, without special ones."""


def languages_of(model: object) -> frozenset[str]:
    """Return the languages that an encoder or a reader knows, none for any."""
    return frozenset(getattr(model, "languages", ()))


def encoder_name(encoder: object) -> str:
    """Return the name of an encoder, by which the confidence is fitted: "" for the packaged one."""
    return str(getattr(encoder, "name", ""))


def analysis_of(encoder: object) -> Analysis:
    """Return how texts become terms with an encoder: by its tokenizer's pieces, or by words where it has none."""
    made: Analysis = getattr(encoder, "analysis", WORDS)
    return made


def unit(vectors: Floats) -> Floats:
    """Scale rows to length one; rows of zeros stay."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    scaled: Floats = (vectors / np.maximum(lengths, 1e-12)).astype(np.float32)
    return scaled
