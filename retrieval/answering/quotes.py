"""Ranked passages become quotes, and quotes citations."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from retrieval.answering.attribution import attribute
from retrieval.answering.reading import NOTHING_READ, Readings
from retrieval.errors import LibraryDamagedError
from retrieval.records import Citation, Passage, Span
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
# With a reader: what it is given to choose from, and how far behind the best a sentence may be by the sum of what
# search and the reader say; search's own first stays beside the best (in long documents it is the better judge). On 570
# questions of squad2-dev-a the quotes then hold .916 of the answers in 1.62 sentences, and the first is right for .853
# of the questions; .909, 2.87 and .746 by search alone, .891, 1.54 and .835 where the reader alone chooses.
READ_FROM, READ_SENTENCES = 6.0, 10
READ_MARGIN = 4.0
_MAIL_HEAD = re.compile(r"(?:From|To|Cc|Bcc|Date|Sent|Reply-To|Subject): |(?:On|Am|Le|El|Il) .{5,300}:\Z", re.DOTALL)
_CLOSING = re.compile(
    r"(?:yours (?:faithfully|sincerely|truly)|(?:kind|best|warm) (?:regards|wishes)|sincerely|regards|cheers|"
    r"many thanks|mit freundlichen grüßen|cordialement|un saludo)\b",
    re.IGNORECASE,
)
_CONTACT = re.compile(r"(?:[\w .-]{1,20}: )?(?:\S+@\S+|(?:https?://|www\.)\S+|[+(]?\d[\d ()/.-]{6,})[.,;]?")
_OF_CONTACT = re.compile(
    r"\b(?:e-?mails?|mail|contact|reach|phone|telephone|call|ring|numbers?|address|web|(?:web)?site|link|url|touch|where)\b",
    re.IGNORECASE,
)
_OF_MAIL = re.compile(
    r"\b(?:sen[dt]|sen(?:der|ding)|wr[io]te|writ(?:es|ing|ten)|e-?mails?|mail|message|address|recipients?|cc|copied|"
    r"receive[ds]?|dated?|subject|(?:from|to) whom|who(?:se)? (?:from|is it from))\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Quote:
    """A run of whole sentences: numbers first to last of a ranked passage, and its log-odds.

    answer: where the words that answer stand in the document, inside the run; None where that is not known.
    """

    passage: Passage
    first: int
    last: int
    score: float
    answer: Span | None = None

    @property
    def span(self) -> tuple[int, int]:
        """Where it stands in the document."""
        return self.passage.sentences[self.first][0], self.passage.sentences[self.last][1]

    @property
    def text(self) -> str:
        """The words themselves."""
        start, end = self.span
        return self.passage.text[start - self.passage.start : end - self.passage.start]


def found_sentences(ranked: Sequence[Ranked], question: str = "") -> list[Quote]:
    """Return the sentences that may hold the answer, as search has it, none twice. Best first.

    question: to which the head of a mail and the end of a letter, with the names of those who write to each other, are
    only answers where it asks for such things.
    """
    if question and not _OF_MAIL.search(question):
        ranked = [item for item in ranked if not is_of_letter(item.candidate.passage)] or ranked
    weights = np.array(QUOTE_WEIGHTS)
    scores = [
        np.stack([item.sentences.cosine, item.sentences.support], axis=1) @ weights
        + QUOTE_GAP * (item.score - ranked[0].score)
        for item in ranked[:PASSAGES]
    ]
    least = max((float(own.max()) for own in scores), default=0.0) - READ_FROM
    sentences = [
        Quote(item.candidate.passage, number, number, score)
        for item, own in zip(ranked, scores, strict=False)
        for number, score in enumerate(own.tolist())
        if score >= least
    ]
    sentences.sort(key=lambda quote: -quote.score)
    if question and not _OF_CONTACT.search(question):
        sentences = [quote for quote in sentences if not _CONTACT.fullmatch(quote.text)] or sentences
    distinct: dict[str, Quote] = {}
    for quote in sentences:
        distinct.setdefault(" ".join(quote.text.casefold().split()), quote)
    return list(distinct.values())


def is_of_letter(passage: Passage) -> bool:
    """Tell whether all sentences of a passage are lines of a mail's head, or it closes a letter."""
    if _CLOSING.match(passage.text.lstrip()):
        return True
    lines = (passage.text[start - passage.start : end - passage.start] for start, end in passage.sentences)
    return all(map(_MAIL_HEAD.match, lines))


def each_sentence(passages: Iterable[Passage]) -> Iterator[Quote]:
    """Yield every sentence of some passages as a quote, in order."""
    for passage in passages:
        yield from (Quote(passage, number, number, 0.0) for number in range(len(passage.sentences)))


def worth_reading(found: Sequence[Quote]) -> list[Passage]:
    """Return the passages of the sentences that search alone would quote, the best first."""
    near = [quote for quote in found[:SENTENCES] if quote.score >= found[0].score - QUOTE_MARGIN]
    return list(dict.fromkeys(quote.passage for quote in near))


def choose(found: Sequence[Quote], readings: Readings = NOTHING_READ) -> list[Quote]:
    """Choose from the sentences that were found those about as good as the best; join neighbours. Best first.

    With a reader, how good they are is what search and the reader say together; search's first stays.
    """
    scored, margin = list(found), QUOTE_MARGIN
    if readings.found:
        scored = [replace(q, score=q.score + readings.sentence(q.passage, q.first)) for q in found[:READ_SENTENCES]]
        margin = READ_MARGIN
    least = max((quote.score for quote in scored), default=0.0) - margin
    chosen: list[Quote] = []
    for quote in sorted(scored, key=lambda quote: -quote.score):
        about_as_good = quote.score >= least and len(chosen) < SENTENCES
        if (about_as_good or quote is scored[0]) and len(_joined([*chosen, quote])) <= QUOTES:
            chosen.append(quote)
    return [_answered(quote, readings) for quote in _joined(chosen)]


def _answered(quote: Quote, readings: Readings) -> Quote:
    """Return a quote with the words that answer, where they are a part of it."""
    reading = readings.of(quote.passage)
    if reading is None:
        return quote
    start, end = (quote.passage.start + place for place in reading.span)
    inside = quote.span[0] <= start < end <= quote.span[1] and (start, end) not in quote.passage.sentences
    return replace(quote, answer=(start, end)) if inside else quote


def _joined(quotes: Sequence[Quote]) -> list[Quote]:
    """Make one quote of adjacent sentences of the same passage; best first."""
    runs: list[Quote] = []
    for quote in sorted(quotes, key=lambda q: (q.passage.doc_id, q.span)):
        if runs and runs[-1].passage == quote.passage and runs[-1].last + 1 == quote.first:
            runs[-1] = Quote(quote.passage, runs[-1].first, quote.last, max(runs[-1].score, quote.score))
        else:
            runs.append(quote)
    return sorted(runs, key=lambda q: -q.score)


def _check_is_gone(backend: Backend, quote: Quote) -> None:
    """Raise LibraryDamagedError where a quote's passage is there unchanged, and is not what its document says."""
    if quote.passage in backend.passages.of_document(quote.passage.doc_id, *quote.span):
        if backend.documents.text_at(quote.passage.doc_id, *quote.span) in (quote.text, None):
            return
        hint = "restore it from a backup, or add your documents to a new library"
        raise LibraryDamagedError(f"{backend.name} is damaged: a passage is not in the text of its document; {hint}")


def cite(backend: Backend, quotes: Sequence[Quote]) -> tuple[Citation, ...]:
    """Make citations, each checked against the stored text; a quote that is not there any more is dropped.

    LibraryDamagedError where its document is unchanged, and does not say it.
    """
    citations: list[Citation] = []
    for quote in quotes:
        header = backend.documents.header(quote.passage.doc_id)
        if header is None or backend.documents.text_at(quote.passage.doc_id, *quote.span) != quote.text:
            _check_is_gone(backend, quote)
            continue
        number = len(citations) + 1
        answer_start, answer_end = quote.answer or (None, None)
        citations.append(
            Citation(number, header.doc_id, header.title or header.doc_id, quote.passage.locate(*quote.span),
                     *quote.span, quote.text, header.source, header.sha256,
                     **attribute(quote.passage, quote.span)._asdict(),
                     answer_start=answer_start, answer_end=answer_end)
        )  # fmt: skip
    return tuple(citations)
