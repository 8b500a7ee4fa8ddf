"""One question's result becomes counts and truths: what was found, quoted, and right."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from eval.data.datasets import Place, Query
from eval.quality.asking import Asked
from retrieval import Answer, Citation

TOP = (1, 3, 5)
TextOf = Callable[[str], str | None]


@dataclass(frozen=True, slots=True)
class Judged:
    """A question, judged. Everything here is plain, so that it can be written as JSON.

    found: shown as an answer, at the user's threshold. spans: whether it is known where the answer stands.
    passage: top 1, 3 and 5 hold an answer whole. quoted: the quotes hold one whole, or
    `Query.least` of its parts, and none of the words that make it wrong, whether shown or not.
    gold: the answers, or how the relevant documents begin. In quotes, gold is None where answers have no known place.
    right: found with such a quote, or not found where there is no answer. sentences, gold_sentences: quoted ones, and
    those of them that touch an answer. parts, quoted_parts: of the answer. invalid: quotes unlike their source.
    """

    query_id: str
    question: str
    kind: str
    answerable: bool
    asked_as: str
    error: str
    found: bool
    confidence: float
    milliseconds: float
    spans: bool
    passage: Mapping[str, bool]
    quoted: bool
    right: bool
    sentences: int
    gold_sentences: int
    parts: int
    quoted_parts: int
    invalid: int
    quotes: Sequence[Mapping[str, Any]]
    gold: Sequence[str]
    nearest: str
    metrics: Mapping[str, Mapping[str, float]] = field(default_factory=dict)


def judge(asked: Asked, threshold: float, text_of: TextOf) -> Judged:
    """Judge one result. threshold: confidence (0 to 1) from which an answer is shown. text_of: doc_id -> text."""
    query, answer = asked.query, asked.answer
    citations = answer.citations if answer else ()
    found = bool(citations) and answer is not None and answer.confidence >= threshold
    marks = [_marks(citation, query, answer) for citation in citations]
    needed = query.needed()
    held = {part for part, places in needed.items() if any(holds(c, place) for c in citations for place in places)}
    quoted = len(held) >= query.least and not any(words in c.quote for c in citations for words in query.never)
    return Judged(
        query_id=query.query_id,
        question=query.text,
        kind=query.kind,
        answerable=query.answerable,
        asked_as=answer.asked_as if answer else "",
        error=asked.error,
        found=found,
        confidence=answer.confidence if answer else 0.0,
        milliseconds=asked.milliseconds,
        spans=bool(query.answers) or not query.answerable,
        passage={str(k): _in_passage(answer, query, k) for k in TOP},
        quoted=quoted,
        right=not asked.error and (found and quoted if query.answerable else not found),
        sentences=sum(map(len, marks)),
        gold_sentences=sum(map(sum, marks)),
        parts=len(needed),
        quoted_parts=len(held),
        invalid=sum((text_of(c.doc_id) or "")[c.start : c.end] != c.quote for c in citations),
        quotes=[_shown(c, any(m) if query.answers else None) for c, m in zip(citations, marks, strict=True)],
        gold=_gold(query, text_of),
        nearest=answer.passages[0].passage.text[:600] if answer and answer.passages else "",
    )


def holds(citation: Citation, place: Place) -> bool:
    """Tell whether a quote holds an answer whole."""
    doc_id, start, end = place
    return citation.doc_id == doc_id and citation.start <= start and end <= citation.end


def _in_passage(answer: Answer | None, query: Query, k: int) -> bool:
    """Tell whether one of the first k passages holds an answer whole."""
    passages = [hit.passage for hit in answer.passages[:k]] if answer else []
    return any(p.doc_id == d and p.start <= s and e <= p.end for p in passages for d, s, e in query.answers)


def _marks(citation: Citation, query: Query, answer: Answer | None) -> list[bool]:
    """Return for each quoted sentence whether it touches an answer; a quote of no known passage is one sentence."""
    spans = {
        span
        for hit in (answer.passages if answer else ())
        if hit.passage.doc_id == citation.doc_id
        for span in hit.passage.sentences
        if citation.start <= span[0] and span[1] <= citation.end
    } or {(citation.start, citation.end)}
    return [any(citation.doc_id == d and a < e and s < b for d, s, e in query.answers) for a, b in sorted(spans)]


def _gold(query: Query, text_of: TextOf) -> list[str]:
    """Return up to five answers, or where their places are not known, how the relevant documents begin."""
    answers = [(text_of(doc_id) or "")[start:end] for doc_id, start, end in dict.fromkeys(query.answers)]
    begins = [(text_of(doc_id) or "")[:200] + " …" for doc_id, grade in query.relevant.items() if grade > 0]
    return (answers or (begins if query.answerable else []))[:5]


def _shown(citation: Citation, gold: bool | None) -> dict[str, Any]:
    return {"text": citation.quote, "title": citation.title, "locator": citation.locator, "gold": gold}
