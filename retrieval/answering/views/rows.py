"""The rows of a table that decide a question by their numbers: the cheapest, those over 100, those out of stock.

Rows are read as the parsers write them: "Header: value; Header: value". Nothing is quoted where the question does not
say which column counts, so that it is looked up like any other.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isnan

from retrieval.answering.quotes import Quote
from retrieval.records import Passage
from retrieval.text import STOP_WORDS, stems

ROW = re.compile(r"\brows? \d")
MOST_ROWS = 20
_CELL = re.compile(r"(?:^|; )([^:;]{1,60}): ([^;]*)")
_NUMBER = re.compile(r"[-−]?\d+(?:[.,  ]\d{3})*(?:[.,]\d+)?")
_ISO_DATE = re.compile(r"\b(\d{4})-(\d\d)-(\d\d)\b")
_EMPTY = re.compile(r"(?:0+(?:[.,]0+)?|none|no|sold out|out of stock|unavailable|n/?a|[-–—])\b\W*$", re.IGNORECASE)
# Units of one measure, by the smallest: "1 h 20 min" is 80, "1.2 kg" is 1,200.
_UNITS: Mapping[str, float] = {
    unit: size
    for size, units in (
        (1 / 60, "s sec secs second seconds"),
        (1, "min mins minute minutes g gram grams mm millimetre millimetres"),
        (10, "cm centimetre centimetres"),
        (60, "h hr hrs hour hours"),
        (1000, "kg kilo kilos kilogram kilograms metre metres meter meters"),
        (1440, "day days"),
        (10_080, "week weeks"),
        (1e6, "km kilometre kilometres kilometer kilometers tonne tonnes"),
    )
    for unit in units.split()
}
_MEASURE = re.compile(rf"({_NUMBER.pattern})\s*({'|'.join(sorted(_UNITS, key=len, reverse=True))})\b", re.IGNORECASE)
_KIND = re.compile(
    r"\b(?:which|what|how many)((?: [\w-]+)*?) [\w-]+ (?=(?:are|is|were|was|have|has|do|does|can|cost)\b)"
)
# What a word asks of which column: the least or the most, and stems of headers where it does not name one itself.
_PRICE = "price cost fee rate amount rent charge fare premium eur usd gbp chf € $ £"
_MARKS = frozenset("€$£")
_EXTREMES: tuple[tuple[str, Callable[..., float], str], ...] = (
    (
        r"cheaper|cheapest|(?:least|lowest)[- ](?:expensive|priced?|costly)|costs? (?:the )?least|lowest price",
        min,
        _PRICE,
    ),
    (
        r"dearer|dearest|more expensive|priciest|(?:most|highest)[- ](?:expensive|priced?|costly)|costs? (?:the )?most",
        max,
        _PRICE,
    ),
    (r"heavier|heaviest", max, "weight kg mass load"),
    (r"lighter|lightest", min, "weight kg mass load"),
    (r"longer|longest", max, "days weeks months time duration length hours minutes km"),
    (
        r"shorter|quicker|faster|shortest|quickest|fastest|soonest",
        min,
        "days weeks months time duration length hours minutes km",
    ),
    (r"older|oldest|earlier|earliest|first founded", min, "year date founded built since born release released"),
    (r"newer|newest|youngest|later|latest", max, "year date founded built since born release released"),
    (r"higher|larger|bigger|greater|highest|largest|biggest|greatest|most|maximum|top", max, ""),
    (r"lower|smaller|fewer|lowest|smallest|fewest|least|minimum", min, ""),
)
_ALTERNATIVES = re.compile(  # "Which is newer, the Nova 3 or the Kite S?"
    r"(?:[,:]|\b(?:than|of|between)\b)\s*(?:the )?([^,:]{1,40}?),? or (?:the )?([^,:?]{1,40}?)\W*$"
)
_LIKE = 0.6  # share of words from which a cell is called by a name
_ABSENT = re.compile(
    r"\b(?:out of stock|sold out|unavailable|not (?:in stock|available)|no longer (?:in stock|available))\b"
)
_STOCK = "stock availability available quantity inventory left"
_OVER = r"more than|over|above|greater than|higher than|longer than|at least|exceed(?:s|ing)?|no less than"
_UNDER = r"less than|fewer than|under|below|lower than|shorter than|cheaper than|at most|up to|no more than|within"
_LIMIT = re.compile(rf"\b({_OVER}|{_UNDER})\s+[€$£]?\s?({_NUMBER.pattern})\s*(\w+|[€$£%])?")
_BETWEEN = re.compile(
    rf"\bbetween\s+[€$£]?({_NUMBER.pattern})\s+and\s+[€$£]?({_NUMBER.pattern})\s*(\w+)?", re.IGNORECASE
)
_INCLUSIVE = re.compile(r"at least|at most|up to|no (?:more|less) than|within")
_MONEY = re.compile(r"[€$£]|\b(?:costs?|cheaper|euros?|dollars?|pounds?)\b")
_LESS = re.compile(
    r"\b(?:fewer|less|lower|fall|falls|fell|drop\w*|decreas\w+|declin\w+|shr[aiu]nk\w*|cut|loses?|lost)\b"
)
_MORE = re.compile(r"\b(?:more|higher|rise|rises|rose|increas\w+|grow|grows|grew|grown|gains?|gained)\b")
_COUNTED = re.compile(r"how many ((?:[\w-]+ ){1,3}?)(?:are|were|do|does|is|have|has|in|on|under|there)\b")
_SEVERAL = re.compile(
    r"(?:which|what|how many|list|name|show me|give me)(?: all)?(?: the)?(?: [\w-]+){0,2} [\w-]{2,}(?<!i)(?<!s)s\b"
)
_WHICH = re.compile(r"(?:which|what|how many|list|name|show me|give me|who)\b")
_YES = re.compile(r"\s*(?:yes|y|true|x|✓|✔|☑|ja|oui|sí)\s*$", re.IGNORECASE)
_NO = re.compile(r"\s*(?:no|n|false|-|–|—|✗|✘|☐|nein|non|)\s*$", re.IGNORECASE)
_NEGATED = re.compile(r"\b(?:not|no|without)\b|n't\b")
_ASKING = stems("which what how many list name show give all have has be come do does in from")
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")


@dataclass(frozen=True, slots=True)
class Row:
    """A row as it stands in a passage. cells: header -> value."""

    passage: Passage
    number: int
    cells: Mapping[str, str]

    @property
    def quote(self) -> Quote:
        """The row as a quote."""
        return Quote(self.passage, self.number, self.number, 0.0)


def is_row(passage: Passage) -> bool:
    """Tell whether a passage is rows of a table."""
    return bool(ROW.search(passage.place))


def same_table(passage: Passage, other: Passage) -> bool:
    """Tell whether two passages of a document are rows of one table, or of tables under one heading."""
    sheet, own = (ROW.split(each.place)[0] for each in (passage, other))
    return is_row(other) and passage.heading == other.heading and (sheet == own or sheet.startswith("p."))


def deciding(question: str, passages: Sequence[Passage]) -> list[Quote]:
    """Return the rows that decide a question, in order; none where it asks nothing of a column's numbers.

    passages: of one table.
    """
    rows = list(_rows(passages))
    if len(rows) < 2:
        return []
    said = " ".join(question.lower().split())
    ways = (_without, _limited, _changed, _extreme, _counted, _ticked, _holding)
    decided = next((found for way in ways if (found := way(said, rows))), [])
    return [row.quote for row in decided[:MOST_ROWS]]


def _rows(passages: Sequence[Passage]) -> Iterator[Row]:
    for passage in passages:
        for number, (start, end) in enumerate(passage.sentences):
            cells = dict(_CELL.findall(passage.text[start - passage.start : end - passage.start]))
            if len(cells) > 1:
                yield Row(passage, number, cells)


def _without(said: str, rows: Sequence[Row]) -> list[Row]:
    """Return the rows of which nothing is left, where that is asked for."""
    column = _column(_STOCK, rows) if _ABSENT.search(said) else None
    return [row for row in _meant(said, rows) if _EMPTY.match(row.cells.get(column, "?"))] if column else []


def _limited(said: str, rows: Sequence[Row]) -> list[Row]:
    """Return the rows whose number is beyond a limit that a question names, or between two."""
    between, limit = _BETWEEN.search(said), _LIMIT.search(said)
    if between:
        low, high, unit = _number(between[1]), _number(between[2]), between[3]
    elif limit:
        value = _number(limit[2])
        over = re.fullmatch(_OVER, limit[1]) is not None
        step = 0.0 if _INCLUSIVE.fullmatch(limit[1]) else 1e-9
        low, high = (value + step, float("inf")) if over else (float("-inf"), value - step)
        unit = limit[3]
    else:
        return []
    rest = said.replace((between or limit)[0], " ")  # type: ignore[index]
    money = (
        any(mark in said for mark in "€$£")
        or "cost" in rest
        or "cheap" in said
        or unit in ("euros", "dollars", "pounds")
    )
    column = _asked(f"{rest} {unit or ''}", rows) or (_column(_PRICE, rows) if money else None)
    if column is None:
        return []
    unit_size = _UNITS.get((unit or "").lower(), 1.0)

    def inside(cell: str) -> bool:
        """Whether a number is within the limits; a measure with its unit, in that of the question."""
        return low <= (_measured(cell) / unit_size if _MEASURE.search(cell) else _number(cell)) <= high

    return [row for row in _meant(rest, rows, column) if inside(row.cells.get(column, ""))]


def _changed(said: str, rows: Sequence[Row]) -> list[Row]:
    """Return the rows in which a year's number is below or above that of the year before, where that is asked for."""
    less, more = _LESS.search(said), _MORE.search(said)
    years = sorted({header for row in rows for header in row.cells if _YEAR.fullmatch(header)})
    asked = [year for year in _YEAR.findall(said) if year in years[1:]]
    if bool(less) == bool(more) or not asked or "than" in said:
        return []
    before = years[years.index(asked[-1]) - 1]
    sign = -1 if less else 1
    return [
        row for row in rows if sign * (_number(row.cells.get(asked[-1], "")) - _number(row.cells.get(before, ""))) > 0
    ]


def _extreme(said: str, rows: Sequence[Row]) -> list[Row]:
    """Return the rows with the least or the greatest number in the column that a question means."""
    for words, best, headers in _EXTREMES:
        asked = re.search(rf"\b(?:{words})\b", said)
        if asked is None:
            continue
        column = (_column(headers, rows) if headers else None) or _asked(re.sub(words, " ", said), rows)
        if column is None:
            return []
        alternatives = _ALTERNATIVES.search(said)
        if alternatives is None and asked[0].endswith(("er", "more expensive")):
            return []  # than what is not in a column
        meant = [_called(name, rows) for name in alternatives.groups()] if alternatives else _meant(said, rows, column)
        if None in meant:
            return []
        numbers = [(row, _measured(row.cells.get(column, ""))) for row in meant if row]
        wanted = best((number for _, number in numbers if not isnan(number)), default=None)
        return [row for row, number in numbers if number == wanted]
    return []


def _called(name: str, rows: Sequence[Row]) -> Row | None:
    """Return the row that a name calls, by the cell whose words are most its own; None where none is like it."""
    words = set(name.split()) - {"the", "a", "an"}

    def like(row: Row) -> float:
        cells = (set(value.lower().split()) for value in row.cells.values())
        return max(2 * len(words & cell) / max(1, len(words) + len(cell)) for cell in cells)

    best = max(rows, key=like)
    return best if like(best) >= _LIKE else None


def _counted(said: str, rows: Sequence[Row]) -> list[Row]:
    """Return the rows of the kind that a question counts, named by a label or by the header of labels."""
    counted = _COUNTED.search(said)
    wanted = stems(counted[1]) - STOP_WORDS if counted else set()
    if not wanted:
        return []
    labels = {header for header in rows[0].cells if not _is_numeric(header, rows)}
    heads = [stems(label) - STOP_WORDS for label in labels]
    if any(
        wanted <= head and len(head) <= len(wanted) + 1 for head in heads
    ):  # "Pond name", not "Distance to old pond"
        return list(rows)
    return [row for row in rows if wanted <= stems(" ".join(row.cells.get(label, "") for label in labels))]


def _ticked(said: str, rows: Sequence[Row]) -> list[Row]:
    """Return the rows with a "yes" in a column of yes and no that a question names whole; with "not", a "no"."""
    if not _WHICH.match(said):
        return []
    asked, wanted = stems(said), _NO if _NEGATED.search(said) else _YES
    for header in rows[0].cells:
        values = [row.cells.get(header, "") for row in rows]
        named = stems(header) - STOP_WORDS
        if named and named <= asked and all(_YES.match(value) or _NO.match(value) for value in values):
            return [row for row, value in zip(rows, values, strict=True) if wanted.match(value)]
    return []


def _holding(said: str, rows: Sequence[Row]) -> list[Row]:
    """Return all rows with the cells that a question names, where it asks for several things: "which … from Aro".

    At most one of its words may not be in the table, so that it asks for nothing else.
    """
    if not _SEVERAL.match(said):
        return []
    asked = stems(said) - STOP_WORDS - _ASKING
    held = [
        {header: own for header, value in row.cells.items() if (own := stems(value) - STOP_WORDS) and own <= asked}
        for row in rows
    ]
    named = {header: set[frozenset[str]]() for header in rows[0].cells}
    for cells in held:
        for header, own in cells.items():
            named.setdefault(header, set()).add(frozenset(own))
    wanted = {header: max(values, key=len) for header, values in named.items() if values}
    table = " ".join(
        [rows[0].passage.heading, *(f"{name} {value}" for row in rows for name, value in row.cells.items())]
    )
    if not wanted or len(asked - stems(table)) > 1:
        return []
    found = [
        row for row, cells in zip(rows, held, strict=True) if all(cells.get(h) == set(own) for h, own in wanted.items())
    ]
    return found if len(found) < len(rows) else []


def _meant(said: str, rows: Sequence[Row], column: str = "") -> list[Row]:
    """Return the rows that hold most of the question's words that any row holds, beside one column; else all.

    What kind of thing is asked for ("which seeds are …") is no word that rows differ in.
    """
    asked = stems(_KIND.sub(r"\1 ", said)) - STOP_WORDS
    held = [asked & stems(" ".join(value for header, value in row.cells.items() if header != column)) for row in rows]
    most = max(map(len, held))
    return [row for row, own in zip(rows, held, strict=True) if len(own) == most]


def _asked(said: str, rows: Sequence[Row]) -> str | None:
    """Return the column of numbers whose header shares most words with a question; None where none does."""
    return _column(" ".join(stems(said) - STOP_WORDS), rows)


def _column(wanted: str, rows: Sequence[Row]) -> str | None:
    """Return the first column of numbers whose header has most of some words; None where none has any."""
    words = stems(wanted) | {mark for mark in "€$£" if mark in wanted}
    scores = {
        header: len(
            words & (stems(header) | {mark for mark in "€$£" if mark in header + rows[0].cells.get(header, "")})
        )
        for header in rows[0].cells
        if _is_numeric(header, rows)
    }
    best = max(scores, key=scores.__getitem__, default=None)
    return best if best is not None and scores[best] else None


def _is_numeric(header: str, rows: Sequence[Row]) -> bool:
    values = [row.cells.get(header, "") for row in rows]
    numbers = sum(bool(re.match(r"\W{0,3}\d", value)) or bool(_EMPTY.match(value)) for value in values if value)
    return numbers >= 0.7 * max(1, sum(map(bool, values)))


def _measured(value: str) -> float:
    """Return the number in a text; of a measure with its units, in the smallest of its kind."""
    measures = _MEASURE.findall(value)
    return sum(_number(number) * _UNITS[unit.lower()] for number, unit in measures) if measures else _number(value)


def _number(value: str) -> float:
    """Return the first number in a text: 1,280.50, 1.280,50, 18.40 €; of a day 20240903. NaN where there is none."""
    if date := _ISO_DATE.search(value):
        return float("".join(date.groups()))
    found = _NUMBER.search(value)
    if not found:
        return float("nan")
    digits = re.sub(r"[  ]", "", found[0]).replace("−", "-")
    if re.fullmatch(r"-?\d{1,3}(?:,\d{3})+(?:\.\d+)?", digits):
        return float(digits.replace(",", ""))
    if re.fullmatch(r"-?\d{1,3}(?:\.\d{3})+,\d+|-?\d{1,3}(?:\.\d{3}){2,}|-?\d+,\d+", digits):
        return float(digits.replace(".", "").replace(",", "."))
    return float(digits.replace(",", ""))
