"""Ranked passages become quotes, and quotes citations."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from retrieval.answering.attribution import attribute
from retrieval.records import Citation, Passage
from retrieval.search import Ranked
from retrieval.storage import Backend

PASSAGES = 5  # that quotes are taken from
QUOTES = 3  # at the most; a quote is a run of adjacent sentences
SENTENCES = 5  # quoted at the most
# Log-odds that a sentence holds the answer: of its cosine and support, and of its passage's distance behind the
# first. Near what logistic regression gives on squad2-dev-a without the paragraphs that xquad-r-en shares with it
# (python -m eval fit); there 0.88 of the answers lie in a quote, against 0.72 for the best sentence alone.
QUOTE_WEIGHTS = (0.1, 7.8)
QUOTE_GAP = 0.7
QUOTE_MARGIN = 2.6  # log-odds behind the best sentence within which others are quoted too


@dataclass(frozen=True, slots=True)
class Quote:
    """A run of whole sentences: numbers first to last of a ranked passage, and its log-odds."""

    passage: Passage
    first: int
    last: int
    score: float

    @property
    def span(self) -> tuple[int, int]:
        """Where it stands in the document."""
        return self.passage.sentences[self.first][0], self.passage.sentences[self.last][1]

    @property
    def text(self) -> str:
        """The words themselves."""
        start, end = self.span
        return self.passage.text[start - self.passage.start : end - self.passage.start]


def choose(ranked: Sequence[Ranked]) -> list[Quote]:
    """Choose the sentences that are about as good as the best, none twice; join neighbours. Best first."""
    weights = np.array(QUOTE_WEIGHTS)
    scores = [
        np.stack([item.sentences.cosine, item.sentences.support], axis=1) @ weights
        + QUOTE_GAP * (item.score - ranked[0].score)
        for item in ranked[:PASSAGES]
    ]
    least = max((float(own.max()) for own in scores), default=0.0) - QUOTE_MARGIN
    sentences = [
        Quote(item.candidate.passage, number, number, score)
        for item, own in zip(ranked, scores, strict=False)
        for number, score in enumerate(own.tolist())
        if score >= least
    ]
    sentences.sort(key=lambda quote: -quote.score)
    chosen: list[Quote] = []
    seen: set[str] = set()
    for quote in sentences:
        if len(chosen) == SENTENCES:
            break
        words = " ".join(quote.text.casefold().split())
        if words not in seen and len(_joined([*chosen, quote])) <= QUOTES:
            seen.add(words)
            chosen.append(quote)
    return _joined(chosen)


def _joined(quotes: Sequence[Quote]) -> list[Quote]:
    """Make one quote of adjacent sentences of the same passage; best first."""
    runs: list[Quote] = []
    for quote in sorted(quotes, key=lambda q: (q.passage.doc_id, q.span)):
        if runs and runs[-1].passage == quote.passage and runs[-1].last + 1 == quote.first:
            runs[-1] = Quote(quote.passage, runs[-1].first, quote.last, max(runs[-1].score, quote.score))
        else:
            runs.append(quote)
    return sorted(runs, key=lambda q: -q.score)


def cite(backend: Backend, quotes: Sequence[Quote]) -> tuple[Citation, ...]:
    """Make citations, each checked against the stored text; a quote that is not there (any more) is dropped."""
    citations: list[Citation] = []
    for quote in quotes:
        header = backend.documents.header(quote.passage.doc_id)
        if header is None or backend.documents.text_at(quote.passage.doc_id, *quote.span) != quote.text:
            continue
        number = len(citations) + 1
        citations.append(
            Citation(number, header.doc_id, header.title or header.doc_id, quote.passage.locate(*quote.span),
                     *quote.span, quote.text, header.source, header.sha256,
                     **attribute(quote.passage, quote.span)._asdict())
        )  # fmt: skip
    return tuple(citations)
