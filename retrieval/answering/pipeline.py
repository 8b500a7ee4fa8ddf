"""A question, and the conversation before it, become an Answer. Wires search, chat and answer; opens nothing."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import Any

from retrieval.answering import quotes as answering
from retrieval.answering.confidence import probability
from retrieval.answering.quotes import Quote
from retrieval.answering.verbatim import beside, is_pasted, located
from retrieval.conversation import (
    FUSED,
    LONGEST_QUESTION,
    Context,
    Message,
    Understood,
    context,
    questions,
    ranked_after,
    reply_to,
    reply_to_foreign,
    small_talk,
    understood,
    unquoted,
)
from retrieval.embedding import Encoder, QuestionVectors
from retrieval.errors import QuestionError
from retrieval.records import Answer, Citation, Turn
from retrieval.search import Ranked, rank
from retrieval.storage import Backend
from retrieval.text import foreign

# The most that "the" may tell of a passage of English, as `PassageIndex.idf`: it is in 3 of 10.
_ENGLISH_DOCUMENTS = 1.2


def replied(store: Backend, question: str) -> Answer | None:
    """Answer small talk, which needs no model; None for a question. QuestionError where it cannot be asked."""
    kind = small_talk(_checked(question))
    language = "" if kind else foreign(question)
    language = language if language and _is_english(store) else ""
    if not kind and not language:
        return None
    titles = [document.title or document.doc_id for document, _ in store.documents.all()] if kind else []
    reply = reply_to(kind, titles) if kind else reply_to_foreign(language)
    return Answer(question, question, False, 0.0, (), (), store.files.coverage(), {}, reply=reply)


def _is_english(store: Backend) -> bool:
    """Tell whether "the" is in many of the passages."""
    return store.passages.idf(["the"]).get("the", _ENGLISH_DOCUMENTS) < _ENGLISH_DOCUMENTS


@dataclass(frozen=True, slots=True)
class Asking:
    """What it takes to answer. threshold: confidence (0 to 1) of an answer."""

    store: Backend
    encoder: Encoder
    threshold: float

    def ask(self, question: str, history: Sequence[Message], k: int, where: Mapping[str, Any]) -> Answer:
        """Answer with quotes, or say that the documents do not; several questions one by one. See Library.ask."""
        question = _checked(question)
        if context(history) is None and understood(question, None).more:
            return Answer(
                question, question, False, 0.0, (), (), self.store.files.coverage(), {}, reply=reply_to("more", ())
            )
        asked = questions(question)
        if len(asked) == 1:
            return self._ask(question, history, k, where)
        parts: list[Answer] = []
        for each in asked:
            parts.append(self._ask(each, [*history, *(Turn(part.question, part) for part in parts)], k, where))
        return together(question, parts, k)

    def _ask(self, question: str, history: Sequence[Message], k: int, where: Mapping[str, Any]) -> Answer:
        """Answer one question."""
        began = time.perf_counter()
        before = context(history)
        read = understood(question, before)
        asked_as, ranked = self._ranked(question, before, read, max(k, answering.PASSAGES), where)
        searched = time.perf_counter()
        named = self._named(question, read, ranked)
        chosen = named or answering.choose(ranked)
        certainty = 1.0 if named else probability(asked_as, ranked, chosen)
        quotes = chosen if certainty >= self.threshold else []
        citations = answering.cite(self.store, quotes)
        missing = self._missing(asked_as, quotes, citations) if ranked and not named else ()
        hits = tuple(item.hit(number) for number, item in enumerate(ranked[:k], start=1))
        timings = {"search": (searched - began) * 1e3, "answer": (time.perf_counter() - searched) * 1e3}
        found, coverage = bool(citations), self.store.files.coverage()
        return Answer(question, asked_as, found, certainty, citations, hits, coverage, timings, missing)

    def _missing(self, question: str, quotes: Sequence[Quote], citations: Sequence[Citation]) -> tuple[str, ...]:
        """Return what of a question nothing quoted mentions, or where there are no quotes, no document."""
        if citations:
            return answering.unsupported(question, quotes, [citation.title for citation in citations])
        return answering.unmentioned(self.store, question)

    def _named(self, question: str, read: Understood, ranked: Sequence[Ranked]) -> list[Quote]:
        """Return what a message names: the sentences it is pasted from, or those next to a quote that it points at."""
        if read.more and read.behind:
            return beside(located(self.store, ranked, read.behind))
        return located(self.store, ranked, question) if is_pasted(question) else []

    def _ranked(
        self, question: str, before: Context | None, read: Understood, k: int, where: Mapping[str, Any]
    ) -> tuple[str, list[Ranked]]:
        """Return the question as understood and its ranking; one that stands alone is ranked as if it came first."""
        text = read.text[-LONGEST_QUESTION:]
        if before is None or read.replaced or (read.more and read.behind):
            return text, self.rank(text, k, where)
        if read.more:
            return text, unquoted(self.rank(text, max(k, FUSED), where), before.quoted)[:k]
        said = f"{read.behind or before.question} {before.reply}".strip()

        def ranked(text: str, vectors: QuestionVectors, depth: int) -> list[Ranked]:
            return rank(self.store, text, vectors, depth, where)

        continues, found = ranked_after(question, said, read.leaning, self.encoder, ranked, k)
        return (text if continues else question), found

    def rank(self, question: str, k: int, where: Mapping[str, Any]) -> list[Ranked]:
        """Return the best `k` passages; see Library.search."""
        _checked(question)
        if k < 1:
            raise QuestionError(f"k is {k}; expected 1 or more")
        return rank(self.store, question, self.encoder.question(question), k, where)


def together(question: str, parts: Sequence[Answer], k: int) -> Answer:
    """Make one answer of those to the questions in a message: quotes numbered through, the best `k` passages."""
    first = 0
    numbered: list[Answer] = []
    for part in parts:
        moved = tuple(replace(citation, marker=citation.marker + first) for citation in part.citations)
        numbered.append(replace(part, citations=moved))
        first += len(moved)
    hits = {
        (hit.passage.doc_id, hit.passage.start): hit
        for hits in zip_longest(*(p.passages for p in parts))
        for hit in hits
        if hit
    }
    best = tuple(replace(hit, rank=rank) for rank, hit in enumerate(list(hits.values())[:k], start=1))
    found = [part for part in numbered if part.found]
    return Answer(
        question=question,
        asked_as=question if all(p.asked_as == p.question for p in parts) else " ".join(p.asked_as for p in parts),
        found=bool(found),
        confidence=min((part.confidence for part in found), default=max(part.confidence for part in parts)),
        citations=tuple(citation for part in numbered for citation in part.citations),
        passages=best,
        coverage=parts[0].coverage,
        timings={name: sum(part.timings[name] for part in parts) for name in parts[0].timings},
        parts=tuple(numbered),
    )


def _checked(question: str) -> str:
    """Return the question, or say what is wrong with it."""
    if not isinstance(question, str) or not question.strip():
        raise QuestionError("the question is empty; ask something, for example: Who urged the CIS countries to help?")
    if any("\ud800" <= character <= "\udfff" for character in question):
        raise QuestionError("the question holds half of a surrogate pair, which is not text")
    if len(question) > LONGEST_QUESTION:
        size = f"{len(question):,} characters ({len(question.split()):,} words)"
        raise QuestionError(f"the question has {size}; at most {LONGEST_QUESTION:,} characters can be asked at once")
    return question
