"""The rows of a sheet -> tables: where each begins and ends, its names, a place for every row.

A sheet is read as rows that hold something, by their numbers: a stray cell in the last row costs nothing.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from retrieval.parsers.base import Builder, UnreadableError, is_caption
from retrieval.parsers.tables import Cell, Layout, cleaned, filled, layout
from retrieval.text import one_line

MOST_ROWS = 200_000  # of one file that hold something
_LOOKED_AT = 60  # rows in which a table shows how it is read
_TOGETHER = 2_000  # rows that are added at once
Row = tuple[int, list[Cell]]  # number, cells from the first column on


@dataclass(slots=True)
class Sheet:
    """A sheet that is shown: its name, its rows in order, notes by row, and what stands on it without a cell."""

    name: str
    rows: Iterable[Row]
    notes: dict[int, list[str]] = field(default_factory=dict)
    boxes: list[str] = field(default_factory=list)


class Rows:
    """Counts the rows of a file, and gives its sheets to a builder."""

    def __init__(self, builder: Builder) -> None:
        self._builder = builder
        self._count = 0

    def add(self, sheet: Sheet) -> None:
        """Add a sheet's tables, each row a block; UnreadableError where the file has more than MOST_ROWS."""
        before: tuple[Layout, int] | None = None  # how the table above was read, and its width
        caption = ""
        regions = _regions(self._counted(sheet.rows))
        region = next(regions, None)
        while region is not None:
            below = next(regions, None)
            texts = [cell.text for cell in region[0][1] if cell.text]
            if len(region) == 1 and len(texts) == 1 and below and is_caption(one_line(texts[0])) and not caption:
                caption = texts[0]
            else:
                before = self._table(sheet, region, before, caption)
                caption = ""
            region = below
        for text in sheet.boxes:
            self._builder.add(text, place=sheet.name)

    def _counted(self, rows: Iterable[Row]) -> Iterator[Row]:
        for row in rows:
            self._count += 1
            if self._count > MOST_ROWS:
                raise UnreadableError(f"has more than {MOST_ROWS:,} rows; split it")
            yield row

    def _table(
        self, sheet: Sheet, region: Sequence[Row], before: tuple[Layout, int] | None, caption: str
    ) -> tuple[Layout, int]:
        """Add rows that follow each other, and the notes on their cells; return how they were read, and their width."""
        head = cleaned(_filled_up(region[:_LOOKED_AT]))
        grid = filled(head)
        width = max(map(len, grid))
        found = layout(head, grid, guess=True)
        known: Layout | None = found
        if before and before[0].names and width <= before[1] and not (found.head and found.is_sure) and not caption:
            found = known = before[0]  # an empty row inside a table
            width = before[1]
        else:
            known = None
        step = _TOGETHER
        for begin in range(0, len(region), step):
            part = region[begin : begin + step]
            rows = _filled_up(part)
            if known is None:
                known = self._builder.table(
                    rows, caption=caption, place=sheet.name, first=part[0][0], guess=True, apart=True
                )
                found = known
            else:
                self._builder.table(rows, place=sheet.name, first=part[0][0], known=known, apart=True)
            for number, _ in part:
                for note in sheet.notes.get(number, ()):
                    self._builder.add(note, place=sheet.name, row=number)
        return found, width


def _regions(rows: Iterable[Row]) -> Iterator[list[Row]]:
    """Yield the runs of rows that follow each other; rows of no cells, as hidden ones, do not part them."""
    run: list[Row] = []
    for number, cells in rows:
        if run and number > run[-1][0] + 1:
            yield run
            run = []
        if cells or run:
            run.append((number, cells))
    if run:
        yield run


def _filled_up(rows: Sequence[Row]) -> list[list[Cell]]:
    return [cells for _, cells in rows]
