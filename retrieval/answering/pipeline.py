"""One way down: an interpreted question is searched, quoted from what was found, judged and cited."""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice, zip_longest
from typing import Any

from retrieval.answering.confidence import confidence
from retrieval.answering.missing import called, unmentioned, unnamed, unsupported
from retrieval.answering.quotes import PASSAGES, Quote, choose, cite, found_sentences, worth_reading
from retrieval.answering.reading import NOTHING_READ, Readings, read
from retrieval.answering.verbatim import beside, located
from retrieval.answering.views import (
    abbreviation,
    asked_of_one,
    asked_speaker,
    by_speaker,
    clause,
    clause_asked,
    completed,
    deciding,
    defining,
    differing,
    document_named,
    documents_meant,
    edition_meant,
    is_cut,
    is_row,
    nearest_first,
    newest_first,
    part_asked,
    rivals,
    same_table,
    section,
    sections_meant,
    view,
)
from retrieval.conversation import (
    LONGEST_QUESTION,
    VIEWS,
    Interpretation,
    Kind,
    context_weight,
    continued,
    interpret_question,
    reply_to,
)
from retrieval.embedding import Encoder, encoder_name, languages_of
from retrieval.reader import Reader
from retrieval.records import Answer, Citation, Document, Passage, Turn
from retrieval.search import ENGLISH, Ranked, asked_in, corrected, merged, rank, without
from retrieval.storage import Backend
from retrieval.text import STOP_WORDS, stems

SURE = 0.5  # from which confidence a document that a question names is not asked alone
AROUND = 3000  # characters around a quote that may belong to it
_EVERY = {Kind.LIST, Kind.STEPS, Kind.REASONS}
SECTIONS = 10  # of the best passages, whose headings a question may name
OPENING = 600  # characters of a document that may say from when it is valid
CLAUSES = 3  # of one number, where several documents may be meant
TABLES = 3  # best passages, of whose tables a question may ask
MOST_RIVALS = 2  # other documents that are read for what they say instead
FUSED = 100  # passages of each ranking that are fused, or of which those already quoted are left out


def replied(backend: Backend, asked: Interpretation) -> Answer | None:
    """Answer what asks nothing of the documents, which needs no model; None for anything else."""
    if not asked.talk:
        return None
    reply = reply_to(asked.talk, [document.title or document.doc_id for document, _ in backend.documents.all()])
    return Answer(asked.message, asked.message, False, 0.0, (), (), backend.files.coverage(), {}, reply=reply)


@dataclass(frozen=True, slots=True)
class Pipeline:
    """What it takes to answer. reader: None for none. threshold: confidence (0 to 1) below which nothing is quoted."""

    backend: Backend
    encoder: Encoder
    reader: Reader | None
    threshold: float

    def answer(self, asked: Interpretation, k: int, where: Mapping[str, Any]) -> Answer:
        """Answer with quotes, or say that the documents do not; several questions one by one. See Library.ask."""
        whole = None if asked.kind is Kind.SEVERAL else self._surest(asked, k, where)
        if whole and not (asked.parts and _lacks_one(whole, asked.parts)):
            return whole
        before, parts = asked.before, list[Answer]()
        for question in asked.parts:
            parts.append(self._surest(interpret_question(question, before), k, where))
            before = continued(before, Turn(question, parts[-1]))
        return together(asked.message, parts, k)

    def _surest(self, asked: Interpretation, k: int, where: Mapping[str, Any]) -> Answer:
        """Answer one question; where that is not sure, also of the document that it names, without the name."""
        answer = self._one(asked, k, where)
        unsure = answer.confidence < SURE and not (where or asked.context)
        named = document_named(self.backend, asked.text) if unsure else None
        if named is None:
            return answer
        inside = self._one(replace(asked, text=named[1]), k, {"doc_id": named[0]})
        return replace(inside, asked_as=answer.asked_as) if inside.confidence > answer.confidence else answer

    def _one(self, asked: Interpretation, k: int, where: Mapping[str, Any]) -> Answer:
        """Answer one question."""
        if not where and (named := asked_of_one(self.backend, asked.text)):
            asked, where = replace(asked, text=named[1], context=""), {"doc_id": named[0]}
        began = time.perf_counter()
        question, ranked = self._search(asked, max(k, PASSAGES), where)
        searched = time.perf_counter()
        given = self._view(asked, ranked, where) or self._located(asked, ranked)
        sentences = [] if given else found_sentences(ranked, question)
        readings = self._read(question, ranked, worth_reading(sentences))
        red = time.perf_counter()
        quotes = given or choose(sentences, readings)
        sure = 1.0 if given else self._confidence(question, ranked, quotes, readings)
        if not given and (who := asked_speaker(question)):
            quotes, sure = self._said(question, who, quotes, sentences, ranked, readings, sure)
        quotes = quotes if sure >= self.threshold else []
        told = [] if given or not quotes else self._differing(question, quotes, ranked, readings)
        quotes = told or (quotes if given else self._whole(asked, quotes))
        citations = cite(self.backend, quotes)
        missing = self._missing(question, ranked, quotes, citations) if ranked and not given else ()
        hits = tuple(item.hit(number) for number, item in enumerate(ranked[:k], start=1))
        moments = {"search": (began, searched), "read": (searched, red), "answer": (red, time.perf_counter())}
        timings = {name: (end - start) * 1e3 for name, (start, end) in moments.items()}
        found, coverage = bool(citations), self.backend.files.coverage()
        return Answer(
            asked.message, question, found, sure, citations, hits, coverage, timings, missing, differ=len(told) > 1
        )

    def _search(self, asked: Interpretation, k: int, where: Mapping[str, Any]) -> tuple[str, list[Ranked]]:
        """Return the question as it was searched, and the best `k` passages.

        One that follows others is ranked alone and behind what was said; the two are fused as far as that counts.
        """
        if not asked.context:
            depth = max(k, FUSED) if asked.quoted else k
            ranked = self._rank(asked.text, depth, where)
            english = _asked_in(asked.text, ranked) == ENGLISH
            question = corrected(self.encoder, asked.text, ranked) if english else asked.text
            ranked = ranked if question == asked.text else self._rank(question, depth, where)
            return question, without(ranked, asked.quoted)[:k] if asked.quoted else ranked
        embedding, depth = self.encoder.question(asked.message), max(k, FUSED)
        alone = rank(self.backend, asked.message, embedding, depth, where, languages_of(self.encoder))
        cosine = float(self.encoder.encode_questions([asked.context])[0] @ embedding.vector)
        lead = alone[0].score - alone[1].score if len(alone) > 1 else 0.0
        weight = context_weight(cosine, lead, asked.dependence)
        if not weight:
            return asked.message, alone[:k]
        behind = self._rank(f"{asked.context} {asked.message}"[-LONGEST_QUESTION:], depth, where)
        if asked.dependence:  # signals are those of the first that holds a passage
            return asked.text, merged([behind, alone], [weight, 1 - weight])[:k]
        return asked.text, merged([alone, behind], [1 - weight, weight])[:k]

    def _read(self, question: str, ranked: Sequence[Ranked], passages: Sequence[Passage]) -> Readings:
        """Return what the reader says; nothing where it does not know the language of all that it would read."""
        there = {passage.language for passage in passages} | {_asked_in(question, ranked)}
        known = languages_of(self.reader)
        return NOTHING_READ if known and there - known - {""} else read(self.reader, question, passages)

    def _confidence(
        self, question: str, ranked: Sequence[Ranked], quotes: Sequence[Quote], readings: Readings
    ) -> float:
        return confidence(self._unnamed(question, quotes), ranked, quotes, readings, encoder_name(self.encoder))

    def _said(
        self, question: str, who: str, quotes: Sequence[Quote], found: Sequence[Quote], ranked: Sequence[Ranked],
        readings: Readings, sure: float,
    ) -> tuple[list[Quote], float]:  # fmt: skip
        """Return the quotes that are the words of whom a question asks for, and how sure that is.

        As sure as of another sentence of the passage, as theirs often do not name them.
        """
        theirs = by_speaker(who, quotes, found, [item.candidate.passage for item in ranked[:PASSAGES]])
        if theirs == list(quotes):
            return theirs, sure
        own = self._confidence(question, ranked, theirs, readings)
        beside = theirs and theirs[0].passage in [quote.passage for quote in quotes]
        return theirs, max(own, sure) if beside else own

    def _rank(self, question: str, k: int, where: Mapping[str, Any]) -> list[Ranked]:
        return rank(self.backend, question, self.encoder.question(question), k, where, languages_of(self.encoder))

    def _view(self, asked: Interpretation, ranked: Sequence[Ranked], where: Mapping[str, Any]) -> list[Quote]:
        """Return the view of documents or of a section that a message asks for; "this" is what was quoted last."""
        if asked.kind not in VIEWS and asked.kind is not Kind.COMPARE:
            told = (
                self._defined(asked.text, where)
                or self._clause(asked.text, ranked, where)
                or self._rows(asked.text, ranked[:TABLES])
            )
            part = part_asked(asked.text)
            if told or not (part or asked.kind in (Kind.LIST, Kind.STEPS)):
                return told
            near = [*ranked[:SECTIONS], *(self._rank(part.query, SECTIONS, where) if part else ())]
            return self._section(asked.text, near, asked.kind is Kind.STEPS)
        before = asked.before.quotes if asked.before else ()
        found = self._rank(before[0][:LONGEST_QUESTION], 1, where) if before else []
        return view(self.backend, asked, ranked, [item.candidate.passage.doc_id for item in found], where)

    def _defined(self, text: str, where: Mapping[str, Any]) -> list[Quote]:
        """Return the sentence that writes out the abbreviation that a question asks for; none for other questions."""
        short = abbreviation(text)
        found = self._rank(short, FUSED, where) if short else []
        return defining(short, [item.candidate.passage for item in found])

    def _clause(self, text: str, ranked: Sequence[Ranked], where: Mapping[str, Any]) -> list[Quote]:
        """Return the clause that a question names by its number, of each document that may be meant."""
        number = clause_asked(text)
        if not number:
            return []
        meant, _ = documents_meant(self.backend, text.replace(number, " "), (), ranked, where)
        every = (self.backend.passages.of_document(doc_id) for doc_id in nearest_first(meant, ranked))
        found = (clause(number, passages) for passages in every)
        return list(chain.from_iterable(islice(filter(None, found), CLAUSES)))

    def _rows(self, text: str, ranked: Sequence[Ranked]) -> list[Quote]:
        """Return the rows of one of the best passages' tables that decide a question; none where none do."""
        for best in (item.candidate.passage for item in ranked if is_row(item.candidate.passage)):
            around = self.backend.passages.of_document(best.doc_id)
            header = self.backend.documents.header(best.doc_id)
            own = [passage for passage in around if same_table(best, passage)]
            if found := deciding(text, own, called(header.title, header.source) if header else ""):
                return found
        return []

    def _section(self, text: str, ranked: Sequence[Ranked], steps: bool) -> list[Quote]:
        """Return the section that a question calls by its heading; none where it calls none."""
        doc_ids = dict.fromkeys(item.candidate.passage.doc_id for item in ranked)
        headers = {doc_id: self.backend.documents.header(doc_id) for doc_id in doc_ids}
        titles = {doc_id: header.title for doc_id, header in headers.items() if header}
        meant = {found[0].doc_id: found for found in sections_meant(text, ranked, titles, steps)}
        chosen = edition_meant(text, *self._dated(meant))
        if chosen is None:
            return []
        first, labelled = meant[chosen]
        if labelled:
            return [labelled]
        around = self.backend.passages.of_document(first.doc_id, max(0, first.start - AROUND), first.end + AROUND)
        return section([passage for passage in around if passage.heading == first.heading])

    def _dated(self, doc_ids: Iterable[str]) -> tuple[dict[str, Document], dict[str, str]]:
        """Return the headers and the first words of documents, by which editions are dated."""
        headers = {doc_id: header for doc_id in doc_ids if (header := self.backend.documents.header(doc_id))}
        return headers, {doc_id: self.backend.documents.text_at(doc_id, 0, OPENING) or "" for doc_id in headers}

    def _whole(self, asked: Interpretation, quotes: Sequence[Quote]) -> list[Quote]:
        """Return the best quote with what it announces or is an item of, where that is asked for; else all quotes."""
        every = asked.kind in _EVERY
        if not quotes or not (every or is_cut(quotes[0])):
            return list(quotes)
        best = quotes[0]
        (start, end), heading = best.span, stems(best.passage.heading)
        around = self.backend.passages.of_document(best.passage.doc_id, max(0, start - AROUND), end + AROUND)
        table = bool(heading & (stems(asked.text) - STOP_WORDS))
        whole = completed(best, around, every, asked.kind is Kind.STEPS, table)
        return whole if whole != [best] else list(quotes)

    def _differing(
        self, question: str, quotes: Sequence[Quote], ranked: Sequence[Ranked], readings: Readings
    ) -> list[Quote]:
        """Return the best quote with what other documents say instead, the newest first; none where none does."""
        unread = [
            passage
            for passage in rivals(question, quotes[0], ranked)
            if readings.found and readings.of(passage) is None
        ]
        told = differing(question, quotes, ranked, readings.and_of(self._read(question, ranked, unread[:MOST_RIVALS])))
        return newest_first(question, told, *self._dated(quote.passage.doc_id for quote in told))

    def _located(self, asked: Interpretation, ranked: Sequence[Ranked]) -> list[Quote]:
        """Return what a message names: the sentences it is pasted from, or those next to a quote that it points at."""
        if asked.kind is Kind.MORE and asked.antecedent:
            return beside(located(self.backend, ranked, asked.antecedent))
        return located(self.backend, ranked, asked.message) if asked.kind is Kind.PASTED else []

    def _unnamed(self, question: str, quotes: Sequence[Quote]) -> str:
        """Return a question without the names that only say which document is meant: a quote need not repeat them."""
        header = self.backend.documents.header(quotes[0].passage.doc_id) if quotes else None
        if header is None:
            return question
        naming = f"{called(header.title, header.source)} {quotes[0].passage.heading}"
        return unnamed(question, stems(naming.replace("_", " ")))

    def _missing(
        self, question: str, ranked: Sequence[Ranked], quotes: Sequence[Quote], citations: Sequence[Citation]
    ) -> tuple[str, ...]:
        """Return what of a question nothing quoted mentions, or where there are no quotes, no document.

        Nothing where the question or the best passage is not in English: that another language lacks a word tells
        nothing, and names are no longer told by capital letters.
        """
        best = quotes[0].passage if quotes else ranked[0].candidate.passage
        if {best.language, _asked_in(question, ranked)} - {"", ENGLISH}:
            return ()
        if citations:
            return unsupported(question, quotes, [called(c.title, c.source) for c in citations])
        return unmentioned(self.backend, question)


def _asked_in(question: str, ranked: Sequence[Ranked]) -> str:
    """Return the language of a question: English, or one that the passages are in."""
    there = {item.candidate.passage.language for item in ranked} - {"", ENGLISH}
    return asked_in(question, there) if there else ENGLISH


def _lacks_one(answer: Answer, parts: Sequence[str]) -> bool:
    """Tell whether quotes leave out one of the things that a question compares; they are told apart by their words."""
    own = [stems(part) - STOP_WORDS for part in parts]
    there = set().union(*(stems(f"{each.title} {each.quote}") for each in answer.citations))
    return any(not (words - others) & there for words, others in (own, own[::-1]))


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
