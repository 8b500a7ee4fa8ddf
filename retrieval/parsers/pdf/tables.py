"""Lines of a page -> tables, where rules are drawn around cells or words stand below each other in columns.

A table is taken out of the page's lines and stands in them as one, so that text flows around it.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median

from retrieval.parsers.pdf.lines import Box, Line, Page, PrintedCell, PrintedTable, columns_of

_NEAR = 3.0  # points by which rules that meet may miss each other, and columns of one table differ between pages
_SAME_ROW = 0.35  # of the letters' height by which baselines of one row differ
_FURTHER = 3.2  # of the letters' height: from there on a row belongs to something else
_WRAPPED = 0.88  # of the usual distance of rows: lines of one cell are closer
APART = 0.7  # of the letters' height: from there on words stand in two cells, where others stand below them
_LONGEST_CELL = 90  # characters of a line in a table without rules; what is longer is prose
_MOST_RULES = 4000
_LIST = re.compile(r"[•◦▪‣·●○■–—*-]|\(?(?:\d{1,3}|[a-zA-Z]|[ivx]{1,4})[.)]|\[\d{1,3}\]|(?:\d{1,2}\.)+\d{0,2}")
_GOES_ON = re.compile(r"[a-zß-ÿ(&/]")


def with_ruled_tables(page: Page) -> Page:
    """Return a page with each table that rules are drawn around as one line, that has it in `table`."""
    lines = list(page.lines)
    for grid in _grids(page.rules):
        lines = _taken(lines, page.number, grid)
    return replace(page, lines=lines)


def with_aligned_tables(lines: Sequence[Line]) -> list[Line]:
    """Return lines with each table that only white space makes as one of them."""
    left = list(lines)
    for group in columns_of(left):
        for table, own in _aligned(group):
            left = _replaced(left, table, own)
    return left


def _replaced(lines: Sequence[Line], table: PrintedTable, own: Sequence[Line]) -> list[Line]:
    """Put a table in the place of the first of its lines."""
    gone = {id(line) for line in own}
    first = next(index for index, line in enumerate(lines) if id(line) in gone)
    box = (min(line.left for line in own), max(line.right for line in own), max(line.y for line in own))
    sign = Line("", own[0].page, box[0], box[1], box[2], median(line.size for line in own), table=table)
    return [*lines[:first], sign, *(line for line in lines[first:] if id(line) not in gone)]


def goes_on(table: PrintedTable, following: PrintedTable) -> bool:
    """Tell whether a table goes on in another at the top of the next page."""
    if len(table.edges) != len(following.edges):
        return False
    shift = following.edges[0] - table.edges[0]
    return all(abs(two - one - shift) < 2 * _NEAR for one, two in zip(table.edges, following.edges, strict=True))


def continued(table: PrintedTable, following: PrintedTable) -> PrintedTable:
    """Join two parts of a table; the header that stands above both is said once."""
    same = 0
    for one, two in zip(table.rows, following.rows, strict=False):
        if [_shown(cell) for cell in one] != [_shown(cell) for cell in two] or same == len(following.rows) - 1:
            break
        same += 1
    return PrintedTable([*table.rows, *following.rows[same:]], [*table.pages, *following.pages[same:]], table.edges)


def _shown(cell: PrintedCell) -> str:
    return " ".join(line.text for line in cell.lines)


# --- with rules


@dataclass(frozen=True, slots=True)
class _Grid:
    """Where rows end, from the top down, and columns, and which rules there are between cells."""

    xs: tuple[float, ...]
    ys: tuple[float, ...]
    is_upright: Callable[[float, float], bool]  # whether a rule runs at x through y
    is_level: Callable[[float, float], bool]  # whether a rule runs at y through x


def _grids(rules: Sequence[Box]) -> Iterator[_Grid]:
    """Yield the grids that rules make which touch each other; at least two rows and two columns."""
    if not 4 <= len(rules) <= _MOST_RULES:
        return
    level = _merged([(r.left, r.right, (r.top + r.bottom) / 2) for r in rules if r.right - r.left >= r.top - r.bottom])
    upright = _merged([(r.bottom, r.top, (r.left + r.right) / 2) for r in rules if r.right - r.left < r.top - r.bottom])
    for own_level, own_upright in _touching(level, upright):
        xs = _clustered([x for _, _, x in own_upright] + [x for a, b, _ in own_level for x in (a, b)])
        ys = _clustered([y for _, _, y in own_level] + [y for a, b, _ in own_upright for y in (a, b)])[::-1]
        if len(xs) > 2 and len(ys) > 2:
            yield _Grid(tuple(xs), tuple(ys), _runs(own_upright), _runs(own_level))


def _runs(segments: Sequence[tuple[float, float, float]]) -> Callable[[float, float], bool]:
    def is_there(at: float, through: float) -> bool:
        return any(abs(own - at) < _NEAR and start - 1 <= through <= end + 1 for start, end, own in segments)

    return is_there


def _merged(segments: Iterable[tuple[float, float, float]]) -> list[tuple[float, float, float]]:
    """Join segments (start, end, at) that lie in one line and touch."""
    joined: list[tuple[float, float, float]] = []
    for start, end, at in sorted(segments, key=lambda each: (round(each[2] / 1.5), each[0])):
        last = joined[-1] if joined else None
        if last and abs(last[2] - at) < 2 and start <= last[1] + _NEAR:
            joined[-1] = (last[0], max(last[1], end), last[2])
        else:
            joined.append((start, end, at))
    return joined


def _touching(
    level: Sequence[tuple[float, float, float]], upright: Sequence[tuple[float, float, float]]
) -> Iterator[tuple[list[tuple[float, float, float]], list[tuple[float, float, float]]]]:
    """Group level and upright segments that meet each other."""
    parents = list(range(len(level) + len(upright)))

    def root(index: int) -> int:
        while parents[index] != index:
            parents[index] = parents[parents[index]]
            index = parents[index]
        return index

    if len(level) * len(upright) > 400_000:
        return
    for first, (left, right, y) in enumerate(level):
        for second, (bottom, top, x) in enumerate(upright, start=len(level)):
            if left - _NEAR <= x <= right + _NEAR and bottom - _NEAR <= y <= top + _NEAR:
                parents[root(first)] = root(second)
    groups: dict[int, tuple[list[tuple[float, float, float]], list[tuple[float, float, float]]]] = {}
    for index, segment in enumerate([*level, *upright]):
        groups.setdefault(root(index), ([], []))[index >= len(level)].append(segment)
    yield from (group for group in groups.values() if len(group[0]) > 1 and group[1])


def _clustered(values: Iterable[float]) -> list[float]:
    """Return one value for those that are near each other, in order."""
    found: list[float] = []
    for value in sorted(values):
        if not found or value - found[-1] > _NEAR:
            found.append(value)
    return found


def _taken(lines: list[Line], number: int, grid: _Grid) -> list[Line]:
    """Take a grid's words out of lines and put its table there; as they were where it holds too few."""
    inside = Box(grid.xs[0] - _NEAR, grid.ys[-1] - _NEAR, grid.xs[-1] + _NEAR, grid.ys[0] + _NEAR)
    cells, owner = _cells(grid)
    kept: list[Line | None] = []
    own: list[Line] = []
    for line in lines:
        middle = line.y + 0.25 * line.size
        if line.table or not (
            inside.bottom <= middle <= inside.top and line.right > inside.left and line.left < inside.right
        ):
            kept.append(line)
            continue
        parts = _by_column(line, grid.xs)
        outside = [part for column, part in parts if column is None]
        row = next((r for r, (top, bottom) in enumerate(pairwise(grid.ys)) if bottom <= middle <= top), None)
        if row is None or len(outside) == len(parts):
            kept.append(line)
            continue
        own.append(line)
        kept.append(None if not outside else outside[0])
        for column, part in parts:
            if column is not None:
                cells[owner[row][column]].lines.append(part)
    filled = [place for place, cell in cells.items() if cell.lines]
    is_table = len({row for row, _ in filled}) > 1 and len({column for _, column in filled}) > 1
    if not is_table or len(filled) < 0.3 * len(cells):
        return lines
    rows: list[list[PrintedCell]] = [[] for _ in grid.ys[1:]]
    for (row, _), cell in sorted(cells.items(), key=lambda item: item[0]):
        cell.lines = _in_rows(cell.lines)
        rows[row].append(cell)
    table = PrintedTable(rows, [number] * len(rows), grid.xs[:-1])
    gone = {id(line) for line in own}
    marked = _replaced(lines, table, own)
    rest = {id(line): part for line, part in zip(lines, kept, strict=True) if part is not None and id(line) in gone}
    return [*marked, *rest.values()]


def _cells(grid: _Grid) -> tuple[dict[tuple[int, int], PrintedCell], list[list[tuple[int, int]]]]:
    """Return cells by the row and column that they begin in, and which cell each place belongs to."""
    middles_x = [(a + b) / 2 for a, b in pairwise(grid.xs)]
    middles_y = [(a + b) / 2 for a, b in pairwise(grid.ys)]
    owner: list[list[tuple[int, int] | None]] = [[None] * len(middles_x) for _ in middles_y]
    cells: dict[tuple[int, int], PrintedCell] = {}
    for row, y in enumerate(middles_y):
        for column, x in enumerate(middles_x):
            if owner[row][column] is not None:
                continue
            right, below = column + 1, row + 1
            while right < len(middles_x) and owner[row][right] is None and not grid.is_upright(grid.xs[right], y):
                right += 1
            while below < len(middles_y) and not grid.is_level(grid.ys[below], x):
                below += 1
            cells[row, column] = PrintedCell([], right - column, below - row)
            for r in range(row, below):
                for c in range(column, right):
                    owner[r][c] = (row, column)
    return cells, [[place or (0, 0) for place in row] for row in owner]


def _by_column(line: Line, xs: Sequence[float]) -> list[tuple[int | None, Line]]:
    """Cut a line where its words are in another column; None for what is outside of all."""
    words = line.text.split()
    spans = line.spans if len(line.spans) == len(words) else ()
    if not spans:
        return [(_column((line.left + line.right) / 2, xs), line)]
    parts: list[tuple[int | None, Line]] = []
    start = 0
    columns = [_column((left + right) / 2, xs) for left, right in spans]
    for index in range(1, len(words) + 1):
        if index == len(words) or columns[index] != columns[start]:
            parts.append((columns[start], _part(line, words, start, index)))
            start = index
    return parts


def _part(line: Line, words: Sequence[str], start: int, stop: int) -> Line:
    """Return some words of a line as one."""
    return replace(
        line, text=" ".join(words[start:stop]), left=line.spans[start][0], right=line.spans[stop - 1][1],
        spans=line.spans[start:stop], gaps=(), hyphen=line.hyphen and stop == len(words),
    )  # fmt: skip


def _column(x: float, xs: Sequence[float]) -> int | None:
    return next((index for index, (left, right) in enumerate(pairwise(xs)) if left <= x <= right), None)


def _in_rows(lines: Sequence[Line]) -> list[Line]:
    """Order lines from the top, those of one row from the left."""
    return [line for row in _rows(lines) for line in row]


def _rows(lines: Iterable[Line]) -> list[list[Line]]:
    """Group lines whose baselines are about the same, from the top."""
    rows: list[list[Line]] = []
    for line in sorted(lines, key=lambda each: -each.y):
        if rows and abs(rows[-1][0].y - line.y) < _SAME_ROW * max(line.size, rows[-1][0].size):
            rows[-1].append(line)
        else:
            rows.append([line])
    return [sorted(row, key=lambda each: each.left) for row in rows]


# --- without rules


def _aligned(lines: Sequence[Line]) -> Iterator[tuple[PrintedTable, list[Line]]]:
    """Yield the tables whose words stand below each other in columns, with the lines that they are made of."""
    words = [line for line in lines if not line.table]
    places = {id(line): place for place, line in enumerate(words)}
    rows = [(row, [part for line in row for part in _pieces(line)]) for row in _rows(words)]
    start = 0
    while start < len(rows):
        stop = _end(rows, start)
        own = rows[start:stop]
        if stop > start + 1:
            parts = [line for row, _ in own for line in row]
            parts.sort(key=lambda line: places[id(line)])
            table = _table([cells for _, cells in own], parts)
            if table is not None:
                yield table, parts
        start = max(stop, start + 1)


def _pieces(line: Line) -> list[Line]:
    """Cut a line at gaps that are wider than between words."""
    words = line.text.split()
    if len(line.spans) != len(words):
        return [line]
    wide = (n for n, (one, two) in enumerate(pairwise(line.spans), start=1) if two[0] - one[1] > APART * line.size)
    cuts = [0, *wide, len(words)]
    if len(cuts) == 2:
        return [line]
    return [_part(line, words, start, stop) for start, stop in pairwise(cuts) if stop > start]


def _end(rows: Sequence[tuple[list[Line], list[Line]]], start: int) -> int:
    """Return the number behind the last row that may be of a table which begins in a row of several cells."""
    if not _may_be_row(rows[start][1]):
        return start
    stop = last = start + 1
    while stop < len(rows):
        cells, before = rows[stop][1], rows[stop - 1][1]
        step = before[0].y - cells[0].y
        if step > _FURTHER * before[0].size or any(
            abs(cell.size - before[0].size) > 0.3 * before[0].size for cell in cells
        ):
            break
        if _may_be_row(cells):
            last = stop + 1
        elif len(cells) > 1 or stop > last + 1 or not _is_inside(cells[0], rows[start:last]):
            break
        stop += 1
    return last


def _may_be_row(cells: Sequence[Line]) -> bool:
    return len(cells) > 1 and all(len(cell.text) <= _LONGEST_CELL and not cell.is_field for cell in cells)


def _is_inside(cell: Line, rows: Sequence[tuple[list[Line], list[Line]]]) -> bool:
    """Tell whether a line that stands alone may go on with a cell above it, where it begins and about ends."""
    return any(
        abs(cell.left - above.left) < _NEAR and cell.right <= above.right + 4 * above.size for above in rows[-1][1]
    )


def _table(rows: Sequence[Sequence[Line]], lines: Sequence[Line]) -> PrintedTable | None:
    """Return rows as a table; None where they are no columns. lines: that they are of, in the order of the file."""
    full = [row for row in rows if len(row) > 1]
    bands = _bands(full)
    if len(bands) < 2 or len(full) < (3 if len(bands) == 2 else 2):
        return None
    placed = [_placed(row, bands) for row in rows]
    columns = [[cell for row in placed for place, _, cell in row if place == column] for column in range(len(bands))]
    if len(bands) == 2 and _are_marks([cell.text for cell in columns[0]]):
        return None  # a list, its numbers set apart
    if not all(map(_is_column, columns)) or sum(len(row) > 1 for row in placed) < 2:
        return None
    if _is_prose(columns, lines):
        return None
    return PrintedTable(*_joined(placed, len(bands), lines[0].page), tuple(left for left, _ in bands))


def _is_prose(columns: Sequence[Sequence[Line]], lines: Sequence[Line]) -> bool:
    """Tell whether columns are running text: long lines, words that are cut, or written one column after the other.

    lines: in the order of the file.
    """
    cells = [cell for column in columns for cell in column]
    if len(columns) < 4 and len(cells) > 4 and min(median(len(cell.text) for cell in own) for own in columns) > 28:
        return True
    if sum(line.hyphen for line in lines) > 0.1 * len(lines):
        return True
    downward = sum(one.y - two.y > 0.3 * one.size for one, two in pairwise(lines))
    beside = sum(abs(one.y - two.y) <= 0.3 * one.size for one, two in pairwise(lines))
    return (
        beside < 0.2 * downward
        and len(lines) >= 1.5 * len({round(line.y) for line in lines})
        and (median(len(cell.text.split()) for cell in cells) >= 3)
    )


def _are_marks(cells: Sequence[str]) -> bool:
    """Tell whether cells are what the items of a list begin with: bullets, "1.", "a)", or 1, 2, 3."""
    counted = [str(number) for number in range(1, len(cells) + 1)]
    return sum(bool(_LIST.fullmatch(cell)) for cell in cells) > 0.6 * len(cells) or list(cells) == counted


def _bands(rows: Sequence[Sequence[Line]]) -> list[tuple[float, float]]:
    """Return (left, right) of the columns, by the rows that have the most cells of those that are no exception."""
    counts = Counter(map(len, rows))
    least = max(1, len(rows) // 5)
    usual = max((count for count, times in counts.items() if times >= least), default=0)
    spans = sorted((cell.left, cell.right) for row in rows if len(row) >= usual for cell in row)
    bands: list[tuple[float, float]] = []
    for left, right in spans:
        if bands and left < bands[-1][1] + 1:
            bands[-1] = (bands[-1][0], max(bands[-1][1], right))
        else:
            bands.append((left, right))
    if len(bands) < usual:  # a wide name above narrow figures: ask the rows below
        below = [row for row in rows[1:] if len(row) >= usual]
        return _bands(below) if 1 < len(below) < len(rows) else bands
    return bands


def _placed(row: Sequence[Line], bands: Sequence[tuple[float, float]]) -> list[tuple[int, int, Line]]:
    """Return (first column, number of columns, cell) for each cell of a row."""
    placed: list[tuple[int, int, Line]] = []
    for cell in row:
        over = [n for n, (left, right) in enumerate(bands) if cell.left < right and cell.right > left]
        if not over:
            over = [
                min(range(len(bands)), key=lambda n: min(abs(bands[n][0] - cell.right), abs(bands[n][1] - cell.left)))
            ]
        placed.append((over[0], len(over), cell))
    return placed


def _is_column(cells: Sequence[Line]) -> bool:
    """Tell whether most cells begin, end or have their middle at one height of the column."""
    if len(cells) < 2:
        return True
    for place in (lambda c: c.left, lambda c: c.right, lambda c: (c.left + c.right) / 2):
        places = sorted(map(place, cells))
        middle = places[len(places) // 2]
        if sum(abs(each - middle) < _NEAR for each in places) >= 0.6 * len(places):
            return True
    return False


def _joined(
    placed: Sequence[Sequence[tuple[int, int, Line]]], width: int, number: int
) -> tuple[list[list[PrintedCell]], list[int]]:
    """Make cells of rows; a row that goes on with the one above it is joined with it."""
    steps = [above[0][2].y - below[0][2].y for above, below in pairwise(placed)]
    usual = median(steps) if steps else 0.0
    rows: list[list[PrintedCell]] = []
    for index, row in enumerate(placed):
        step = steps[index - 1] if index else 0.0
        if rows and _goes_on_above(row, step, usual, width):
            for column, _, cell in row:
                rows[-1][column].lines.append(cell)
            continue
        cells = [PrintedCell() for _ in range(width)]
        for column, columns, cell in row:
            cells[column].lines.append(cell)
            cells[column].columns = max(columns, cells[column].columns)
        rows.append(cells)
    return [_spanned(row) for row in rows], [number] * len(rows)


def _goes_on_above(row: Sequence[tuple[int, int, Line]], step: float, usual: float, width: int) -> bool:
    """Tell whether a row is the second line of the cells above it."""
    if len(row) == width or any(columns > 1 for _, columns, _ in row):
        return False
    if all(_GOES_ON.match(cell.text) for _, _, cell in row):
        return True
    return step < _WRAPPED * usual or (
        len(row) == 1 and row[0][0] > 0 and step < 1.25 * row[0][2].size and step < usual
    )


def _spanned(row: Sequence[PrintedCell]) -> list[PrintedCell]:
    """Leave out the empty cells that another one reaches over."""
    cells: list[PrintedCell] = []
    covered = 0
    for cell in row:
        if covered and not cell.lines:
            covered -= 1
            continue
        if covered:  # two share a place: neither spans
            cells[-1].columns -= covered
        covered = cell.columns - 1
        cells.append(cell)
    return cells
