"""Parts of documents that a question calls by name: sections by their headings, lines by the words before a colon."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from retrieval.answering.quotes import Quote, each_sentence
from retrieval.answering.views.documents import naming
from retrieval.answering.views.lists import MOST_ITEMS
from retrieval.answering.views.table import is_row
from retrieval.records import Passage
from retrieval.search import Ranked
from retrieval.text import stem, words

_LABEL = re.compile(r"[\s*_]*([^\W\d_][^.:\n]{2,40}):[*_]*\s")  # "Actions: …"


class Part(NamedTuple):
    """A part that minutes, plans and CVs have.

    asked: how it is asked for; its group "whose", if any, is the person of whose document it is. called: what it is
    called. query: to find it.
    """

    asked: re.Pattern[str]
    called: re.Pattern[str]
    query: str


def _part(asked: str, called: str, query: str) -> Part:
    return Part(re.compile(asked, re.IGNORECASE), re.compile(rf"(?:{called})\W*$", re.IGNORECASE), query)


_THERE = (
    r"(?:(?: [\w’'-]+){0,6} (?:meetings?|session|assembly|gathering|committee|council|board|agm|workshop|conference|"
    r"event)\b.{0,40})?\W*$"
)
_PARTS = (
    _part(
        r"\b(?:action (?:items?|points?)|next steps?|to-?dos?|tasks|who does what|"
        r"who (?:has|is|needs|must) (?:to do )?what(?: to do)?|"
        r"what (?:has|have|needs?|is|remains) to be done(?=\W*$))\b",
        r"actions?(?: (?:items?|points?))?|next steps?|to-?dos?|tasks|follow-?ups?",
        "Actions. Action items, next steps, tasks, to do",
    ),
    _part(
        r"^(?:who|how many (?:people|members|persons))(?: all)? "
        r"(?:(?:was|were|is|are)(?: present| there| in attendance|(?= at\b))|attended|took part|participated|came)"
        rf"{_THERE}",
        r"(?:members? |those )?present|in attendance|attendees|attending|participants?",
        "Present. Attendees, participants, in attendance",
    ),
    _part(
        r"^who (?:all )?"
        r"(?:(?:was|were) (?:absent|missing|away|excused|not (?:present|there)|unable to (?:attend|come))|"
        r"(?:sent|gave|made|had sent) (?:(?:their|his|her) )?(?:apologies|regrets|excuses)|"
        rf"(?:did not|didn['’]t|could not|couldn['’]t|was not able to) (?:attend|come|be there|make it)){_THERE}",
        r"apologies(?: for absence| received)?|absent|absentees|absences|regrets|excused|not present",
        "Apologies for absence. Absent, excused",
    ),
    _part(
        r"^(?:where|for wh(?:om|ich \w+)|which (?:companies|employers|firms)|who) (?:has|have|had|did) "
        r"(?P<whose>(?:\w+ ){1,3})work(?:ed)?(?: (?:for|at|before|so far|until now|in the past))*\W*$",
        r"(?:work|professional|employment|job|career)?\W*(?:and )?(?:experience|history|employment|career|positions)",
        "Work experience. Employment history, career, positions",
    ),
    _part(
        r"^(?:where|what (?:degrees?|diplomas?|education|qualifications?)) (?:did|does|has) (?P<whose>(?:\w+ ){1,3}?)"
        r"(?:study|studied|go to (?:college|school|university)|have|got|get|hold)\W*$",
        r"(?:academic |formal )?(?:education|studies|qualifications|degrees|training|background)(?: and \w+)?",
        "Education. Studies, degrees, qualifications",
    ),
)
_CLAUSE = re.compile(
    r"(?:\b(?:clause|section|paragraph|article|rule|point|sec\.|art\.)\s+|§+\s*)(\d{1,3}(?:\.\d{1,3})*)\b|"
    r"\bwhat (?:does|is in|says) (\d{1,3}(?:\.\d{1,3})+)(?= (?:of|in|say)\b)",
    re.IGNORECASE,
)
_NUMBERING = r"\W*(?:(?:clause|section|paragraph|article|rule|point)\s+)?"
_NUMBERED = re.compile(rf"{_NUMBERING}\d{{1,3}}(?:\.\d{{1,3}})*[.)]?\s", re.IGNORECASE)
_HOW_TO = re.compile(r"(?:how to|steps|procedure|instructions)\b", re.IGNORECASE)


def part_asked(message: str) -> Part | None:
    """Return the part of a document that a message asks for in words of its own: what is to be done, who was there."""
    return next((part for part in _PARTS if part.asked.search(message.strip())), None)


def sections_meant(
    message: str, ranked: Sequence[Ranked], title: Mapping[str, str], steps: bool = False
) -> Iterator[tuple[Passage, Quote | None]]:
    """Yield the passages that a message calls by their headings, as "the action items", one of each document at most.

    And None where that is the heading of a section; else the sentences of the passage that stand behind such a word or
    two ("Actions: …"). After the first, only those of the same heading: editions. title: of documents, by doc_id, whose
    words may stand in the message beside the heading's. steps: whether it asks how something is done, as a heading such
    as "How to fire" may say in fewer words.
    """
    found: dict[str, set[str]] = {}
    asked, part = naming(message), part_asked(message)
    person = _person(part, message)
    for item in ranked:
        passage = item.candidate.passage
        titled = {stem(word) for word in words(title.get(passage.doc_id, ""))}
        named, theirs = asked - titled, not person or bool(person & titled)
        sections = [(passage.heading.rpartition(" › ")[2], None), *_labelled(passage)]
        for text, labelled in sections:
            own = naming(text)
            taught = steps and own and own <= asked and _HOW_TO.match(text)
            meant = (named and named == own) or (part and theirs and part.called.match(text)) or taught
            if meant and passage.doc_id not in found and own == next(iter(found.values()), own):
                found[passage.doc_id] = own
                yield passage, labelled


def _person(part: Part | None, message: str) -> set[str]:
    """Return the stems of the name of whom a part is asked for."""
    asked = part.asked.search(message.strip()) if part else None
    return {stem(word) for word in words(asked.groupdict().get("whose") or "")} if asked else set()


def _labelled(passage: Passage) -> Iterator[tuple[str, Quote]]:
    """Yield the words before a colon with which a sentence of a passage begins, and the sentences up to the next."""
    every = [] if is_row(passage) else list(each_sentence([passage]))
    labels = [(found[1], quote.first) for quote in every if (found := _LABEL.match(f"{quote.text} "))]
    ends = [*(first for _, first in labels[1:]), len(every)]
    for (label, first), end in zip(labels, ends, strict=False):
        run = Quote(passage, first, end - 1, 0.0)
        if not run.text.endswith(":"):  # else it announces what is in the passages behind it
            yield label, run


def clause_asked(message: str) -> str:
    """Return the number of the clause that a message names, "" where it names none.

    >>> clause_asked("What does clause 3.3 of the contract say?")
    '3.3'
    """
    found = _CLAUSE.search(message)
    return found[1] or found[2] if found else ""


def clause(number: str, passages: Sequence[Passage]) -> list[Quote]:
    """Return the clause of a number with all below it, one quote a passage; none where nothing begins with the number.

    passages: of a document, in order.
    """
    own = re.compile(rf"{_NUMBERING}{re.escape(number)}(?![\d%])(?:[.)]|\b)", re.IGNORECASE)
    headed = [each for each in passages if any(map(own.match, each.heading.split(" › ")))]
    if headed:
        return [Quote(each, 0, len(each.sentences) - 1, 0.0) for each in headed][:MOST_ITEMS]
    run: list[Quote] = []
    for quote in each_sentence(passages):
        if own.match(quote.text) or (run and not _NUMBERED.match(quote.text)):
            run.append(quote)
        elif run:
            break
    whole: dict[Passage, Quote] = {}
    for quote in run[:MOST_ITEMS]:
        whole[quote.passage] = replace(whole.get(quote.passage, quote), last=quote.last)
    return list(whole.values())
