"""A question becomes ranked passages. Knows nothing about quotes, confidence or conversation.

Two steps. All candidates (nearest vectors and best BM25) are fused by z-scores of passage cosine, best-sentence cosine
and BM25: reciprocal rank fusion loses 2 to 10 points of nDCG@10 against that. The best of them are read more closely:
each question token's closest passage token (late interaction), and the share of the question's terms in one sentence.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retrieval.embedding import NO_SENTENCE, Floats, QuestionVectors
from retrieval.linalg import products
from retrieval.records import Hit
from retrieval.storage import Backend, Candidate, Candidates, runs
from retrieval.text import question_words

CANDIDATES = 200  # from each of the two indexes
MOST_WORDS = 64  # of a question that are searched in the full text
# Weights of z-scores. The first three are DESIGN.md's; the last two were chosen by the mean over xquad-r-en,
# squad2-dev-a, cranfield and mtrag-un-a, where 0.4 to 0.8 for alignment differ by less than 0.003 nDCG@10.
FIRST_WEIGHTS = {"passage": 0.6, "sentence": 0.6, "bm25": 0.4}
CLOSER_WEIGHTS = {"alignment": 0.6, "coverage": 0.2}
CLOSER = 30  # passages read more closely
FIRST = 100.0  # keeps the closely read ones above the others


@dataclass(frozen=True, slots=True)
class Ranked:
    """A candidate with its signals.

    sentences: (s, 3) cosine and support of each sentence, for quoting, and the cosine of the question token that is
    least like anything in it.
    """

    candidate: Candidate
    score: float
    signals: dict[str, float]
    sentences: Floats

    def hit(self, rank: int) -> Hit:
        """Return what is shown of it."""
        passage = self.candidate.passage
        best = passage.sentences[int(self.sentences[:, 0].argmax())]
        return Hit(passage, self.score, rank, self.signals, best)


@dataclass(frozen=True, slots=True)
class _Pool:
    """All candidates of a question, and how each compares with it.

    signals: (n,) each, as in FIRST_WEIGHTS. sentences: (s, 3) of all their sentences one after another, as in Ranked;
    of those that are not read closely, all but the cosine is 0.
    """

    candidates: Candidates
    signals: Mapping[str, NDArray[Any]]
    sentences: Floats

    def ranked(self, i: int, score: float, closer: dict[str, float]) -> Ranked:
        """Return one of them as a result; closer: its other signals."""
        own = {name: float(values[i]) for name, values in self.signals.items()}
        starts = self.candidates.starts
        return Ranked(self.candidates[i], score, own | closer, self.sentences[starts[i] : starts[i + 1]])


def rank(store: Backend, question: str, encoded: QuestionVectors, k: int, where: Mapping[str, Any]) -> list[Ranked]:
    """Return the best `k` passages for a question, best first. where: see Library.search."""
    words = question_words(question)[:MOST_WORDS]
    candidates, lexical = store.passages.find(words, encoded.vector, max(CANDIDATES, k), where)
    if not candidates:
        return []
    pool = _compared(candidates, lexical, encoded.vector)
    first = _fused(pool.signals, FIRST_WEIGHTS)
    order = np.argsort(-first, kind="stable")
    top, rest = order[:CLOSER], order[CLOSER:k].tolist()
    closer = _read(store, encoded, words, pool, top)
    scores = FIRST + first[top] + _fused(closer, CLOSER_WEIGHTS)
    read = [
        pool.ranked(int(top[i]), float(scores[i]), {name: float(values[i]) for name, values in closer.items()})
        for i in np.argsort(-scores, kind="stable")[:k].tolist()
    ]
    return read + [pool.ranked(i, float(first[i]), {}) for i in rest]


def _compared(candidates: Candidates, lexical: Mapping[int, float], question: Floats) -> _Pool:
    """Compare all candidates with a question's vector at once."""
    sentences = np.zeros((candidates.starts[-1], 3), np.float32)
    sentences[:, 0] = candidates.sentence_products(question)
    signals = {
        "passage": candidates.passage_products(question),
        "sentence": np.maximum.reduceat(sentences[:, 0], candidates.starts[:-1]),
        "bm25": np.array([lexical.get(number, 0.0) for number in candidates.ids]),
    }
    return _Pool(candidates, signals, sentences)


def merged(rankings: Sequence[Sequence[Ranked]], weights: Sequence[float]) -> list[Ranked]:
    """Fuse rankings of several readings of a question by their weighted mean score, best first.

    A passage keeps the signals that the first of the rankings that holds it gives, and its sentences the weighted mean
    of theirs; one that does not hold it counts with its lowest score there.
    """
    shares = np.array(weights, np.float32) / sum(weights)
    found: dict[int, Ranked] = {}
    sentences: dict[int, Floats] = {}
    for ranking, share in reversed(list(zip(rankings, shares, strict=True))):
        found |= {item.candidate.id: item for item in ranking}
        for item in ranking:
            sentences[item.candidate.id] = sentences.get(item.candidate.id, 0) + share * item.sentences
    totals = dict.fromkeys(found, 0.0)
    for ranking, share in zip(rankings, shares, strict=True):
        scores = {item.candidate.id: item.score - FIRST * (item.score > FIRST / 2) for item in ranking}
        least = min(scores.values(), default=0.0)
        for number in totals:
            totals[number] += float(share) * scores.get(number, least)
    items = (replace(item, score=totals[number], sentences=sentences[number]) for number, item in found.items())
    return sorted(items, key=lambda item: -item.score)


def _fused(signals: Mapping[str, NDArray[Any]], weights: Mapping[str, float]) -> NDArray[Any]:
    """Add weighted z-scores; a signal that is the same everywhere adds nothing."""
    values = np.array([signals[name] for name in weights], float)
    values -= values.mean(axis=1, keepdims=True)
    spread = np.sqrt((values**2).mean(axis=1))
    values *= (np.array(list(weights.values())) / np.maximum(spread, 1e-9))[:, None]
    fused: NDArray[Any] = values.sum(axis=0)
    return fused


def _read(
    store: Backend, encoded: QuestionVectors, words: Sequence[str], pool: _Pool, top: NDArray[np.int64]
) -> dict[str, NDArray[Any]]:
    """Read candidates closely: alignment over the whole passage, coverage in its best sentence.

    Returns (len(top),) each, and fills in the support of their sentences.
    """
    idf = store.passages.idf(words)
    weights = np.array(list(idf.values()), np.float32) / (sum(idf.values()) or 1.0)
    near = [pool.candidates[i] for i in top.tolist()]
    rows, places = runs(pool.candidates.starts, top)
    starts = places[:-1]
    held = _held(near, starts, list(idf), len(rows))
    alignment, closest = _aligned(store, encoded.tokens, near, starts, len(rows))
    tokens = [[index for index, term in enumerate(encoded.terms) if term == own] for own in idf]
    pool.sentences[rows, 1] = _support(held, closest, tokens) @ weights
    pool.sentences[rows, 2] = closest.min(axis=1) if closest.shape[1] else 0
    return {"alignment": alignment, "coverage": np.maximum.reduceat(held @ weights, starts)}


def _held(near: Sequence[Candidate], starts: NDArray[np.int64], terms: Sequence[str], sentences: int) -> Floats:
    """Return (sentences, terms): 1 where a sentence holds a term, else 0. starts: as in `_aligned`."""
    held = np.zeros((sentences, len(terms)), np.float32)
    for column, term in enumerate(terms):
        at = [first + own for c, first in zip(near, starts.tolist(), strict=True) for own in c.holding.get(term, ())]
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


def _aligned(
    store: Backend, question: Floats, near: Sequence[Candidate], starts: NDArray[np.int64], sentences: int
) -> tuple[Floats, Floats]:
    """Return (n,) the alignment of each passage, and (s, t) the cosine of the token closest to each of the question's.

    starts: (n,) where the sentences of each passage begin, of `sentences` in all. The passage tokens are signs of
    rotated vectors: <q, sign(x)> / sqrt(dim) estimates sqrt(2 / pi) cos(q, x).
    """
    alignment, closest = np.zeros(len(near), np.float32), np.zeros((sentences, len(question)), np.float32)
    tokens = store.passages.tokens([candidate.id for candidate in near])
    found = [(i, *tokens[candidate.id]) for i, candidate in enumerate(near) if len(tokens[candidate.id][0])]
    if not found or not len(question):
        return alignment, closest
    signs = np.unpackbits(np.concatenate([bits for _, bits, _ in found]), axis=1, count=question.shape[1])
    cosines = 2 * products(signs, question) - question.sum(axis=1)
    cosines *= np.sqrt(np.pi / 2 / question.shape[1])
    owner = np.repeat([i for i, _, _ in found], [len(numbers) for _, _, numbers in found])
    sentence = np.concatenate([numbers for _, _, numbers in found]).astype(np.int64)
    runs = np.flatnonzero(np.diff(owner, prepend=-1) | np.diff(sentence, prepend=-1))
    by_run = np.maximum.reduceat(cosines, runs, axis=0)  # the tokens of a sentence are next to each other
    owner, sentence = owner[runs], sentence[runs]
    alignment[[i for i, _, _ in found]] = np.maximum.reduceat(
        by_run, np.flatnonzero(np.diff(owner, prepend=-1)), axis=0
    ).mean(axis=1)
    known = sentence < NO_SENTENCE
    closest[(starts[owner] + sentence)[known]] = by_run[known]
    return alignment, closest
