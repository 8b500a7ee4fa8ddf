"""Questions to begin with, made of the documents' own words by rule and kept only if the documents answer them.

No model writes them.
"""

import re
from collections.abc import Iterator
from itertools import chain, zip_longest

from retrieval import Answer, Document, Library, Passage, PinciteError
from ui.words import outcome

WANTED = 4
_DOCUMENTS = 8  # the newest are looked at
_PASSAGES = 40  # of each
_TRIED = 24  # asked at the most: about 10 ms each
_NAME = r"[A-Z][\w’'-]+(?: (?:al-|bin |de |van )?[A-Z][\w’'-]+){1,2}"
_SAID = "(?:said|stated|argued|declared|claimed|predicted|announced|warned|explained|wrote|told|urged|added)"
_SPEAKER = re.compile(
    rf"\b({_NAME})(?:,[^,.“”]{{3,60}},)? (?:also )?{_SAID}\b|\b{_SAID}[^.“”]{{0,60}}?, ({_NAME})\.",
)
_OFFICE = re.compile(r"^(?:(?:Foreign|Defense|Defence|Prime|Vice|The) )*(?:Minister|President|Secretary|Chairman) ")
_MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
_WHEN = re.compile(rf"\b[Ii]n ((?:(?:{_MONTHS}) )?[12]\d{{3}})\b")
_ROLE = re.compile(rf"(?<![\w’'-] )(?<!\) )\b({_NAME}), (?:an?|the) [^.“”;]{{4,80}}?,")
_SHORT = re.compile(r"\b[A-Z][\w’'-]+(?: (?:of |for |the |and )?[A-Z][\w’'-]+)+ \(([A-Z]{2,6})\)")
_SUBJECT = re.compile(
    r"^(?:The |An? )?((?:[\w’'-]+ ){0,3}[\w’'-]+) (is|are|was|were) (?:an?|the|made|known|used|called)\b"
)
_NAMED = (
    (_SPEAKER, "What did {} say?"),
    (_ROLE, "Who is {}?"),
    (_SHORT, "What does {} stand for?"),
    (_WHEN, "What happened in {}?"),
)


def questions(library: Library, wanted: int = WANTED) -> list[str]:
    """Return up to `wanted` questions, each found to be answered from the document it was made of."""
    documents = library.documents()[-_DOCUMENTS:]
    by_document = [_made_of(library, document) for document in reversed(documents)]
    mixed = chain.from_iterable(zip_longest(*by_document))
    kept: dict[str, bool] = {}  # and whether the answer is certain
    for _, (question, passage) in zip(range(_TRIED), filter(None, mixed), strict=False):
        answer = _answer(library, question)
        if question not in kept and answer is not None and _is_from(answer, passage):
            kept[question] = outcome(answer) == "answered"
    return sorted(kept, key=lambda question: not kept[question])[:wanted]


def _answer(library: Library, question: str) -> Answer | None:
    try:
        return library.ask(question)
    except PinciteError:
        return None


def _is_from(answer: Answer, passage: Passage) -> bool:
    """Tell whether a quote of the answer comes from the passage that the question was made of."""
    return any(c.doc_id == passage.doc_id and passage.start <= c.start < passage.end for c in answer.citations)


def _made_of(library: Library, document: Document) -> Iterator[tuple[str, Passage]]:
    """Make questions of a document, the kinds taking turns: who said what, who somebody is, and so on."""
    passages = library.passages(document.doc_id)[:_PASSAGES]
    kinds = [_named(pattern, question, passages) for pattern, question in _NAMED]
    kinds += [_headings(passages), _subjects(passages)]
    yield from filter(None, chain.from_iterable(zip_longest(*kinds)))


def _named(pattern: re.Pattern[str], question: str, passages: list[Passage]) -> Iterator[tuple[str, Passage]]:
    """Ask about every name that a pattern finds; question: with {} for it."""
    for passage in passages:
        for match in pattern.finditer(passage.text):
            yield question.format(_OFFICE.sub("", next(filter(None, match.groups())))), passage


def _headings(passages: list[Passage]) -> Iterator[tuple[str, Passage]]:
    for passage in passages:
        heading = passage.heading.rsplit(" › ", 1)[-1]
        if 3 < len(heading) < 60 and not heading.endswith("?"):
            yield f"What does “{heading}” say?", passage
        elif heading.endswith("?") and len(heading) < 90:
            yield heading, passage


def _subjects(passages: list[Passage]) -> Iterator[tuple[str, Passage]]:
    for passage in passages:
        for start, end in passage.sentences:
            match = _SUBJECT.match(passage.text[start - passage.start : end - passage.start])
            if match:
                yield f"What {match[2]} {match[1][0].lower() + match[1][1:]}?", passage
