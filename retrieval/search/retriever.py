"""A question becomes ranked passages, in two steps.

All candidates (nearest embeddings and best BM25) are fused by passage cosine, best-sentence cosine and BM25. The best
of them are reranked by each question token's closest passage token, and by the share of the question's terms in one
sentence.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retrieval.embedding import Floats, QuestionVectors
from retrieval.errors import QuestionError
from retrieval.search.fusion import fused
from retrieval.search.languages import in_others, is_foreign, without_words
from retrieval.search.late_interaction import Closeness, compare
from retrieval.search.results import Ranked, SentenceSignals
from retrieval.storage import Backend, Candidates
from retrieval.text import asked, words

CANDIDATES = 200  # from each of the two indexes
MOST_TERMS = 128  # of a question that are searched in the full text
# Weights of z-scores. The first three are DESIGN.md's; the last two were chosen by the mean over xquad-r-en,
# squad2-dev-a, cranfield and mtrag-un-a, where 0.4 to 0.8 for maxsim differ by less than 0.003 nDCG@10.
FIRST_WEIGHTS = {"passage": 0.6, "sentence": 0.6, "bm25": 0.4}
RERANK_WEIGHTS = {"maxsim": 0.6, "coverage": 0.2}
# Of questions in a language that the model does not know: words first. With the default model in the mean of 298
# questions each of xquad-r-de, -es, -ru, -zh and -ar .876 against .721; near weights differ by less than .001.
FOREIGN_WEIGHTS = {"passage": 0.2, "sentence": 0.2, "bm25": 1.0}
FOREIGN_RERANK_WEIGHTS = {"maxsim": 0.2, "coverage": 0.4}
RERANKED = 30  # passages


def rank(
    backend: Backend, question: str, embedding: QuestionVectors, k: int, where: Mapping[str, Any],
    languages: Collection[str] = (),
) -> list[Ranked]:  # fmt: skip
    """Return the best `k` passages for a question, best first; QuestionError where k is below 1.

    embedding: the question's. where: see Library.search. languages: that the model knows, none for any.
    """
    if k < 1:
        raise QuestionError(f"k is {k}; expected 1 or more")
    analysis, left = backend.passages.analysis, asked(question)
    terms, letters = (list(dict.fromkeys(words(made(left)))) for made in (analysis.indexed, analysis.letters))
    candidates, bm25 = backend.passages.find(terms[:MOST_TERMS], embedding.vector, max(CANDIDATES, k), where)
    if not candidates:
        return []
    found = _compared(candidates, bm25, embedding)
    own = [candidate.passage.language for candidate in candidates[:]]
    foreign, others = is_foreign(question, own, languages), in_others(question, own, languages)
    first = fused(without_words(found.signals, others), FOREIGN_WEIGHTS if foreign else FIRST_WEIGHTS)
    order = np.argsort(-first, kind="stable")
    near, rest = order[:RERANKED].tolist(), order[RERANKED:k].tolist()
    close = compare(backend, letters[:MOST_TERMS], embedding, candidates, near)
    second = fused(without_words(close.signals, others[near]), FOREIGN_RERANK_WEIGHTS if foreign else RERANK_WEIGHTS)
    scores = first[near] + second
    behind = float(second.min())  # the rest are no closer than the least close: none scores above one before it
    best = np.lexsort((np.array(candidates.ids)[near], -scores))[:k].tolist()  # of copies the first that was added
    return [found.reranked(near[place], float(scores[place]), close, place) for place in best] + [
        found.ranked(i, float(first[i]) + behind, behind) for i in rest
    ]


@dataclass(frozen=True, slots=True)
class _Compared:
    """All candidates of a question, and how they compare with it.

    signals: (n,) each, as in FIRST_WEIGHTS. cosines: (s,) of all their sentences one after another.
    """

    candidates: Candidates
    signals: Mapping[str, NDArray[Any]]
    cosines: Floats

    def reranked(self, i: int, score: float, close: Closeness, place: int) -> Ranked:
        """Return one of them as a result. place: its among those that were compared closely."""
        own, span = self._own(i), slice(close.starts[place], close.starts[place + 1])
        closer = {name: float(values[place]) for name, values in close.signals.items()}
        sentences = SentenceSignals(self._cosines(i), close.support[span], close.weakest[span])
        return Ranked(self.candidates[i], score, own | closer, sentences)

    def ranked(self, i: int, score: float, behind: float) -> Ranked:
        """Return one that was not compared closely."""
        cosines = self._cosines(i)
        nothing = np.zeros_like(cosines)
        return Ranked(self.candidates[i], score, self._own(i), SentenceSignals(cosines, nothing, nothing), behind)

    def _own(self, i: int) -> dict[str, float]:
        return {name: float(values[i]) for name, values in self.signals.items()}

    def _cosines(self, i: int) -> Floats:
        return self.cosines[self.candidates.starts[i] : self.candidates.starts[i + 1]]


def _compared(candidates: Candidates, bm25: Mapping[int, float], embedding: QuestionVectors) -> _Compared:
    """Compare all candidates with a question's embedding at once."""
    cosines = candidates.sentence_products(embedding.vector).astype(np.float32, copy=False)
    signals = {
        "passage": candidates.passage_products(embedding.vector),
        "sentence": np.maximum.reduceat(cosines, candidates.starts[:-1]),
        "bm25": np.array([bm25.get(number, 0.0) for number in candidates.ids]),
    }
    return _Compared(candidates, signals, cosines)
