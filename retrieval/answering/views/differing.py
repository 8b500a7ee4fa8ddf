"""Documents that tell one thing otherwise: sources that contradict each other, and editions of one text."""

import re
from collections.abc import Iterator, Mapping, Sequence, Set
from difflib import SequenceMatcher
from itertools import chain, combinations
from typing import Any, NamedTuple

from retrieval.answering.quotes import Quote, each_sentence, is_of_letter
from retrieval.answering.reading import Readings
from retrieval.records import Document, Passage
from retrieval.search import Ranked
from retrieval.text import MONTHS, NUMBER_WORDS, STOP_WORDS, WEEKDAYS, YEAR, find_dates, stem, stems, words

NEAR = 10  # of the best passages, in which another document may tell the same
SAME = 0.6  # share of the weightier sentence's words from which two sentences tell of one thing
EDITIONS = 0.3  # share of their runs of three words that two editions have in common
ALIKE = 0.5  # share of their words from which a sentence stands for one of another edition
MOST_CHANGES = 10  # of runs of lines
MOST_LINES = 20  # of one that changed
BEHIND = 5.0  # the best passage, by search: how far another may be that is read for what it says instead
ANSWERS = 2.0  # log-odds from which another passage is taken to answer
PERHAPS_ANSWERS = -0.5  # the same where a mail's own words stand beside those that it repeats
_DENIALS = frozenset({"no", "not", "never", "none", "cannot"})
_VALUES = frozenset(word.replace("?", "").lower() for word in [*NUMBER_WORDS, *MONTHS, *WEEKDAYS, *_DENIALS])
_DIGITS = {word: str(number) for number, word in enumerate(NUMBER_WORDS[:20], start=1)}
_YES_NO = re.compile(r"(?:is|are|was|were|do|does|did|can|could|may|must|should|will|has|have|had)\b", re.IGNORECASE)
_YEAR = re.compile(rf"\b{YEAR}\b")
_VALID = re.compile(
    r"\b(?:version|edition|in force|effective|valid|as of|updated|revised|dated|issued)\b", re.IGNORECASE
)


def rivals(question: str, best: Quote, ranked: Sequence[Ranked]) -> list[Passage]:
    """Return the passages of other documents, one of each, that may tell otherwise what a quote tells. Best first.

    None where nothing that answers could be otherwise: no number or day, and no yes or no is asked for. One that may
    has a sentence with half of the question's words, and a number or a day, or a yes or no. For what a mail repeats of
    earlier ones, the passages of the mail's own words.
    """
    if _is_repeated(best.passage):
        mail = (item.candidate.passage for item in ranked[:NEAR])
        own = (passage for passage in mail if passage.doc_id == best.passage.doc_id)
        return [passage for passage in own if not _is_repeated(passage) and not is_of_letter(passage)]
    settled = _told(best.text).values & _DENIALS or _YES_NO.match(question)
    if not _answer_values(best) and not settled:
        return []
    near = [item.candidate.passage for item in ranked[:NEAR] if item.score >= ranked[0].score - BEHIND]
    asked = set(map(stem, _told(question).rest))
    first = {passage.doc_id: passage for passage in reversed(near) if passage.doc_id != best.passage.doc_id}
    return [each for each in reversed(first.values()) if _may_answer(asked, each, settled)]


def _may_answer(asked: Set[str], passage: Passage, settled: Any) -> bool:
    """Tell whether a sentence of a passage has half of the words that are asked for, and a number or a day."""
    told = [_told(quote.text) for quote in each_sentence([passage])]
    held = (each for each in told if each.values or settled)
    return any(2 * len(asked & set(map(stem, each.rest))) >= len(asked) for each in held)


def _is_repeated(passage: Passage) -> bool:
    """Tell whether a mail only repeats a passage, of an earlier one."""
    return passage.place.endswith("quoted text")  # so the parser of mails calls it


def differing(question: str, quotes: Sequence[Quote], ranked: Sequence[Ranked], readings: Readings) -> list[Quote]:
    """Return the best quote and what other documents say instead; none where they say the same or nothing of it.

    Two sentences say it otherwise where their numbers, days or "not" are others, and most of their other words are the
    same, or the reader finds that both answer and both have half of the question's. What a mail repeats of an earlier
    one stands behind its own words.
    """
    best = quotes[0]
    own = _told(best.text)
    if _is_repeated(best.passage):
        since = next(_said_since(question, best, rivals(question, best, ranked), readings), None)
        return [since, best] if since else []
    if not own.values:
        return []
    told = {best.passage.doc_id: best}
    for item in ranked[:NEAR]:
        passage = item.candidate.passage
        if passage.doc_id not in told:
            found = [other for other in each_sentence([passage]) if _otherwise(own, _told(other.text))]
            found = found or list(_answered_otherwise(question, best, passage, readings))
            if found:
                told[passage.doc_id] = found[0]
    return list(told.values()) if len(told) > 1 else []


class _Told(NamedTuple):
    """What a sentence tells. values: its numbers, days and negations; rest: its other words that mean something."""

    values: set[str]
    rest: set[str]


def _told(text: str) -> _Told:
    every = {_DIGITS.get(word, word) for word in words(text)}
    values = {word for word in every if word in _VALUES or word[0].isdigit()}
    return _Told(values, every - values - STOP_WORDS)


def _otherwise(one: _Told, other: _Told) -> bool:
    if not other.values or one.values <= other.values or other.values <= one.values:
        return False
    least = max(2, SAME * max(len(one.rest), len(other.rest)))
    return len(set(map(stem, one.rest)) & set(map(stem, other.rest))) >= least


def _said_since(question: str, best: Quote, passages: Sequence[Passage], readings: Readings) -> Iterator[Quote]:
    """Yield the sentences of a mail's own passages that answer, by the reader, in other words, numbers or days."""
    for passage in passages:
        reading = readings.of(passage)
        if reading is not None and reading.answerable >= PERHAPS_ANSWERS:
            own, its = _told(_answer_of(best)), _told(passage.text[slice(*reading.span)])
            new = its.values if own.values else its.rest - _told(question).rest
            if new and not new & (own.values | own.rest):
                yield Quote(passage, reading.best_sentence, reading.best_sentence, 0.0)


def _answer_of(quote: Quote) -> str:
    """Return the words of a quote that answer; all of them where those are not known."""
    start, end = (place - quote.passage.start for place in quote.answer or quote.span)
    return quote.passage.text[start:end]


def _answer_values(quote: Quote) -> set[str]:
    """Return the numbers and days among the words that answer; none where those are not known."""
    return _told(_answer_of(quote)).values if quote.answer else set()


def _answered_otherwise(question: str, best: Quote, passage: Passage, readings: Readings) -> Iterator[Quote]:
    """Yield the sentence of a passage that answers too, by the reader, with other numbers or days, or without "not"."""
    reading = readings.of(passage)
    if reading is None or best.answer is None or min(reading.answerable, reading.span_score) < ANSWERS:
        return
    other = Quote(passage, reading.best_sentence, reading.best_sentence, 0.0)
    one, two = _told(best.text), _told(other.text)
    asked = set(map(stem, _told(question).rest))
    if len(asked & set(map(stem, one.rest)) & set(map(stem, two.rest))) < len(asked) / 2:
        return
    own, its = _answer_values(best), _told(passage.text[slice(*reading.span)]).values
    denied = bool(one.values & _DENIALS) != bool(two.values & _DENIALS) and _YES_NO.match(question)
    if denied or (own and its and not own & its and not its <= one.values):
        yield other


def newest_first(
    question: str, quotes: Sequence[Quote], headers: Mapping[str, Document], openings: Mapping[str, str]
) -> list[Quote]:
    """Put quotes in order by the dates of their documents, the newest first; those of one date stay in order.

    Only those of the year that a question names, where there are. openings: doc_id -> the first words of a document,
    which may say from when it is in force.
    """
    dates = _dates(headers, openings)
    of_year = _of_year(question, dates)
    named = [quote for quote in quotes if quote.passage.doc_id in of_year]
    return sorted(named or quotes, key=lambda quote: dates.get(quote.passage.doc_id, (0, 0, 0)), reverse=True)


def edition_meant(question: str, headers: Mapping[str, Document], openings: Mapping[str, str]) -> str | None:
    """Return the doc_id of the newest of some documents, or of the newest of the year that a question names.

    openings: as in `newest_first`. None where there are no documents.
    """
    dates = _dates(headers, openings)
    return max(_of_year(question, dates) or dates, key=dates.__getitem__, default=None)


def _of_year(question: str, dates: Mapping[str, tuple[int, int, int]]) -> list[str]:
    """Return the doc_ids of the documents of a year that a question names."""
    years = {int(year) for year in _YEAR.findall(question)}
    return [doc_id for doc_id, date in dates.items() if date[0] in years]


def _dates(headers: Mapping[str, Document], openings: Mapping[str, str]) -> dict[str, tuple[int, int, int]]:
    return {doc_id: dated(header, openings.get(doc_id, "")) for doc_id, header in headers.items()}


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


def changes(documents: Sequence[Sequence[Passage]], topic: Set[str] = frozenset()) -> list[Quote]:
    """Return what changed between the two of some documents that are most alike: sentences of one, then of the other.

    Pair by pair, in the order of the first document. None where no two have much in common. documents: passages of
    each, in order. topic: stems of which those that are wanted hold one; all are, where none does.
    """
    runs = [_runs(" ".join(passage.text for passage in passages)) for passages in documents]
    shares = {(one, two): _share(runs[one], runs[two]) for one, two in combinations(range(len(runs)), 2)}
    best = max(shares, key=shares.__getitem__, default=None)
    if best is None or shares[best] < EDITIONS:
        return []
    first, second = (list(each_sentence(documents[number])) for number in best)
    one, other = ([" ".join(quote.text.split()) for quote in quotes] for quotes in (first, second))
    blocks = SequenceMatcher(None, one, other, autojunk=False).get_opcodes()
    changed = [block for block in blocks if block[0] != "equal"][: None if topic else MOST_CHANGES]
    pairs = [pair for _, a, b, c, d in changed for pair in _paired(first[a:b][:MOST_LINES], second[c:d][:MOST_LINES])]
    wanted = [pair for pair in pairs if any(topic & stems(f"{each.passage.heading} {each.text}") for each in pair)]
    return list(chain.from_iterable(wanted or pairs))


def _runs(text: str) -> set[tuple[str, ...]]:
    """Return the runs of three words in a text."""
    every = words(text)
    return set(zip(every, every[1:], every[2:], strict=False))


def _share(one: Set[Any], other: Set[Any]) -> float:
    """Return how much of both two sets have in common, 0 to 1 (Dice)."""
    return 2 * len(one & other) / max(1, len(one) + len(other))


def _paired(one: Sequence[Quote], other: Sequence[Quote]) -> Iterator[tuple[Quote, ...]]:
    """Yield sentences of one edition, each with the one that stands for it in the other; then what is left there."""
    left = list(other)
    for quote in one:
        said = set(words(quote.text))
        nearest = max(left, key=lambda each: _share(said, set(words(each.text))), default=None)
        if nearest and _share(said, set(words(nearest.text))) >= ALIKE:
            left.remove(nearest)
            yield quote, nearest
        else:
            yield (quote,)
    yield from ((quote,) for quote in left)
