"""Documents that tell one thing otherwise: sources that contradict each other, and editions of one text."""

import re
from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from itertools import combinations, islice, zip_longest
from typing import NamedTuple

from retrieval.answering.quotes import Quote
from retrieval.records import Document, Passage
from retrieval.search import Ranked
from retrieval.text import MONTHS, NUMBER_WORDS, STOP_WORDS, WEEKDAYS, find_dates, stem, words

NEAR = 10  # of the best passages, in which another document may tell the same
SAME = 0.6  # share of the weightier sentence's words from which two sentences tell of one thing
EDITIONS = 0.3  # share of sentences that two editions have in common
MOST_CHANGES = 10
_VALUES = frozenset(
    word.replace("?", "").lower() for word in [*NUMBER_WORDS, *MONTHS, *WEEKDAYS, "no", "not", "never", "none"]
)
_VALID = re.compile(
    r"\b(?:version|edition|in force|effective|valid|as of|updated|revised|dated|issued)\b", re.IGNORECASE
)


def differing(quotes: Sequence[Quote], ranked: Sequence[Ranked]) -> list[Quote]:
    """Return the best quote and what other documents say instead; none where they say the same or nothing of it.

    Two sentences say it otherwise where most of their words are the same and their numbers, days or "not" are others.
    """
    best = quotes[0]
    own = _told(best.text)
    if not own.values:
        return []
    told = {best.passage.doc_id: best}
    for item in ranked[:NEAR]:
        if item.candidate.passage.doc_id not in told:
            found = (other for other in _sentences([item.candidate.passage]) if _otherwise(own, _told(other.text)))
            told |= {other.passage.doc_id: other for other in islice(found, 1)}
    return list(told.values()) if len(told) > 1 else []


class _Told(NamedTuple):
    """What a sentence tells. values: its numbers, days and negations; rest: its other words that mean something."""

    values: set[str]
    rest: set[str]


def _told(text: str) -> _Told:
    every = set(words(text))
    values = {word for word in every if word in _VALUES or word[0].isdigit()}
    return _Told(values, every - values - STOP_WORDS)


def _otherwise(one: _Told, other: _Told) -> bool:
    if not other.values or one.values <= other.values or other.values <= one.values:
        return False
    least = max(2, SAME * max(len(one.rest), len(other.rest)))
    return len(set(map(stem, one.rest)) & set(map(stem, other.rest))) >= least


def newest_first(quotes: Sequence[Quote], headers: Mapping[str, Document], openings: Mapping[str, str]) -> list[Quote]:
    """Put quotes in order by the dates of their documents, the newest first; those of one date stay in order.

    openings: doc_id -> the first words of a document, which may say from when it is in force.
    """
    dates = {doc_id: dated(header, openings.get(doc_id, "")) for doc_id, header in headers.items()}
    return sorted(quotes, key=lambda quote: dates.get(quote.passage.doc_id, (0, 0, 0)), reverse=True)


def dated(document: Document, opening: str) -> tuple[int, int, int]:
    """Return (year, month, day) of a document, zeros for what is not known.

    From its name; else from a line at its beginning that says from when it is valid; else from its metadata.
    """
    name = f"{document.title} {document.source or ''}".replace("_", " ")
    lines = [line for line in opening.splitlines() if _VALID.search(line)]
    for text in (name, *lines, str(document.metadata.get("date", ""))):
        found = [date for date in find_dates(text) if date.year]
        if found:
            return max(found, key=lambda date: date.order).order
    return 0, 0, 0


def changes(documents: Sequence[Sequence[Passage]]) -> list[Quote]:
    """Return what changed between the two of some documents that are most alike: sentences of one, then of the other.

    Pair by pair, in the order of the first document. None where no two have much in common. documents: passages of
    each, in order.
    """
    texts = [[" ".join(quote.text.split()) for quote in _sentences(passages)] for passages in documents]
    shares = {pair: _share(*(texts[number] for number in pair)) for pair in combinations(range(len(texts)), 2)}
    best = max(shares, key=shares.__getitem__, default=None)
    if best is None or shares[best] < EDITIONS:
        return []
    first, second = best
    matched = SequenceMatcher(None, texts[first], texts[second], autojunk=False)
    return list(_changed(matched, list(_sentences(documents[first])), list(_sentences(documents[second]))))


def _share(one: Sequence[str], other: Sequence[str]) -> float:
    """Return the share of their sentences that two documents have in common."""
    return 2 * len(set(one) & set(other)) / max(1, len(one) + len(other))


def _sentences(passages: Sequence[Passage]) -> Iterator[Quote]:
    for passage in passages:
        yield from (Quote(passage, number, number, 0.0) for number in range(len(passage.sentences)))


def _changed(matched: SequenceMatcher[str], one: Sequence[Quote], other: Sequence[Quote]) -> Iterator[Quote]:
    blocks = [block for block in matched.get_opcodes() if block[0] != "equal"]
    for _, start, end, begin, stop in blocks[:MOST_CHANGES]:
        for pair in zip_longest(one[start:end], other[begin:stop]):
            yield from filter(None, pair)
