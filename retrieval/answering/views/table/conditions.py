"""The conditions that a question puts on the rows of a table, each as a test of a row.

A condition takes its words out of the question, so that the caller knows what is left to be understood.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain

from retrieval.answering.views.table.numbers import EMPTY, NUMBER, UNITS, WEEK, days, measured, number
from retrieval.answering.views.table.rows import Row, Table
from retrieval.text import MONTHS, YEAR, content_stems, stems

Test = Callable[[Row], bool]
# What a word asks of which column: stems of headers where a question does not name one itself.
PRICE = "price cost fee rate amount rent charge fare premium eur usd gbp chf € $ £"
_STOCK = "stock availability available quantity inventory left"
_THINGS = "places?|seats?|spaces?|spots?|room|vacanc(?:y|ies)|stock|tickets?"
_NOT = r"\b(?:not|no|never|without|except(?: for)?|excluding|other than|apart from|but for)\b|n't\b"
_GONE = re.compile(
    rf"\b(?:out[- ]of[- ]stock|sold[- ]out|unavailable|fully booked|full up|not (?:in stock|available)|"
    rf"no longer (?:in stock|available)|(?:have|has|with) no (?:more )?(?:{_THINGS})(?: left| available| free)?)\b"
)
_HERE = re.compile(
    rf"\b(?:still (?:available|in stock)|(?:is|are) (?:available|in stock)|"
    rf"(?:have|has|having|with)(?: still| any| some| free)*(?: {_THINGS})(?: left| available| free)?|"
    rf"still (?:have|has)(?: any| some| free)*(?: {_THINGS})(?: left| available| free)?)\b"
)
_NEGATED_BEFORE = re.compile(rf"(?:{_NOT})(?:\s+\w+)?(?:\s+the)?\s*$")
_OVER = (
    r"more than|over|above|greater than|higher than|longer than|heavier than|older than|at least|exceed(?:s|ing)?|"
    r"no less than"
)
_UNDER = (
    r"less than|fewer than|under|below|lower than|shorter than|cheaper than|lighter than|younger than|at most|up to|"
    r"no more than|within"
)
_LIMIT = re.compile(rf"\b({_OVER}|{_UNDER})\s+[€$£]?\s?({NUMBER})\s*(\w+|[€$£%])?")
_BETWEEN = re.compile(rf"\bbetween\s+[€$£]?({NUMBER})\s+and\s+[€$£]?({NUMBER})\s*(\w+)?")
_INCLUSIVE = re.compile(r"at least|at most|up to|no (?:more|less) than|within")
_CURRENCY = re.compile(r"[€$£]|euros?|dollars?|pounds?|francs?|eur|usd|gbp|chf")
_COSTING = re.compile(r"[€$£]|\b(?:costs?|cheaper|euros?|dollars?|pounds?|francs?)\b")
_CLAUSE_END = re.compile(r"\b(?:and|but)\b|[,;]")
_LESS = re.compile(
    r"\b(?:fewer|less|lower|fall|falls|fell|drop\w*|decreas\w+|declin\w+|shr[aiu]nk\w*|cut|loses?|lost)\b"
)
_MORE = re.compile(r"\b(?:more|higher|rise|rises|rose|increas\w+|grow|grows|grew|grown|gains?|gained)\b")
_YEAR = re.compile(rf"\b{YEAR}\b")
_YES = re.compile(r"\s*(?:yes|y|true|x|✓|✔|☑|ja|oui|sí)\s*$", re.IGNORECASE)
_NO = re.compile(r"\s*(?:no|n|false|-|–|—|✗|✘|☐|nein|non|)\s*$", re.IGNORECASE)
_MONTH_NAMES = [name.lower() for name in MONTHS]
_MONTH = re.compile(rf"\b(?:in|during)\s+(?:early |mid |late )?({'|'.join(_MONTH_NAMES)})(?:\s+({YEAR}))?\b")
_WEEKDAY = re.compile(rf"\b(?:(only|just) )?(?:on |at )?(?:an? |the |every )?({WEEK}s?)\b(?: only)?")
_KIND = re.compile(
    r"\b(?:which|what|how many|list|name|show me|give me)(?: all)?(?: the)?((?: [\w-]+)*?) ([\w-]+)"
    r"(?= (?:are|is|were|was|have|has|do|does|did|can|cost|costs|by|from|with|that|which|in|on|of|under|over)\b|\W*$)"
)


@dataclass(slots=True)
class Conditions:
    """What a question asks of rows. left: of the question, without the words of the tests.

    by_cells: whether only the words of cells are asked for. is_whole: whether the table can tell all that is asked.
    """

    left: str
    tests: list[Test] = field(default_factory=list)
    by_cells: bool = True
    is_whole: bool = True

    def take(self, span: tuple[int, int], test: Test) -> None:
        """Add a test, which the words of a span ask for."""
        self.left = f"{self.left[: span[0]]} , {self.left[span[1] :]}"
        self.tests.append(test)
        self.by_cells = False


def conditions(said: str, table: Table) -> Conditions:
    """Return what a question, in lower case, asks of the rows of a table."""
    asked = Conditions(said)
    for find in (_limits, _stock, _changes, _ticks, _months, _weekdays, _cells):
        find(asked, table)
    return asked


def _limits(asked: Conditions, table: Table) -> None:
    """Find limits of a number, or two between which it lies."""
    while match := _BETWEEN.search(asked.left) or _LIMIT.search(asked.left):
        unit = match[3] or ""
        column = _limited(asked.left, match, unit, table)
        if column is None:
            asked.is_whole = False
            return
        is_unit = unit in UNITS or _CURRENCY.fullmatch(unit) or unit == "%"
        end = match.end() if is_unit or not unit else match.start(3)
        asked.take((match.start(), end), _within(column, *_bounds(match), unit))


def _bounds(match: re.Match[str]) -> tuple[float, float]:
    """Return the least and the greatest number that are asked for."""
    if match.re is _BETWEEN:
        return number(match[1]), number(match[2])
    value, step = number(match[2]), 0.0 if _INCLUSIVE.fullmatch(match[1]) else 1e-9
    return (value + step, float("inf")) if re.fullmatch(_OVER, match[1]) else (float("-inf"), value - step)


def _within(column: str, low: float, high: float, unit: str) -> Test:
    return lambda row: low <= measured(row.cells.get(column, ""), unit) <= high


def _limited(said: str, match: re.Match[str], unit: str, table: Table) -> str | None:
    """Return the column that a limit is of: named in its clause, else of money where it is an amount, else named."""
    starts = [end.end() for end in _CLAUSE_END.finditer(said, 0, match.start())]
    ends = [end.start() for end in _CLAUSE_END.finditer(said, match.end())]
    clause = said[max(starts, default=0) : min(ends, default=len(said))].replace(match[0], f" {unit} ")
    named = table.column(clause)
    if not (_COSTING.search(match[0]) or _COSTING.search(clause)):
        return named or table.column(said.replace(match[0], f" {unit} "))
    return named if named and _is_money(named, table) else table.column(PRICE)


def _is_money(header: str, table: Table) -> bool:
    cells = f"{header} {table.rows[0].cells.get(header, '')}"
    return bool(set(cells) & set("€$£")) or bool(content_stems(cells) & content_stems(PRICE))


def _stock(asked: Conditions, table: Table) -> None:
    """Find whether what is gone, or what is still there, is asked for."""
    match = _GONE.search(asked.left) or _HERE.search(asked.left)
    said = (header for header in table.headers if any(map(_GONE.search, map(str.lower, table.values(header)))))
    column = table.column(_STOCK) or next(said, None)
    if match and column:
        negated = _NEGATED_BEFORE.search(asked.left, 0, match.start())
        gone = (match.re is _GONE) != bool(negated)
        asked.take(((negated or match).start(), match.end()), _empty(column, gone))
    elif match and match.re is _GONE:  # "has room" may mean anything
        asked.is_whole = False


def _empty(column: str, wanted: bool) -> Test:
    def empty(row: Row) -> bool:
        value = row.cells.get(column, "?")
        return bool(EMPTY.match(value) or _GONE.search(value.lower())) == wanted

    return empty


def _changes(asked: Conditions, table: Table) -> None:
    """Find whether a year's number is to be below or above that of the year before."""
    less, more = _LESS.search(asked.left), _MORE.search(asked.left)
    years = sorted(header for header in table.headers if _YEAR.fullmatch(header))
    named = [year for year in _YEAR.findall(asked.left) if year in years[1:]]
    found = less or more
    if found and not (less and more) and named and "than" not in asked.left:
        asked.take(found.span(), _moved(years[years.index(named[-1]) - 1], named[-1], found is more))


def _moved(before: str, now: str, up: bool) -> Test:
    def moved(row: Row) -> bool:
        earlier, later = (number(row.cells.get(year, "")) for year in (before, now))
        return later > earlier if up else later < earlier

    return moved


def _ticks(asked: Conditions, table: Table) -> None:
    """Find a column of yes and no whose header is asked for, or with "not" its opposite."""
    for header in table.headers:
        named, values = content_stems(header), table.values(header)
        if not (named and named <= stems(asked.left) and any(map(_YES.match, values))):
            continue
        if all(_YES.match(value) or _NO.match(value) for value in values):
            negated = re.search(_NOT, asked.left)
            asked.take(negated.span() if negated else (0, 0), _matching(header, _NO if negated else _YES))


def _matching(header: str, pattern: re.Pattern[str]) -> Test:
    return lambda row: bool(pattern.match(row.cells.get(header, "")))


def _months(asked: Conditions, table: Table) -> None:
    """Find the month that a day is to be in."""
    match = _MONTH.search(asked.left)
    if match and table.of_days:
        named = [header for header in table.of_days if content_stems(header) & stems(asked.left)]
        year, month = match[2] or "....", _MONTH_NAMES.index(match[1]) + 1
        asked.take(match.span(), _matching((named or table.of_days)[0], re.compile(f"{year}-{month:02}-")))


def _weekdays(asked: Conditions, table: Table) -> None:
    """Find the days of the week on which something is to be: "Mon-Fri" and "daily" hold a Friday."""
    match = _WEEKDAY.search(asked.left)
    named = match and [header for header in table.headers if all(map(days, table.values(header)))]
    if match and named:
        wanted, negated = days(match[2]), _NEGATED_BEFORE.search(asked.left, 0, match.start())
        asked.take(((negated or match).start(), match.end()), _on(named[0], wanted, bool(match[1]), not negated))


def _on(column: str, wanted: set[int], only: bool, there: bool) -> Test:
    def on(row: Row) -> bool:
        own = days(row.cells.get(column, ""))
        return (own == wanted if only else wanted <= own) == there

    return on


def _cells(asked: Conditions, table: Table) -> None:
    """Find the cells that are named: whole ones, else what rows hold of the words that are left."""
    words, taken = content_stems(asked.left), set[str]()
    negation = re.search(_NOT, asked.left)
    behind = content_stems(asked.left[negation.end() :]) if negation else set()
    held = set(chain.from_iterable(row.stems(header) for row in table.rows for header in table.labels))
    for header, values in _named(words, table).items():
        own = set(chain.from_iterable(values))
        if not own <= taken:
            taken |= own
            denied = negation is not None and (bool(own & behind) or not held & behind)
            asked.tests.append(_equal(header, values, not denied))
    about = content_stems(" ".join([table.called, *table.headers]))
    kind = _KIND.search(asked.left)
    for word in sorted(words & held - taken - about):
        first = any(word in row.stems(table.labels[0]) for row in table.rows)
        if first or not (kind and word in content_stems(kind[2])):
            asked.tests.append(_holding(word, table.labels, not (negation and word in behind)))
    if negation and not asked.tests:
        asked.is_whole = False


def _equal(header: str, values: Sequence[set[str]], wanted: bool) -> Test:
    return lambda row: (row.stems(header) in values) == wanted


def _holding(word: str, headers: Sequence[str], wanted: bool) -> Test:
    return lambda row: any(word in row.stems(header) for header in headers) == wanted


def _named(words: set[str], table: Table) -> Mapping[str, list[set[str]]]:
    """Return header -> the values whose words are all among some, without those that are part of a longer one."""
    found: dict[str, list[set[str]]] = {}
    for header in table.headers:
        values = [own for row in table.rows if (own := row.stems(header)) and own <= words]
        if values:
            found[header] = [own for own in values if not any(own < other for other in values)]
    return dict(sorted(found.items(), key=lambda item: -max(map(len, item[1]))))
