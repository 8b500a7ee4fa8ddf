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

from retrieval.backend import Backend, Candidate
from retrieval.encoder import NO_SENTENCE, Floats, QuestionVectors
from retrieval.records import Hit
from retrieval.terms import question_words

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
    """A candidate with its signals. sentences: (s, 2) cosine and support of each sentence, for quoting."""

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
class _Reading:
    """What reading one passage closely gave; sentences as in Ranked."""

    alignment: float
    coverage: float
    sentences: Floats


def rank(store: Backend, question: str, encoded: QuestionVectors, k: int, where: Mapping[str, Any]) -> list[Ranked]:
    """Return the best `k` passages for a question, best first. where: see Library.search."""
    words = question_words(question)[:MOST_WORDS]
    candidates, lexical = store.find(words, encoded.vector, max(CANDIDATES, k), where)
    if not candidates:
        return []
    ends = np.cumsum([len(candidate.sentence_vectors) for candidate in candidates])
    by_sentence = np.concatenate([candidate.sentence_vectors for candidate in candidates]) @ encoded.vector
    cosines = np.split(by_sentence, ends[:-1])
    signals = {
        "passage": np.stack([candidate.vector for candidate in candidates]) @ encoded.vector,
        "sentence": np.maximum.reduceat(by_sentence, np.concatenate([[0], ends[:-1]])),
        "bm25": np.array([lexical.get(candidate.id, 0.0) for candidate in candidates]),
    }
    first = _fused(signals, FIRST_WEIGHTS)
    order = np.argsort(-first, kind="stable")
    top, rest = order[:CLOSER], order[CLOSER:k]
    readings = _read(store, encoded, words, [candidates[i] for i in top], [cosines[i] for i in top])
    closer = {name: np.array([getattr(reading, name) for reading in readings]) for name in CLOSER_WEIGHTS}
    scores = FIRST + first[top] + _fused(closer, CLOSER_WEIGHTS)

    def ranked(i: int, score: float, extra: dict[str, float], sentences: Floats) -> Ranked:
        own = {name: float(values[i]) for name, values in signals.items()}
        return Ranked(candidates[i], float(score), own | extra, sentences)

    read = [
        ranked(i, score, {"alignment": reading.alignment, "coverage": reading.coverage}, reading.sentences)
        for i, score, reading in zip(top, scores, readings, strict=True)
    ]
    unread = [ranked(i, first[i], {}, np.pad(cosines[i][:, None], ((0, 0), (0, 1)))) for i in rest]
    return [*sorted(read, key=lambda item: -item.score), *unread][:k]


def merged(rankings: Sequence[Sequence[Ranked]], weights: Sequence[float]) -> list[Ranked]:
    """Fuse rankings of several readings of a question by their weighted mean score, best first.

    A passage keeps the signals that the first of the rankings that holds it gives; one that does not hold it counts
    with its lowest score there.
    """
    found: dict[int, Ranked] = {}
    for ranking in reversed(rankings):
        found |= {item.candidate.id: item for item in ranking}
    totals = dict.fromkeys(found, 0.0)
    for ranking, share in zip(rankings, np.array(weights) / sum(weights), strict=True):
        scores = {item.candidate.id: item.score - FIRST * (item.score > FIRST / 2) for item in ranking}
        least = min(scores.values(), default=0.0)
        for number in totals:
            totals[number] += float(share) * scores.get(number, least)
    items = (replace(item, score=totals[number]) for number, item in found.items())
    return sorted(items, key=lambda item: -item.score)


def _fused(signals: Mapping[str, NDArray[Any]], weights: Mapping[str, float]) -> NDArray[Any]:
    """Add weighted z-scores; a signal that is the same everywhere adds nothing."""
    total = np.zeros(len(next(iter(signals.values()))))
    for name, weight in weights.items():
        values = signals[name]
        total += weight * (values - values.mean()) / max(float(values.std()), 1e-9)
    return total


def _read(
    store: Backend, encoded: QuestionVectors, words: Sequence[str], top: Sequence[Candidate], cosines: Sequence[Floats]
) -> list[_Reading]:
    """Read candidates closely: alignment over the whole passage, coverage in its best sentence."""
    rarity = store.rarity(words)
    weights = np.array(list(rarity.values()), np.float32) / (sum(rarity.values()) or 1.0)
    tokens = [[index for index, term in enumerate(encoded.terms) if term == own] for own in rarity]
    readings = []
    for candidate, values, (whole, closest) in zip(top, cosines, _alignments(store, encoded.tokens, top), strict=True):
        held = np.array([[term in own for term in rarity] for own in candidate.sentence_stems], np.float32)
        support = _support(held.reshape(len(values), len(rarity)), closest, tokens) @ weights
        sentences = np.stack([values, support], axis=1).astype(np.float32)
        readings.append(_Reading(whole, float((held @ weights).max()), sentences))
    return readings


def _support(held: Floats, closest: Floats, tokens: Sequence[Sequence[int]]) -> Floats:
    """Return (s, terms): 1 where a sentence holds a term, else the cosine of the token closest to it, 0 at the least.

    held: (s, terms) 0 or 1. closest: (s, t) cosine of each question token. tokens: which of those belong to each term.
    """
    support = held.copy()
    for column, own in enumerate(tokens):
        if own:
            support[:, column] = np.maximum(held[:, column], closest[:, own].max(axis=1))
    return support


def _alignments(store: Backend, question: Floats, top: Sequence[Candidate]) -> list[tuple[float, Floats]]:
    """Return, for each passage, its alignment, and (s, t) the cosine of the token closest to each of the question's.

    The passage tokens are signs of rotated vectors: <q, sign(x)> / sqrt(dim) estimates sqrt(2 / pi) cos(q, x).
    """
    results = [(0.0, np.zeros((len(candidate.passage.sentences), len(question)), np.float32)) for candidate in top]
    tokens = store.tokens([candidate.id for candidate in top])
    found = [(i, *tokens[candidate.id]) for i, candidate in enumerate(top) if len(tokens[candidate.id][0])]
    if not found or not len(question):
        return results
    signs = np.unpackbits(np.concatenate([bits for _, bits, _ in found]), axis=1, count=question.shape[1])
    products = 2 * (signs.astype(np.float32) @ question.T) - question.sum(axis=1)
    cosines = products * np.sqrt(np.pi / 2 / question.shape[1])
    owner = np.repeat([i for i, _, _ in found], [len(numbers) for _, _, numbers in found])
    sentence = np.concatenate([numbers for _, _, numbers in found])
    runs = np.flatnonzero(np.diff(owner, prepend=-1) | np.diff(sentence.astype(int), prepend=-1))
    by_run = np.maximum.reduceat(cosines, runs, axis=0)  # the tokens of a sentence are next to each other
    whole = np.maximum.reduceat(by_run, np.flatnonzero(np.diff(owner[runs], prepend=-1)), axis=0).mean(axis=1)
    for (i, _, _), value in zip(found, whole.tolist(), strict=True):
        results[i] = (value, results[i][1])
    for i, number, value in zip(owner[runs], sentence[runs], by_run, strict=True):
        if number < NO_SENTENCE:
            results[i][1][number] = value
    return results
