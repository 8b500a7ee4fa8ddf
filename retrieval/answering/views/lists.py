"""Quotes made whole: what a lead-in announces, a list with all of its items, reasons with what explains them."""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from retrieval.answering.quotes import Quote
from retrieval.answering.views.table import is_row
from retrieval.records import Passage

MOST_ITEMS = 20
MOST_STEPS = 8  # sentences of a procedure that is written as prose
MOST_STEP_WORDS = 110
MOST_OUTCOME = 2  # sentences behind one that leaves something open
MOST_TITLE_WORDS = 6
SHORT = 10  # words: an item such as "The first is ideological." is explained by the sentence behind it
_COUNTED = r"two|three|four|five|six|seven|eight|nine|ten|several|some|many|various|following|these|a number of|\d{1,2}"
# "To claim expenses:", "There are three reasons for this.", "The steps are as follows."
_LEAD_IN = re.compile(
    rf"[:：]\W*$|\b(?:as follows|the following)\b[^.]*\.\s*$|"
    rf"\b(?:{_COUNTED})\s+(?:[\w-]+\s+){{0,3}}(?:reasons?|limitations?|ways|steps|factors|causes|risks|goals|aims|"
    rf"advantages|disadvantages|conditions|requirements|options|kinds|types|groups|parts|stages|phases|points|problems|"
    rf"challenges|arguments|questions|findings|objections|measures|rules|things)\b[^:]*[.!?]\s*$",
    re.IGNORECASE,
)
_ORDINALS = "first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|last|final|next|another|other"
_PROSE_ITEM = re.compile(
    rf"\W*(?:(?:the\s+)?(?:{_ORDINALS})(?:ly)?(?:,|\s+(?:is|was|are|one|reason|step|factor|point|[\w-]+\s+(?:is|was)))|"
    r"\(?(?:[ivx]{1,4}|[a-h]|\d{1,2})[.)]\s|(?:then|after that|afterwards|finally|moreover|in addition),)",
    re.IGNORECASE,
)
# "Mr Reeve asked whether the lamps could be turned off.": what became of it stands behind it.
_LEFT_OPEN = re.compile(
    r"\b(?:asked|asks|wondered|wanted to know|enquired|inquired) (?:[\w’' ]{1,30} )?(?:whether|if)\b|"
    r"\b(?:proposed|moved|requested|applied|voted on whether) (?:that|to)\b[^.]*\.\s*$|\?\W*$",
    re.IGNORECASE,
)
_CLAUSE_NUMBER = re.compile(r"(?:§\s*|[Ss]ection\s+|[Cc]lause\s+)?\d{1,3}(?:\.\d{1,3})*[.)]?\s")
_MARKED_LINE = re.compile(
    r"\s*(?:[-*+•‣◦▪–—☐☑☒✓]|\(?(?:\d{1,3}|[a-z]|[ivxlc]{1,5})[.)]|step\s+\d+\b)\s*\S", re.IGNORECASE
)


class _Unit(NamedTuple):
    """A sentence among those around a quote. own_line: it begins a line of its passage."""

    passage: Passage
    number: int
    text: str
    own_line: bool


def section(passages: Sequence[Passage]) -> list[Quote]:
    """Return all that stands under a heading, one quote a passage, up to MOST_ITEMS sentences. passages: of it."""
    units = [unit for unit in _units(passages) if unit.passage.heading == passages[0].heading]
    return list(_quotes(units[:MOST_ITEMS], 0.0))


def is_lead_in(text: str) -> bool:
    """Tell whether a sentence announces what follows it."""
    return bool(_LEAD_IN.search(text))


def is_cut(quote: Quote) -> bool:
    """Tell whether a quote ends where more belongs to it: behind a lead-in, an item, or something that is left open."""
    start, end = (place - quote.passage.start for place in quote.passage.sentences[quote.last])
    sentence = quote.passage.text[start:end]
    return is_lead_in(sentence) or _is_short_item(sentence) or bool(_LEFT_OPEN.search(sentence))


def _is_short_item(sentence: str) -> bool:
    """Tell whether a sentence is an item that the one behind it explains; lines of a list stand alone."""
    item = _PROSE_ITEM.match(sentence) and not _MARKED_LINE.match(sentence)
    return bool(item) and len(sentence.split()) < SHORT


def completed(
    quote: Quote, around: Sequence[Passage], every: bool, steps: bool = False, table: bool = False
) -> list[Quote]:
    """Return a quote with what belongs to it, one quote a passage, in order; the quote alone where nothing does.

    around: passages of its document in order, its own among them. every: all items are asked for, not one.
    steps: a procedure is asked for, so that prose counts as its steps too. table: a whole table is asked for.
    """
    if is_row(quote.passage) and not table:
        return [quote]
    units = list(_units(around))
    own = [i for i, u in enumerate(units) if u.passage == quote.passage and quote.first <= u.number <= quote.last]
    if not own:
        return [quote]
    first, last = own[0], own[-1]
    if every and _is_item(units, first):
        first = _first_item(units, first)
        last = _last_item(units, last)
        if first and is_lead_in(units[first - 1].text):
            first -= 1
    elif is_lead_in(units[last].text):
        last = _announced(units, last)
    elif every and _is_announced(units, last + 1):
        last = _announced(units, last + 1)
    elif _is_short_item(units[last].text):
        last = _enumerated(units, last)
    elif _LEFT_OPEN.search(units[last].text):
        last += sum(unit.passage == units[last].passage for unit in units[last + 1 : last + 1 + MOST_OUTCOME])
    elif steps:
        begun = _clause_start(units, first)
        first = begun if last - begun < MOST_STEPS else first
        last = max(last, _prose_steps(units, first))
    return list(_quotes(units[first : last + 1], quote.score))


def _units(around: Sequence[Passage]) -> Iterator[_Unit]:
    for passage in around:
        for number, (start, end) in enumerate(passage.sentences):
            before = passage.text[: start - passage.start]
            own_line = not before.strip() or "\n" in before[len(before.rstrip()) :]
            yield _Unit(passage, number, passage.text[start - passage.start : end - passage.start], own_line)


def _is_item(units: Sequence[_Unit], index: int) -> bool:
    """Tell whether a sentence is one of several: of a list by lines, or of an enumeration in prose."""
    unit = units[index]
    return bool(_PROSE_ITEM.match(unit.text)) or _is_line(units, index)


def _is_line(units: Sequence[_Unit], index: int) -> bool:
    """Tell whether a sentence is a line of a list: marked, or between lines of its passage that each hold one."""
    unit = units[index]
    if not unit.own_line:
        return False
    lines = [other for other in units if other.passage == unit.passage]
    listed = len(lines) > 1 and sum(other.own_line for other in lines) > 0.6 * len(lines)
    return bool(_MARKED_LINE.match(unit.text)) or listed


def _same_list(units: Sequence[_Unit], index: int, other: int) -> bool:
    """Tell whether two neighbours are items of one list: lines of one passage, or marked lines of two."""
    a, b = units[index], units[other]
    if a.passage == b.passage:
        return _is_line(units, other) or not b.own_line
    if is_row(a.passage) and is_row(b.passage):
        return a.passage.heading == b.passage.heading
    marked = bool(_MARKED_LINE.match(a.text)) and bool(_MARKED_LINE.match(b.text))
    return marked and a.passage.heading == b.passage.heading


def _first_item(units: Sequence[_Unit], index: int) -> int:
    while index and _same_list(units, index, index - 1) and _is_line(units, index):
        index -= 1
    if _is_line(units, index):
        return index
    start = index
    for before in range(index - 1, max(-1, index - MOST_ITEMS), -1):  # prose: back to the first of the enumeration
        if units[before].passage.heading != units[index].passage.heading:
            break
        if _PROSE_ITEM.match(units[before].text):
            start = before
    return start


def _last_item(units: Sequence[_Unit], index: int) -> int:
    if _is_line(units, index):
        while index + 1 < len(units) and _same_list(units, index, index + 1):
            index += 1
        return index
    return _enumerated(units, index)


def _announced(units: Sequence[_Unit], lead: int) -> int:
    """Return the last unit of what a lead-in announces; the lead-in itself where nothing of the kind follows."""
    following = lead + 1
    if following >= len(units) or units[following].passage.heading != units[lead].passage.heading:
        return lead
    if units[following].own_line and (_is_line(units, following) or units[lead].text.rstrip().endswith((":", "："))):
        return min(_last_item(units, following), lead + MOST_ITEMS)
    if _PROSE_ITEM.match(units[following].text):
        return _enumerated(units, following)
    return following


def _is_announced(units: Sequence[_Unit], lead: int) -> bool:
    """Tell whether a sentence announces an enumeration in its paragraph: of what the sentence before it tells."""
    if lead + 1 >= len(units) or units[lead].passage != units[lead - 1].passage or not is_lead_in(units[lead].text):
        return False
    return bool(_PROSE_ITEM.match(units[lead + 1].text))


def _enumerated(units: Sequence[_Unit], index: int) -> int:
    """Return the last unit of an enumeration in prose: its last item, and the sentence that explains a short one."""
    last = index
    for number in range(index, min(len(units), index + MOST_ITEMS)):
        if units[number].passage.heading != units[index].passage.heading:
            break
        if _PROSE_ITEM.match(units[number].text):
            explained = number + 1 < len(units) and units[number + 1].passage == units[number].passage
            last = number + (explained and _is_short_item(units[number].text))
    return last


def _clause_start(units: Sequence[_Unit], index: int) -> int:
    """Return the title of the numbered clause that holds a sentence ("11. Termination."), or its passage's first."""
    while index and units[index - 1].passage == units[index].passage and not _is_clause_title(units[index]):
        index -= 1
    return index


def _is_clause_title(unit: _Unit) -> bool:
    return bool(_CLAUSE_NUMBER.match(unit.text)) and len(unit.text.split()) <= MOST_TITLE_WORDS


def _prose_steps(units: Sequence[_Unit], index: int) -> int:
    """Return the last sentence of a procedure that begins with one: to the end of its section or clause, in bounds."""
    last, words = index, len(units[index].text.split())
    for number in range(index + 1, min(len(units), index + MOST_STEPS)):
        words += len(units[number].text.split())
        ended = units[number].passage.heading != units[index].passage.heading or _is_clause_title(units[number])
        if ended or words > MOST_STEP_WORDS:
            break
        last = number
    return last


def _quotes(units: Sequence[_Unit], score: float) -> Iterator[Quote]:
    """Make one quote of the units of each passage."""
    for passage in dict.fromkeys(unit.passage for unit in units):
        numbers = [unit.number for unit in units if unit.passage == passage]
        yield Quote(passage, numbers[0], numbers[-1], score)
