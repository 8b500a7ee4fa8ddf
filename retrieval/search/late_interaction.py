"""Candidates are compared with the question token by token: late interaction (ColBERT, Khattab et al., 2020)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from retrieval.embedding import NO_SENTENCE, Floats, QuestionVectors
from retrieval.linalg import products
from retrieval.storage import Backend, Candidate, Candidates, runs


@dataclass(frozen=True, slots=True)
class Closeness:
    """How some candidates compare with a question.

    signals: (n,) each: "maxsim", the mean cosine of each question token with its closest passage token, and
    "coverage", the share of the question's terms, by idf, in the passage's best sentence.
    starts: (n + 1,) where the sentences of each begin.
    support, weakest: (s,) of all their sentences one after another, as in `SentenceSignals`.
    """

    signals: Mapping[str, Floats]
    starts: NDArray[np.int64]
    support: Floats
    weakest: Floats


def compare(
    backend: Backend, words: Sequence[str], embedding: QuestionVectors, candidates: Candidates, near: Sequence[int]
) -> Closeness:
    """Compare the candidates at some places with a question."""
    idf = backend.passages.idf(words)
    weights = np.array(list(idf.values()), np.float32) / (sum(idf.values()) or 1.0)
    items = [candidates[place] for place in near]
    rows, starts = runs(candidates.starts, np.array(near))
    holding = [candidate.holding(backend.passages.analysis) for candidate in items]
    held = _held(holding, starts[:-1], list(idf), len(rows))
    maxsim, closest = _maxsim(backend, embedding.tokens, items, starts[:-1], len(rows))
    held_by = [set(terms.split()) for terms in embedding.terms]
    tokens = [[index for index, terms in enumerate(held_by) if own in terms] for own in idf]
    return Closeness(
        {"maxsim": maxsim, "coverage": np.maximum.reduceat(held @ weights, starts[:-1])},
        starts,
        _support(held, closest, tokens) @ weights,
        closest.min(axis=1) if closest.shape[1] else np.zeros(len(rows), np.float32),
    )


def _held(
    holding: Sequence[Mapping[str, list[int]]], starts: NDArray[np.int64], terms: Sequence[str], sentences: int
) -> Floats:
    """Return (sentences, terms): 1 where a sentence holds a term, else 0. starts: as in `_maxsim`."""
    held = np.zeros((sentences, len(terms)), np.float32)
    for column, term in enumerate(terms):
        at = [first + own for each, first in zip(holding, starts.tolist(), strict=True) for own in each.get(term, ())]
        held[at, column] = 1
    return held


def _support(held: Floats, closest: Floats, tokens: Sequence[Sequence[int]]) -> Floats:
    """Return (s, terms): 1 where a sentence holds a term, else the cosine of the token closest to it, 0 at the least.

    held: (s, terms) 0 or 1. closest: (s, t) cosine of each question token. tokens: which of those belong to each term.
    """
    support = held.copy()
    for column, own in enumerate(tokens):
        if own:
            support[:, column] = np.maximum(held[:, column], closest[:, own].max(axis=1))
    return support


def _maxsim(
    backend: Backend, question: Floats, items: Sequence[Candidate], starts: NDArray[np.int64], sentences: int
) -> tuple[Floats, Floats]:
    """Return (n,) the maxsim of each passage, and (s, t) the cosine of the token closest to each of the question's.

    starts: (n,) where the sentences of each passage begin, of `sentences` in all. The passage tokens are signs of
    rotated vectors: <q, sign(x)> / sqrt(b) estimates sqrt(2 / pi) cos(q, x) from b dimensions, as many as all have:
    what was encoded by earlier versions has more.
    """
    maxsim, closest = np.zeros(len(items), np.float32), np.zeros((sentences, len(question)), np.float32)
    tokens = backend.passages.tokens([candidate.id for candidate in items])
    found = [(i, *tokens[candidate.id]) for i, candidate in enumerate(items) if len(tokens[candidate.id][0])]
    if not found or not len(question):
        return maxsim, closest
    width = min(question.shape[1], 8 * min(bits.shape[1] for _, bits, _ in found))
    question = question[:, :width] * np.float32((question.shape[1] / width) ** 0.5)
    packed = np.concatenate([bits[:, : (width + 7) // 8] for _, bits, _ in found])
    cosines = 2 * products(np.unpackbits(packed, axis=1, count=width), question) - question.sum(axis=1)
    cosines *= np.sqrt(np.pi / 2 / width)
    owner = np.repeat([i for i, _, _ in found], [len(numbers) for _, _, numbers in found])
    sentence = np.concatenate([numbers for _, _, numbers in found]).astype(np.int64)
    firsts = np.flatnonzero(np.diff(owner, prepend=-1) | np.diff(sentence, prepend=-1))
    by_sentence = np.maximum.reduceat(cosines, firsts, axis=0)  # the tokens of a sentence are next to each other
    owner, sentence = owner[firsts], sentence[firsts]
    maxsim[[i for i, _, _ in found]] = np.maximum.reduceat(
        by_sentence, np.flatnonzero(np.diff(owner, prepend=-1)), axis=0
    ).mean(axis=1)
    known = sentence < NO_SENTENCE
    closest[(starts[owner] + sentence)[known]] = by_sentence[known]
    return maxsim, closest
