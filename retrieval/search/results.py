"""Ranked passages, with what speaks for each of their sentences."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from retrieval.embedding import Floats
from retrieval.records import Hit
from retrieval.storage import Candidate

QUOTED = -1.0  # cosine and support of a sentence that is not to be chosen


@dataclass(frozen=True, slots=True)
class SentenceSignals:
    """How the sentences of a passage compare with the question; (s,) float32 each, higher is better.

    cosine: of the sentence's embedding. support: share of the question's terms that it holds, by idf; a term that it
    lacks counts by its closest token. weakest: cosine of the question token that is least like anything in it.
    Support and weakest are 0 where the passage was not reranked.
    """

    cosine: Floats
    support: Floats
    weakest: Floats

    def scaled(self, weight: float) -> "SentenceSignals":
        """Return them times a weight."""
        return SentenceSignals(weight * self.cosine, weight * self.support, weight * self.weakest)

    def plus(self, other: "SentenceSignals") -> "SentenceSignals":
        """Return the sums of two of the same passage."""
        cosine, support = self.cosine + other.cosine, self.support + other.support
        return SentenceSignals(cosine, support, self.weakest + other.weakest)

    def masked(self, hidden: NDArray[np.bool_]) -> "SentenceSignals":
        """Return them so that hidden sentences are not chosen. hidden: (s,)."""
        values = (self.cosine, self.support, self.weakest)
        return SentenceSignals(*(np.where(hidden, QUOTED, own).astype(np.float32) for own in values))


@dataclass(frozen=True, slots=True)
class Ranked:
    """A candidate with its score and signals, both as in `Hit`.

    behind: what of the score keeps it behind those that were reranked, where it was not.
    """

    candidate: Candidate
    score: float
    signals: dict[str, float]
    sentences: SentenceSignals
    behind: float = 0.0

    def hit(self, rank: int) -> Hit:
        """Return what is shown of it; LibraryDamagedError where that is not as it was written."""
        self.candidate.check()
        passage = self.candidate.passage
        best = passage.sentences[int(self.sentences.cosine.argmax())]
        return Hit(passage, self.score, rank, self.signals, best)


def without(ranked: Sequence[Ranked], quoted: Sequence[str]) -> list[Ranked]:
    """Return ranked passages so that no sentence of these quotes is chosen again; those quoted whole are left out."""
    seen = ((item, np.array(_seen(item, quoted))) for item in ranked)
    return [replace(item, sentences=item.sentences.masked(own)) for item, own in seen if not own.all()]


def _seen(item: Ranked, quoted: Sequence[str]) -> list[bool]:
    """Tell of each sentence of a passage whether a quote holds it."""
    passage = item.candidate.passage
    texts = (passage.text[a - passage.start : b - passage.start] for a, b in passage.sentences)
    return [any(text in quote for quote in quoted) for text in texts]
