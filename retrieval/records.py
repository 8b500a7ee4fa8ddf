"""The records that travel between modules: frozen, no behaviour beyond showing themselves.

Offsets are characters into `Document.text`, end exclusive. Knows nothing about files, indexes or models.
"""

import hashlib
import html
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from retrieval import markdown

Span = tuple[int, int]
Scalar = str | int | float | bool
NO_ANSWER = "The documents do not say this."


def content_sha256(text: str) -> str:
    """Return the SHA-256 of a text as UTF-8, in hexadecimal."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True, slots=True)
class Document:
    """A text that can be asked.

    text: the extracted text, stored and quoted exactly as it is here.
    source: path of the file it was read from; None for a document made in memory.
    sha256: of the file's bytes, or of the text (UTF-8) where there is no file; computed when left out.
    """

    doc_id: str
    title: str = ""
    text: str = ""
    source: str | None = None
    metadata: Mapping[str, Scalar] = field(default_factory=dict, hash=False)
    sha256: str = ""

    def __post_init__(self) -> None:
        if self.sha256 == "":
            if not isinstance(self.text, str):
                raise TypeError(f"text is {type(self.text).__name__}; expected str")
            object.__setattr__(self, "sha256", content_sha256(self.text))


_ROWS = re.compile(r"(?:row |rows \d+–)(?P<last>\d+)$")


@dataclass(frozen=True, slots=True)
class Passage:
    """A paragraph, or a part of one that the model cannot read at once.

    number: of the paragraph in its document, from 1; the parts of a split paragraph share it.
    start, end: `document.text[start:end] == text`, always.
    sentences: spans into the document's text, in order; every one inside [start, end).
    page: from 1, where the format has pages. heading: the headings above it, joined by " › ".
    place: what a person looks for instead of a page: "slide 4", "Costs, row 12", "0:31–0:58", "pp. 3–4".
    language: of its document, an ISO 639 code; "" where it is not known.
    """

    doc_id: str
    number: int
    start: int
    end: int
    text: str
    sentences: tuple[Span, ...] = ()
    page: int | None = None
    heading: str = ""
    place: str = ""
    language: str = ""

    @property
    def locator(self) -> str:
        """Where a person finds it: "p. 4, Install › Linux, ¶ 12", "slide 4, ¶ 12"."""
        return self._located(self.place or (f"p. {self.page}" if self.page else ""))

    def locate(self, start: int, end: int) -> str:
        """Where a person finds a part of it: as `locator`; of several rows the one, "Fees, row 12, column Price"."""
        rows = _ROWS.search(self.place)
        if rows is None:
            return self.locator
        last = int(rows["last"]) - self.text.count("\n", end - self.start)
        first = last - self.text.count("\n", start - self.start, end - self.start)
        place = self.place[: rows.start()] + (f"row {last}" if first == last else f"rows {first}–{last}")
        return self._located(", ".join(filter(None, (place, self._column(start, end)))))

    def _column(self, start: int, end: int) -> str:
        """Name the column of a cell, or a part of one; "" for a whole row."""
        line = self.text.rfind("\n", 0, start - self.start) + 1
        cell = self.text.rfind("; ", line, start - self.start) + 2
        cell = cell if cell > 1 else line
        name, colon, _ = self.text[cell : start - self.start].partition(": ")
        is_one = "; " not in self.text[start - self.start : end - self.start]
        return f"column {name}" if colon and name and is_one else ""

    def _located(self, place: str) -> str:
        return ", ".join(part for part in (place, self.heading, f"¶ {self.number}") if part)


@dataclass(frozen=True, slots=True)
class Version:
    """A document as it was before a newer one took its place: for citations that name it, never found by a search.

    passages: all of it, in order. successor: doc_id of the document that is in its place now.
    written_ns: when its file was last changed, in nanoseconds since 1970; 0 where it had none.
    """

    document: Document
    successor: str
    written_ns: int = 0
    passages: tuple[Passage, ...] = ()


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage found for a question.

    score: fused signals, higher is better, comparable within one question only. rank: from 1.
    signals: "passage" and "sentence" cosine, "bm25", and for the reranked also "maxsim" (mean cosine of each
    question token with its closest passage token) and "coverage" (share of the question's terms, by rarity).
    best_sentence: span of the sentence closest to the question.

    >>> _ = library.add("articles")
    >>> hit = library.search("How do bees stay warm?")[0]
    >>> library.document(hit.passage.doc_id).text[slice(*hit.best_sentence)]
    'They shiver to stay warm.'
    >>> sorted(hit.signals)
    ['bm25', 'coverage', 'maxsim', 'passage', 'sentence']
    """

    passage: Passage
    score: float
    rank: int
    signals: Mapping[str, float] = field(hash=False)
    best_sentence: Span


@dataclass(frozen=True, slots=True)
class Citation:
    """A verbatim quote and its exact place: `document.text[start:end] == quote`, checked before it is shown.

    speaker: who says it according to the text, as named there; reported_in: where that appeared, as the text has it
    ("Sputnik News, June 22, 2017"). Both "" where it does not say; their spans are characters into `Document.text`.
    answer_start, answer_end: where the very words that answer stand, inside the quote, as characters into
    `Document.text`; None where no reader found any.

    >>> _ = library.add("articles")
    >>> citation = library.ask("Do honey bees hibernate?").citations[0]
    >>> library.document(citation.doc_id).text[citation.start : citation.end] == citation.quote
    True
    >>> citation.title, citation.locator
    ('bees', '¶ 1')
    """

    marker: int
    doc_id: str
    title: str
    locator: str
    start: int
    end: int
    quote: str
    source: str | None
    sha256: str
    speaker: str = ""
    speaker_span: Span | None = None
    reported_in: str = ""
    reported_span: Span | None = None
    answer_start: int | None = None
    answer_end: int | None = None

    @property
    def answer(self) -> Span | None:
        """Where the words that answer stand in the quote: `quote[slice(*answer)]`."""
        if self.answer_start is None or self.answer_end is None:
            return None
        return self.answer_start - self.start, self.answer_end - self.start

    @property
    def attribution(self) -> str:
        """Who says so, as in "Ibrahim Kalin, in Sputnik News, June 22, 2017, as cited in ¶ 2"; else ""."""
        reported = f"in {self.reported_in}" if self.speaker and self.reported_in else self.reported_in
        said = ", ".join(part for part in (self.speaker, reported) if part)
        return f"{said}, as cited in {self.locator.rpartition(', ')[2]}" if said else ""

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> "Citation":
        """Rebuild a citation from `Answer.to_dict()["citations"]`; KeyError names a missing field.

        Who says so, and the words that answer, may be missing.
        """
        own = {name: record[name] for name in cls.__dataclass_fields__ if name not in _OPTIONAL or name in record}
        spans = {name: tuple(span) for name in _OPTIONAL if isinstance(span := own.get(name), list)}
        return cls(**(own | spans))


_OPTIONAL = ("speaker", "speaker_span", "reported_in", "reported_span", "answer_start", "answer_end")


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of what was given can be searched: files (or documents) known, searchable and failed."""

    known: int
    failed: int

    @property
    def searchable(self) -> int:
        """Number of files or documents that answers can come from."""
        return self.known - self.failed

    def __str__(self) -> str:
        failed = f"; {self.failed} failed" if self.failed else ""
        return f"{self.searchable} of {self.known} document{'s' if self.known != 1 else ''} searchable{failed}"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the documents say to a question, in their own words.

    asked_as: the standalone question that was searched. confidence: 0 to 1. When `found` is False there are no
    citations and `passages` are the nearest ones, not an answer. timings: milliseconds by step.
    reply: what to say to a message that asks nothing of the documents ("hello"), else "".
    parts: where several questions were asked at once, the answer to each; citations are all of theirs, the markers too.
    missing: names and numbers of the question that no passage quoted from mentions; where nothing was found, words
    that no document mentions. differ: the quotes are of sources that contradict each other, the newest first.

    >>> _ = library.add("articles")
    >>> answer = library.ask("Do honey bees hibernate?")
    >>> answer.outcome, answer.confidence > 0.5, str(answer.coverage)
    ('answered', True, '2 of 2 documents searchable')
    >>> print(answer.to_markdown().splitlines()[-1])
    1. bees, ¶ 1
    """

    question: str
    asked_as: str
    found: bool
    confidence: float
    citations: tuple[Citation, ...]
    passages: tuple[Hit, ...]
    coverage: Coverage
    timings: Mapping[str, float] = field(hash=False)
    missing: tuple[str, ...] = ()
    reply: str = ""
    parts: tuple["Answer", ...] = ()
    differ: bool = False

    def __repr__(self) -> str:
        quotes = f", {len(self.citations)} quote{'s' if len(self.citations) != 1 else ''}" if self.found else ""
        return f"<Answer to {self.question!r}: {self.outcome}, confidence {self.confidence:.2f}{quotes}>"

    def _repr_markdown_(self) -> str:
        """Show it in a notebook, where nothing shows HTML."""
        return self.to_markdown()

    def _repr_html_(self) -> str:
        """Show it in a notebook: quotes with their places, or what is said where there are none."""
        if self.parts:
            return "".join(f"<h4>{html.escape(part.question)}</h4>{part._repr_html_()}" for part in self.parts)
        if not self.found:
            return f"<p>{html.escape(self.text)}</p>"
        quotes = (
            f"<blockquote>{html.escape(c.quote)}<br><small>[{c.marker}] {html.escape(c.title)}, "
            f"{html.escape(c.locator)}</small></blockquote>"
            for c in self.citations
        )
        return "".join(quotes) + (f"<p>{html.escape(self.reason)}</p>" if self.reason else "")

    @property
    def outcome(self) -> str:
        """One of "answered", "partly" (something that was asked for is missing), "not found" and "reply"."""
        if not self.found:
            return "reply" if self.reply else "not found"
        if self.parts:
            return "answered" if all(part.outcome == "answered" for part in self.parts) else "partly"
        return "partly" if self.missing else "answered"

    @property
    def reason(self) -> str:
        """What is missing, or that the sources differ, as a sentence; "" where neither is so."""
        if self.differ:
            return "These sources differ; the newest stands first."
        named = ", ".join(f"“{word}”" for word in self.missing)
        where = "None of the quoted passages mentions" if self.found else "Nothing in them mentions"
        return f"{where} {named}." if named else ""

    @property
    def text(self) -> str:
        """The quotes with their markers, or a sentence that says there is no answer."""
        if self.reply:
            return self.reply
        if self.parts:
            return "\n\n".join(f"{part.question}\n\n{part.text}" for part in self.parts)
        if self.found:
            return "\n\n".join(f"{c.quote} [{c.marker}]" for c in self.citations)
        closest = "Related passages follow." if self.passages else ""
        return " ".join(part for part in (NO_ANSWER, self.reason, closest) if part)

    def to_markdown(self) -> str:
        """Block quotes with numbered sources; document text is escaped so that it shows as text."""
        if self.reply:
            return markdown.one_line(self.reply)
        if self.parts:
            return "\n\n".join(f"**{markdown.one_line(part.question)}**\n\n{part.to_markdown()}" for part in self.parts)
        if not self.found:
            nearest = "\n".join(f"- {_nearest(hit)}" for hit in self.passages[:3])
            said = f"{NO_ANSWER} {markdown.one_line(self.reason)}".strip()
            return "\n\n".join(part for part in (said, nearest) if part)
        quotes = "\n\n".join(f"{markdown.block_quote(c.quote, c.answer)} [{c.marker}]" for c in self.citations)
        sources = "\n".join(f"{c.marker}. {_source(c)}" for c in self.citations)
        return "\n\n".join(part for part in (quotes, markdown.one_line(self.reason), sources) if part)

    def to_dict(self) -> dict[str, Any]:
        """Return plain dicts, lists, strings and numbers: JSON-safe, with spans and sha256."""
        record: dict[str, Any] = _plain(asdict(self))
        record["coverage"]["searchable"] = self.coverage.searchable
        return record | {"text": self.text, "outcome": self.outcome}


@dataclass(frozen=True, slots=True)
class Turn:
    """One exchange of a conversation: what was asked, and the answer's text or the Answer."""

    question: str
    answer: Answer | str = ""


def _plain(value: Any) -> Any:
    """Turn tuples into lists, all the way down."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value


def _source(citation: Citation) -> str:
    said = f"; {markdown.one_line(citation.attribution)}" if citation.attribution else ""
    return f"{markdown.one_line(citation.title)}, {markdown.one_line(citation.locator)}{said}"


def _nearest(hit: Hit) -> str:
    passage, (start, end) = hit.passage, hit.best_sentence
    sentence = passage.text[start - passage.start : end - passage.start]
    return f"related passage, {markdown.one_line(passage.locator)}: {markdown.one_line(sentence)}"
