"""The rows of a table that decide a question: the cheapest, those over 100, those that are not sold out.

A question is taken apart: what it asks of single rows (`conditions`), then whether the least or the most of those is
wanted. Nothing is decided where words are left that the table does not say: "the cheapest bicycle tour" is not the
cheapest of tours in boats. Then the question is looked up like any other.
"""

import re
from collections.abc import Callable, Sequence
from math import isnan
from typing import NamedTuple

from retrieval.answering.quotes import Quote
from retrieval.answering.views.table.conditions import PRICE, Conditions, conditions
from retrieval.answering.views.table.numbers import measured
from retrieval.answering.views.table.rows import Row, Table, rows_of
from retrieval.records import Passage
from retrieval.text import content_stems, stem, stems

MOST_ROWS = 20
_TIME = "days weeks months time duration hours minutes"
_DISTANCE = f"{_TIME} length km"
_WEIGHT = "weight kg mass load"
_SINCE = "year date founded built since born start release released"
_CLOCK = "departs departure leaves start begin opens time"  # times of the day
# Superlatives and comparatives: the least or the most, of the columns whose headers have one of some words.
_EXTREMES: tuple[tuple[str, Callable[..., float], str], ...] = (
    (r"cheaper|cheapest|(?:least|lowest)[- ](?:expensive|priced?|costly)|costs? (?:the )?least", min, PRICE),
    (r"dearer|dearest|more expensive|priciest|(?:most|highest)[- ](?:expensive|priced?|costly)|costs? (?:the )?most",
     max, PRICE),
    (r"heavier|heaviest", max, _WEIGHT),
    (r"lighter|lightest", min, _WEIGHT),
    (r"(?:takes?|lasts?|goes on) (?:the )?longest|longest (?:time|duration)", max, _TIME),
    (r"(?:takes?|lasts?) (?:the )?(?:shortest|least)(?: time)?|shortest (?:time|duration)", min, _TIME),
    (r"longer|longest", max, _DISTANCE),
    (r"shorter|quicker|faster|shortest|quickest|fastest|soonest", min, _DISTANCE),
    (r"last|latest", max, _CLOCK),
    (r"first|earliest", min, _CLOCK),
    (r"(?:starts?|begins?|opens?|leaves?|departs?) (?:the )?(?:last|latest)", max, _SINCE),
    (r"(?:starts?|begins?|opens?|leaves?|departs?) (?:the )?(?:first|earliest)", min, _SINCE),
    (r"older|oldest|earlier|earliest|first founded", min, _SINCE),
    (r"newer|newest|youngest|later|latest", max, _SINCE),
    (r"higher|larger|bigger|greater|highest|largest|biggest|greatest|most|maximum|top", max, ""),
    (r"lower|smaller|fewer|lowest|smallest|fewest|least|minimum", min, ""),
)  # fmt: skip
# Words for one measure: of headers, and of questions.
MEASURES = (_WEIGHT + " weigh carry heavy", PRICE + " expensive", "length distance km far", "age old")
_ORDINALS = {"second": 2, "2nd": 2, "next": 2, "third": 3, "3rd": 3, "fourth": 4, "4th": 4, "fifth": 5, "5th": 5}
_COUNTS = {"two": 2, "three": 3, "four": 4, "five": 5, "2": 2, "3": 3, "4": 4, "5": 5}
_BEFORE = re.compile(rf"\b({'|'.join([*_ORDINALS, *_COUNTS])})[- ]?$")
_ALTERNATIVES = re.compile(  # "Which is newer, the Nova 3 or the Kite S?"
    r"(?:[,:]|\b(?:than|of|between)\b)\s*(?:the )?([^,:]{1,40}?),? or (?:the )?([^,:?]{1,40}?)\W*$"
)
_LIKE = 0.6  # share of words from which a cell is called by a name
_COUNTED = re.compile(r"how many ((?:[\w-]+ ){1,3}?)(?:are|were|do|does|is|have|has|in|on|under|there)\b")
# What is done to the things in a table: "to be sown in March", "taught by Ann".
_DONE = re.compile(r"\b(?:be|is|are) \w+(?:ed|n|t|d)(?= (?:in|on|by|from|at|for|to)\b)")
_UNIT = re.compile(r"\(.*?\)")
_CHOOSING = re.compile(
    r"(?:which|what (?!(?:is|are|was|were|do|does|did|has|have|can)\b)|how many|list|name|show me|give me)\b"
)
# Words that ask for rows, or say what is done with the things in them, whatever a table is of.
_PLAIN = frozenset(
    map(
        stem,
        """
        which what how many list name show give tell find all every one ones any have has had be been come do does did
        in from by item items thing things product products entry entries option options row rows kind type article
        number amount people person currently still now please hold held take takes took last lasts start starts
        begin begins run runs offer offered offers teach teaches taught teaching lead leads led guide guided sell sold
        sells cost costs costing charge charged carry carries weigh weighs need needs want get gets buy hire rent book
        go goes leave leaves depart arrive deliver delivers delivered make made makes pay use used work works open
        available given gives table listed costly expensive price
        """.split(),
    )
)


class _Superlative(NamedTuple):
    """What asks for the least or the most. said: the words; column: of which; place: the second of them, or so many."""

    said: str
    best: Callable[..., float]
    column: str
    place: int
    is_count: bool


def deciding(question: str, passages: Sequence[Passage], title: str = "") -> list[Quote]:
    """Return the rows that decide a question, in order; none where it asks nothing of a column's numbers or cells.

    passages: of one table. title: of its document.
    """
    table = Table(list(rows_of(passages)), title)
    if len(table.rows) < 2:
        return []
    said = " ".join(question.lower().split())
    return [row.quote for row in (_compared(said, table) or _chosen(said, table))[:MOST_ROWS]]


def _compared(said: str, table: Table) -> list[Row]:
    """Return that one of two rows that has more, or less, of what is asked: "A or B"."""
    alternatives = _ALTERNATIVES.search(said)
    found = _superlative(said, table) if alternatives else None
    rows = [_called(name, table) for name in alternatives.groups()] if alternatives and found else []
    if found is None or not rows or None in rows:
        return []
    return _best([row for row in rows if row], found)


def _chosen(said: str, table: Table) -> list[Row]:
    """Return the rows that meet all that a question asks, or the least or most of those."""
    asked = conditions(said, table)
    found = _superlative(asked.left, table)
    if found and not found.said.endswith(("er", "more expensive")):  # than what is not in a column
        asked.left = asked.left.replace(found.said, " ")
    elif found or not (asked.tests or _counts_all(asked.left, table)):
        return []
    if not asked.is_whole or _unknown(asked.left, table):
        return []
    rows = [row for row in table.rows if all(test(row) for test in asked.tests)]
    if found:
        return _best(rows, found)
    return rows if _is_choice(said, asked, rows, table) else []


def _is_choice(said: str, asked: Conditions, rows: Sequence[Row], table: Table) -> bool:
    """Tell whether rows are what is asked for, or the one that is called by its whole name."""
    if not asked.by_cells:
        return True
    if _CHOOSING.match(said):
        return len(rows) < len(table.rows) or not asked.tests
    return len(rows) == 1 and _is_cell_of(rows[0], content_stems(said), table)


def _is_cell_of(row: Row, asked: set[str], table: Table) -> bool:
    """Tell whether words call a row and name a column, and nothing that is not in the row's cells and headers."""
    label = row.stems(table.labels[0]) if table.labels else set()
    named = [own for header in table.headers if (own := content_stems(_UNIT.sub("", header))) and own <= asked - label]
    cells = content_stems(" ".join(f"{header} {value}" for header, value in row.cells.items()))
    return bool(label) and label <= asked and bool(named) and asked <= cells


def _unknown(left: str, table: Table) -> set[str]:
    """Return the words of a question that the table does not say and that do not only ask."""
    left = _DONE.sub(" ", re.sub(r"\b(?:except|excluding|apart|without)\b", " ", left))
    known = table.vocabulary | _PLAIN | stems(" ".join(MEASURES))
    return content_stems(left) - known


def _counts_all(left: str, table: Table) -> bool:
    """Tell whether all rows are to be counted: named by the header of what they are called by, or by the title."""
    counted = _COUNTED.search(left)
    wanted = content_stems(counted[1]) if counted else set()
    title = content_stems(table.called)
    heads = [content_stems(label) for label in table.labels]
    # "Pond name", not "Distance to old pond"
    return any(head & wanted and wanted <= head | title and len(head - wanted) <= 1 for head in heads)


def _superlative(said: str, table: Table) -> _Superlative | None:
    """Return what asks for the least or the most.

    None where nothing asks for it, or the words are of a header: "the minimum age for …".
    """
    for words, best, headers in _EXTREMES:
        match = re.search(rf"\b(?:{words})\b", said)
        if match is None or re.search(r"\bthan (?:the|any|all)(?: \w+)? $", said[: match.start()]):
            continue  # "more than the cheapest one" asks to compare with it
        if any(stem(match[0]) in stems(header) and content_stems(header) <= stems(said) for header in table.headers):
            return None
        rest = said.replace(match[0], " ")
        column = _measuring(rest, headers, table)
        if column is None and headers == _CLOCK:
            continue
        if column is None:
            return None
        before = _BEFORE.search(said, 0, match.start())
        word = before[1] if before else ""
        asked = said[(before or match).start() : match.end()]
        return _Superlative(asked, best, column, (_ORDINALS | _COUNTS).get(word, 1), word in _COUNTS)
    return None


def _measuring(rest: str, headers: str, table: Table) -> str | None:
    """Return the column that a superlative is of: the one that is named, if it is of the superlative's kind."""
    if headers == _CLOCK:
        return table.column(rest, table.of_times) or next(iter(table.of_times), None)
    named = table.column(" ".join(content_stems(rest)))
    if not headers:
        return named or next(
            (found for each in MEASURES if stems(each) & content_stems(rest) and (found := table.column(each))), None
        )
    if named and content_stems(named) & content_stems(headers):
        return named
    if headers == _SINCE:
        return table.column(headers) or next(iter(table.of_days), named)
    return table.column(headers, [header for header in table.numeric if header not in table.of_days]) or named


def _best(rows: Sequence[Row], asked: _Superlative) -> list[Row]:
    """Return the rows with the least or most in a column: the second after it, or the first two."""
    numbers = [(row, measured(row.cells.get(asked.column, ""))) for row in rows]
    values = sorted({value for _, value in numbers if not isnan(value)}, reverse=asked.best is max)
    wanted = values[: asked.place] if asked.is_count else values[asked.place - 1 : asked.place]
    return [row for row, value in numbers if value in wanted]


def _called(name: str, table: Table) -> Row | None:
    """Return the row that a name calls, by the cell whose words are most its own; None where none is like it."""
    words = set(name.split()) - {"the", "a", "an"}

    def like(row: Row) -> float:
        cells = (set(value.lower().split()) for value in row.cells.values())
        return max(2 * len(words & cell) / max(1, len(words) + len(cell)) for cell in cells)

    best = max(table.rows, key=like)
    return best if like(best) >= _LIKE else None
