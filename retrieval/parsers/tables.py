"""Tables of every format: where the header is, what each row says on its own, and the grid as people see it.

A row is stored as it can be quoted: "Port: Aro; Depth: 9", each value behind its column's name, or "Aro | 9" where
the columns have none. Cells that span several rows or columns stand in each of them.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from retrieval.text import one_line, printable

_LONGEST_NAME = 60  # characters of a column's name, and of a row that names a section
_MOST_COLUMNS = 1_000  # that a cell can span, as in HTML
_MOST_CELLS = 200_000  # of a grid that spans fill in
_MOST_TITLES = 5  # rows above a header
_MOST_STACKED = 3  # rows of a header that is not marked as one
_BETWEEN_NAMES = " › "
_NUMBER = re.compile(
    r"(?:[^\w\s]{0,3}|[a-z]{3}\s|(?:Rs|kr|Fr|Nr|no|ca|c|zł|R\$|US\$)[. ]?)\s?[-+−–±~<>≤≥]{0,2}\s?"  # a currency, a sign
    r"\d[\d\s.,:/'’–-]*(?:\s?[^\d\s]{1,10}){0,2}|[-–—.·?]+|n/?a",  # digits, a unit
    re.IGNORECASE,
)
_FIGURES = re.compile(r"\d[\d.,\s]*")
_CODE = re.compile(r"[A-Z]{1,4}[-. ]?\d{1,6}[A-Za-z]?")
_YEAR = re.compile(r"(?:FY\s?)?(?:1[89]|20|21)\d\d(?:[/–-]\d{2,4})?")
_DAY = re.compile(  # of a column: "2024-05-04", "May 2024", "4 May", "04.05.2024"
    r"\d{4}-\d\d-\d\d|\d\d?[./]\d\d?[./]\d{2,4}|(?:\d{1,2}\.? )?[A-Z][a-zé]{2,8}\.?[ -]\d{2,4}"
    r"|\d{1,2}\.? [A-Z][a-zé]{2,8}"
)

Grid = Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell as it is written. columns, rows: how many it spans. is_head: marked as a name of columns or rows."""

    text: str = ""
    columns: int = 1
    rows: int = 1
    is_head: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table as it is drawn: the cells that begin in each row, and where the rows stand in the text.

    head: so many rows name the columns. names: of the columns, "" where they have none. lines: the span of each row
    in `ParsedText.text`; None where it is not in it as a row, as with names. first: number of the first row.
    """

    rows: tuple[tuple[Cell, ...], ...]
    head: int
    names: tuple[str, ...]
    lines: tuple[tuple[int, int] | None, ...]
    first: int = 1
    caption: str = ""

    def moved(self, by: int) -> "Table":
        """Return the same table in a text that has `by` characters more before it."""
        return replace(self, lines=tuple(span and (span[0] + by, span[1] + by) for span in self.lines))


@dataclass(frozen=True, slots=True)
class Layout:
    """How a table is read. titles: rows above the header; head: rows of names behind them; names: one a column.

    is_sure: the header is marked as one, or what stands below it is of another kind.
    """

    titles: int = 0
    head: int = 0
    names: tuple[str, ...] = ()
    is_sure: bool = True


def cleaned(rows: Iterable[Sequence[Cell | str]]) -> list[list[Cell]]:
    """Return rows of cells, each with its text on one line."""
    made = ([cell if isinstance(cell, Cell) else Cell(cell) for cell in row] for row in rows)
    return [
        [Cell(one_line(printable(c.text)), max(1, c.columns), max(1, c.rows), c.is_head) for c in row] for row in made
    ]


def filled(rows: Iterable[Sequence[Cell]], *, across: bool = True) -> list[list[str]]:
    """Return the texts of a table by row and column, that of a spanning cell wherever it reaches.

    across: in each of its columns, too; else in the first only.
    """
    grid: list[list[str]] = []
    reaching: dict[int, tuple[int, str]] = {}  # column -> in how many rows more, which text
    room = _MOST_CELLS
    for row in rows:
        texts = {column: text for column, (_, text) in reaching.items()}
        reaching = {column: (left - 1, text) for column, (left, text) in reaching.items() if left > 1}
        column = 0
        for cell in row:
            while column in texts:
                column += 1
            width = max(1, min(cell.columns, _MOST_COLUMNS, room))
            for each in range(column, column + width):
                texts.setdefault(each, cell.text if across or each == column else "")
                if cell.rows > 1:
                    reaching[each] = (cell.rows - 1, texts[each])
            column += width
        grid.append([texts.get(each, "") for each in range(max(texts, default=-1) + 1)])
        room -= len(texts)
        reaching = reaching if room > 0 else {}
    return grid


def layout(rows: Sequence[Sequence[Cell]], grid: Grid, *, guess: bool = False) -> Layout:
    """Find the names of a table's columns. guess: short words in the first row are names even if all else is words.

    rows, grid: of the whole table, or of its first rows.
    """
    titles = _titles(rows, grid)
    head = _marked(rows[titles:])
    if head:
        return Layout(titles, head, _names(rows, grid, titles, head))
    for size in range(1, _MOST_STACKED + 1):
        if _is_head(rows[titles:], grid[titles:], size) and (guess or not _may_be_pairs(grid[titles:])):
            return Layout(titles, size, _names(rows, grid, titles, size))
    if guess and len(grid) > titles + 1 and _may_name(grid[titles]):
        return Layout(titles, 1, _names(rows, grid, titles, 1), is_sure=False)
    return Layout()


def row_line(names: Sequence[str], cells: Sequence[str], section: str = "") -> str:
    """Return a row as it is stored: its values behind their names; "" where it is empty."""
    if not any(cells):
        return ""
    if not any(names):
        shown = list(cells)
        while not shown[-1]:
            shown.pop()
        return " | ".join([section, *shown] if section else shown)
    parts = [section] if section else []
    for index, cell in enumerate(cells):
        named = names[index] if index < len(names) else ""
        part = f"{named.rstrip(':')}: {cell}" if named and named != cell else cell
        if cell and not (parts and part == parts[-1]):
            parts.append(part)
    return "; ".join(parts)


def is_section(row: Sequence[Cell], width: int) -> bool:
    """Tell whether a row is one cell across the table that says what the rows below it are about."""
    full = [cell for cell in row if cell.text]
    if len(full) != 1 or len(full[0].text) > _LONGEST_NAME or full[0].text.endswith("."):
        return False
    return width > 1 and (full[0].columns >= width or (full[0].is_head and row[0] is full[0]))


def is_number(text: str) -> bool:
    """Tell whether a cell holds a figure, with or without a unit, or a sign for none."""
    return bool(_NUMBER.fullmatch(text[:80]))


def _titles(rows: Sequence[Sequence[Cell]], grid: Grid) -> int:
    """Count the rows above the header: one text each, alone or across a table that has more columns below."""
    width = max((len({text for text in row if text}) for row in grid[: 2 * _MOST_TITLES]), default=0)
    full = (
        number
        for number, row in enumerate(grid[:_MOST_TITLES])
        if len({text for text in row if text}) > 1 or (any(row) and not row[0])  # a name above some columns only
    )
    return next(full, 0) if width > 1 else 0


def _marked(rows: Sequence[Sequence[Cell]]) -> int:
    """Count the first rows whose cells are all marked as names; none where that holds for all rows of many."""
    count = 0
    for row in rows:
        full = [cell for cell in row if cell.text]
        if not all(cell.is_head for cell in full) or not (full or count):
            break
        count += 1
    if not count:
        return 0
    first = rows[0]
    count = max(count, min(max((cell.rows for cell in first if cell.text), default=1), _MOST_STACKED))
    return count if count < len(rows) else min(1, len(rows) - 1)


def _is_head(rows: Sequence[Sequence[Cell]], grid: Grid, size: int) -> bool:
    """Tell whether the first rows are names, as what stands below them is figures."""
    body = grid[size:]
    above = [[text for text, _ in groupby(row)] for row in grid[: size - 1]]  # a name may reach over several columns
    if not body or not all(map(_is_named, [*above, grid[size - 1]])):
        return False
    if size > 1 and all(grid[0]) and len(set(grid[0])) == len(grid[0]):
        return False  # names that are complete have no second row of them
    width = max(map(len, grid[:size]))
    last = grid[size - 1]
    if sum(bool(text) for text in last) < max(2, (width + 1) // 2):
        return False
    if size == 1 and len(set(filter(None, last))) < sum(map(bool, last)) and len(body) > 1 and _is_named(body[0]):
        return False  # a name across several columns has their own below it
    return any(_differs([row[column] if column < len(row) else "" for row in grid], size) for column in range(width))


def _may_be_pairs(grid: Grid) -> bool:
    """Tell whether a table of two columns may be pairs of a word and its value, the values not all of one kind."""
    values = [row[1] for row in grid[1:] if len(row) > 1 and row[1]]
    kinds = {_FIGURES.sub("0", value) for value in values}
    coded = _of_codes([row[0] for row in grid if row])
    return max(map(len, grid)) == 2 and not coded and (len(values) < 2 or len(kinds) > 1)


def _is_named(row: Sequence[str]) -> bool:
    """Tell whether a row's cells are short words, or years or several days beside a word."""
    full = [text for text in row if text]
    words = [text for text in full if not is_number(text)]
    others = [text for text in full if is_number(text)]
    if not full or any(len(text) > _LONGEST_NAME for text in words):
        return False
    years = all(map(_YEAR.fullmatch, others)) or (len(others) > 1 and all(map(_is_time, others)))
    years = years and len(set(others)) == len(others)
    return not others or (years and bool(words or not row[0]))


def _may_name(row: Sequence[str]) -> bool:
    full = [text for text in row if text]
    return len(full) > 1 and _is_named(row) and len(full) == len(set(full))


def _differs(column: Sequence[str], size: int) -> bool:
    """Tell whether a column's figures or codes have a word above them, or a year above what are no years."""
    if size == 1 and _of_codes(column):
        return True
    name = next((text for text in reversed(column[:size]) if text), "")
    body = [text for text in column[size:] if text]
    figures = sum(map(is_number, body))
    if not name or not body or 3 * figures < 2 * len(body):
        return False
    return not is_number(name) or not all(map(_is_time, body))


def _is_time(text: str) -> bool:
    return bool(_YEAR.fullmatch(text) or _DAY.fullmatch(text))


def _of_codes(column: Sequence[str]) -> bool:
    """Tell whether a column is a word above codes, each another: "Code", "E1", "E2"."""
    name, codes = (column[0], column[1:]) if column else ("", ())
    named = bool(name) and not any(map(str.isdigit, name))
    return named and len(codes) > 1 and all(map(_CODE.fullmatch, codes)) and len(set(codes)) == len(codes)


def _names(rows: Sequence[Sequence[Cell]], grid: Grid, titles: int, head: int) -> tuple[str, ...]:
    """Join the names that stand above each other, those that reach over several columns first."""
    width = max(map(len, grid), default=0)
    above = [[*row, *[""] * (width - len(row))] for row in grid[titles : titles + head]]
    if not any(cell.columns > 1 for row in rows[titles : titles + head] for cell in row):
        for row in above[:-1]:  # where no cells are merged, as in CSV, a name reaches to the next one
            for column in range(1, width):
                if not row[column] and above[-1][column] and above[-1][column - 1]:
                    row[column] = row[column - 1]
    names = []
    for column in range(width):
        stacked = (row[column] for row in above if column < len(row) and row[column])
        names.append(_BETWEEN_NAMES.join(dict.fromkeys(stacked)))
    return tuple(names)
