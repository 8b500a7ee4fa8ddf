"""The rows of a table as the parsers write them, "Header: value; Header: value", and which column is meant.

Knows nothing of what is asked of them.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from retrieval.answering.quotes import Quote
from retrieval.answering.views.table.numbers import CLOCK, EMPTY, is_number
from retrieval.records import Passage
from retrieval.text import content_stems, stems

ROW = re.compile(r"\brows? \d")
_CELL = re.compile(r"(?:^|; )([^:;]{1,60}): ([^;]*)")
_ISO_DAY = re.compile(r"\d{4}-\d\d-\d\d\b")
_MARKS = frozenset("€$£")
_SHARE = 0.7  # of a column's values, from which it is one of numbers, or of days


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

    def stems(self, header: str) -> set[str]:
        """Return the stems of a cell without stop words."""
        return content_stems(self.cells.get(header, ""))


@dataclass(frozen=True)
class Table:
    """Rows under the same headers. title: of the document."""

    rows: Sequence[Row]
    title: str = ""

    @property
    def called(self) -> str:
        """What stands above the rows: the document's title and the heading."""
        return f"{self.title} {self.rows[0].passage.heading}"

    @cached_property
    def headers(self) -> list[str]:
        """The headers of all rows."""
        return list(dict.fromkeys(header for row in self.rows for header in row.cells))

    @cached_property
    def numeric(self) -> list[str]:
        """The headers of columns of numbers."""
        return [header for header in self.headers if self._mostly(header, lambda v: is_number(v) or EMPTY.match(v))]

    @cached_property
    def of_days(self) -> list[str]:
        """The headers of columns of days, as 2025-09-08."""
        return [header for header in self.headers if self._mostly(header, _ISO_DAY.search)]

    @cached_property
    def of_times(self) -> list[str]:
        """The headers of columns of times of the day, as 21:45."""
        return [header for header in self.headers if self._mostly(header, CLOCK.match)]

    @cached_property
    def labels(self) -> list[str]:
        """The headers of what rows are called by: those without numbers."""
        return [header for header in self.headers if header not in self.numeric]

    @cached_property
    def vocabulary(self) -> set[str]:
        """The stems of all that the table says, its heading and its document's title."""
        cells = (f"{header} {value}" for row in self.rows for header, value in row.cells.items())
        return stems(" ".join([self.called, *cells]))

    def values(self, header: str) -> list[str]:
        """Return the cells of a column, "" where a row has none."""
        return [row.cells.get(header, "") for row in self.rows]

    def _mostly(self, header: str, test: object) -> bool:
        values = [value for value in self.values(header) if value]
        return sum(bool(test(value)) for value in values) >= _SHARE * max(1, len(values))  # type: ignore[operator]

    def column(self, wanted: str, among: Sequence[str] | None = None) -> str | None:
        """Return the first column of numbers, or of some, whose header has most of some words; None: none has any."""
        asked = content_stems(wanted) | (_MARKS & set(wanted))
        scores = {header: len(asked & self._named(header)) for header in (self.numeric if among is None else among)}
        best = max(scores, key=scores.__getitem__, default=None)
        return best if best is not None and scores[best] else None

    def _named(self, header: str) -> set[str]:
        return content_stems(header) | (_MARKS & set(header + self.rows[0].cells.get(header, "")))


def rows_of(passages: Iterable[Passage]) -> Iterator[Row]:
    """Yield the rows in passages that have two cells at least."""
    for passage in passages:
        for number, (start, end) in enumerate(passage.sentences):
            cells = dict(_CELL.findall(passage.text[start - passage.start : end - passage.start]))
            if len(cells) > 1:
                yield Row(passage, number, cells)


def is_row(passage: Passage) -> bool:
    """Tell whether a passage is rows of a table."""
    return bool(ROW.search(passage.place))


def same_table(passage: Passage, other: Passage) -> bool:
    """Tell whether two passages of a document are rows of one table, or of tables under one heading."""
    sheet, own = (ROW.split(each.place)[0] for each in (passage, other))
    return is_row(other) and passage.heading == other.heading and (sheet == own or sheet.startswith("p."))
