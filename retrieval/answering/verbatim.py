"""A pasted text is found where it stands, word for word.

White space, kinds of quotation marks and of dashes may differ; nothing else may.
"""

import re
from collections.abc import Sequence
from dataclasses import replace

from retrieval.answering.quotes import Quote
from retrieval.search import Ranked
from retrieval.storage import Backend

BESIDE = 3  # sentences next to a quote, at the most
DOCUMENTS = 3  # of the best passages that are looked through
_FOLDED = str.maketrans("’‘‚“”„«»–—‑−", '\'\'\'"""""----')
_AROUND = " \t\r\n\"'“”‘’«»…."


def located(backend: Backend, ranked: Sequence[Ranked], message: str) -> list[Quote]:
    """Return the sentences that a pasted text covers, in order, from the first document that holds it; else none."""
    parts = message.translate(_FOLDED).strip(_AROUND).split()
    pattern = re.compile(r"\s+".join(map(re.escape, parts)))
    for doc_id in list(dict.fromkeys(item.candidate.passage.doc_id for item in ranked))[:DOCUMENTS]:
        document = backend.documents.get(doc_id)
        found = pattern.search(document.text.translate(_FOLDED)) if document else None
        if found:
            return _covered(backend, doc_id, *found.span())
    return []


def beside(quotes: Sequence[Quote]) -> list[Quote]:
    """Return the sentences behind a quote in its passage, or where it ends that, those before it; none of no quote."""
    if not quotes:
        return []
    quote = quotes[-1]
    last = len(quote.passage.sentences) - 1
    if quote.last < last:
        return [replace(quote, first=quote.last + 1, last=min(last, quote.last + BESIDE))]
    first = quotes[0]
    return [replace(first, first=max(0, first.first - BESIDE), last=first.first - 1)] if first.first else []


def _covered(backend: Backend, doc_id: str, start: int, end: int) -> list[Quote]:
    """Return a quote for each passage that reaches into a span: the sentences that do."""
    quotes = []
    for passage in backend.passages.of_document(doc_id, start, end):
        inside = [number for number, (a, b) in enumerate(passage.sentences) if a < end and start < b]
        if inside:
            quotes.append(Quote(passage, inside[0], inside[-1], 0.0))
    return quotes
