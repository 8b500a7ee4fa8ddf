"""Lines of printed pages, with their positions: running heads found, columns put in order. Knows nothing about PDF.

Distances are points, y grows upward. Lines come in the order in which the program that made the page wrote them, which
is the reading order of nearly every typesetter; where two columns are written side by side they are put in order here.
"""

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from statistics import median
from typing import NamedTuple

RAISED = 0.8  # of the letters' height: a note's number before it is smaller
_APART = 1.5  # of the letters' height: from there on the first line of a page may be a running head
CUT_WORD = re.compile(r"(?<=[^\W\d_])-$")
_NOTE_MARK = re.compile(r"\d{1,3}|[*†‡§¶]{1,2}")
_MARGIN = 0.17  # of the page's height: further in there are no running heads; LaTeX sets them at 0.14
_SAME_PLACE = 3.0  # points by which running heads differ in their height
_PAGE = r"(?:page|pg?\.|seite|s\.|blatt|p[áa]gina|strona|sida|side|стр\.)\s*"
_OF = r"(?:\s*(?:/|of|von|de|sur|из)\s*\d{1,4})?"
_PAGE_NUMBER = re.compile(
    rf"[^\w%€$£]*(?P<named>{_PAGE})?(?:(?P<digits>\d{{1,4}})|(?P<roman>[ivxlc]{{1,7}})){_OF}[^\w%€$£]*", re.IGNORECASE
)
_NAMED_LAST = re.compile(rf"(.*?\S)[\s,;:]+({_PAGE}\d{{1,4}}{_OF})", re.IGNORECASE)
_SEPARATED = re.compile(r"\s*[|•·]\s*|\s+[–—-]\s+")
_AFTER_TITLE = re.compile(r"((?:\S+ ){2,}\S+)\s((?:page )?\d{1,4})", re.IGNORECASE)  # "Question 2" is no title
_ROMAN = dict(zip("ivxlc", (1, 5, 10, 50, 100), strict=True))


class Box(NamedTuple):
    """Where something is printed."""

    left: float
    bottom: float
    right: float
    top: float


def turned(box: Box, quarters: int) -> Box:
    """Turn a box clockwise about the origin by so many right angles."""
    for _ in range(quarters):
        box = Box(box.bottom, -box.right, box.top, -box.left)
    return box


@dataclass(frozen=True, slots=True)
class Gap:
    """A wide gap in a line, behind a number of words, from left to right."""

    words: int
    left: float
    right: float


@dataclass(frozen=True, slots=True)
class Line:
    """One printed line. y: of the baseline. size: height of its letters. hyphen: a word goes on in the next line."""

    text: str
    page: int
    left: float
    right: float
    y: float
    size: float
    is_bold: bool = False
    hyphen: bool = False
    gaps: tuple[Gap, ...] = ()
    is_note: bool = False  # a note's first line: it begins with a raised number
    is_field: bool = False  # filled into a form
    spans: tuple[tuple[float, float], ...] = ()  # (left, right) of each word; () where they are not known
    table: "PrintedTable | None" = None  # what stands here instead of words


@dataclass(slots=True)
class PrintedCell:
    """The lines of one cell, from its top. columns, rows: how many it spans."""

    lines: list[Line] = field(default_factory=list)
    columns: int = 1
    rows: int = 1


@dataclass(slots=True)
class PrintedTable:
    """Cells that begin in each row, the page of each row, and where the columns begin."""

    rows: list[list[PrintedCell]]
    pages: list[int]
    edges: tuple[float, ...]

    def lines(self) -> Iterator[Line]:
        """Yield everything that stands in it."""
        for row in self.rows:
            for cell in row:
                yield from cell.lines


@dataclass(frozen=True, slots=True)
class Page:
    """What is seen of a page. edges: of the sheet. rules: drawn level or upright, as thin boxes."""

    number: int
    lines: Sequence[Line]
    edges: Box
    rules: Sequence[Box] = ()
    is_hiding: bool = False  # some of its text does not show
    quarters: int = 0  # right angles by which its text is turned counterclockwise; the boxes are turned back


# --- notes


def as_note(line: Line, mark: str, text: str) -> Line:
    """Return the first line of a note, its mark apart."""
    gaps = tuple(replace(gap, words=gap.words + 1) for gap in line.gaps)
    spans = ((line.left, line.left), *line.spans) if line.spans else ()
    return replace(line, text=f"{mark} {text}", gaps=gaps, spans=spans, is_note=True)


def with_marks(lines: Sequence[Line]) -> list[Line]:
    """Put raised numbers that come as lines of their own before the notes that they belong to."""
    joined: list[Line] = []
    for line in lines:
        mark = joined[-1] if joined else line
        step = mark.y - line.y
        is_mark = _NOTE_MARK.fullmatch(mark.text) and mark.size < RAISED * line.size and 0 < step < 0.8 * line.size
        if is_mark and -1 < line.left - mark.right < line.size:
            joined[-1] = replace(as_note(line, mark.text, line.text), left=mark.left)
        else:
            joined.append(line)
    return joined


# --- running heads and page numbers


@dataclass(frozen=True, slots=True)
class Body:
    """A page's lines without its furniture. heads, feet: running ones that were not there before, or stand twice."""

    page: Page
    heads: Sequence[Line]
    lines: Sequence[Line]
    feet: Sequence[Line]


def without_furniture(pages: Sequence[Page]) -> Iterator[Body]:
    """Take page numbers away, and running heads and feet but where they come first.

    A line is one where the same words stand in the same place at the edge of three pages; only the page's number may
    differ. Two pages are too few: such lines are kept, and text flows around them.
    """
    edges = [_edges(page) for page in pages]
    offsets = Counter(
        number for own in edges for number in {n for side in own for line in side for n in _offsets(line)}
    )
    places: dict[str, list[float]] = {}
    for page, own in zip(pages, edges, strict=True):
        for key, height in {(_key(line, offsets), _height(line, page)) for side in own for line in side}:
            places.setdefault(key, []).append(height)
    for heights in places.values():
        heights.sort()
    seen: set[str] = set()
    for page, own in zip(pages, edges, strict=True):
        found: dict[int, list[Line]] = {}  # line -> the heads or feet that it is kept among
        heads, feet = list[Line](), list[Line]()
        for side, kept in zip(own, (heads, feet), strict=True):
            for line in side:  # from the edge inward, up to what is none
                key = _key(line, offsets)
                count = _near(places.get(key, ()), _height(line, page)) if key else 0
                if _is_page_number(line, offsets):
                    found[id(line)] = []
                elif count > 1 or _is_numbered(line, offsets):
                    found[id(line)] = kept if count == 2 or key not in seen else []
                    seen.add(key)
                else:
                    break
        lines = list[Line]()
        for line in page.lines:
            found.get(id(line), lines).append(line)
        yield Body(page, heads, lines, feet)


def _edges(page: Page) -> tuple[list[Line], list[Line]]:
    """Return the lines that stand apart at the top and the bottom edge, the outermost first."""
    margin = _MARGIN * (page.edges.top - page.edges.bottom)
    ordered = sorted(page.lines, key=lambda line: -line.y)
    top = [line for line in _apart(ordered) if line.y > page.edges.top - margin]
    if top and _is_above_columns(ordered, len(top)):
        top = []
    return top, [line for line in _apart(ordered[::-1]) if line.y < page.edges.bottom + margin]


def _is_above_columns(lines: Sequence[Line], count: int) -> bool:
    """Tell whether the last of the first lines, from the top, stands above the next as names of columns do."""
    if count >= len(lines):
        return False
    above, below = ({x for line in lines if abs(line.y - y) < 2 for x in _starts(line)}
                    for y in (lines[count - 1].y, lines[count].y))  # fmt: skip
    return sum(any(abs(x - other) < 3 for other in below) for x in above) > 1


def _starts(line: Line) -> list[float]:
    return [line.left, *(gap.right for gap in line.gaps)]


def _apart(lines: Sequence[Line]) -> Sequence[Line]:
    """Return the first lines up to a wide gap, nothing where there is none near."""
    rows = 1
    for index, (line, following) in enumerate(pairwise(lines), start=1):
        step = abs(line.y - following.y)
        if step > _APART * max(line.size, following.size):
            return lines[:index]
        rows += step > 0.3 * line.size
        if rows > 3:
            return ()
    return lines if len(lines) == 1 else ()


def _height(line: Line, page: Page) -> float:
    """Return how far a line is from the nearer edge of its page; negative from the bottom."""
    up, down = line.y - page.edges.bottom, page.edges.top - line.y
    return down if down < up else -up


def _near(heights: Sequence[float], height: float) -> int:
    return bisect_right(heights, height + _SAME_PLACE) - bisect_left(heights, height - _SAME_PLACE)


def _offsets(line: Line) -> list[tuple[bool, int]]:
    """Return by how much a line's numbers differ from its page, those of pages always by the same; roman ones apart."""
    return [(is_roman, number - line.page) for part in _parts(line) for is_roman, number in _numbers(part)]


def _parts(line: Line) -> list[str]:
    """Return what stands apart in a line: behind wide gaps, or signs that separate a page's number from a title."""
    words, parts, start = line.text.split(), list[str](), 0
    for stop in (*(gap.words for gap in line.gaps), len(words)):
        parts += _SEPARATED.split(" ".join(words[start:stop]))
        start = stop
    named = _NAMED_LAST.fullmatch(parts[-1])
    if named:
        parts[-1:] = named.groups()
    ending = _AFTER_TITLE.fullmatch(parts[-1]) if len(parts) == 1 else None
    return list(ending.groups()) if ending else [part for part in parts if part]


def _numbers(part: str) -> list[tuple[bool, int]]:
    found = _PAGE_NUMBER.fullmatch(part)
    if not found:
        return []
    digits, roman = found["digits"], found["roman"]
    return [(False, int(digits))] if digits else [(True, _from_roman(roman.lower()))]


def _from_roman(text: str) -> int:
    values = [_ROMAN[sign] for sign in text]
    return sum(-one if one < two else one for one, two in pairwise([*values, 0]))


def _is_counted(part: str, page: int, offsets: Mapping[tuple[bool, int], int], least: int) -> bool:
    """Tell whether a part is a number that differs from its page by the same on some pages."""
    own = _PAGE_NUMBER.fullmatch(part)
    least = 1 if own and own["named"] else least
    return any(offsets[is_roman, number - page] >= least for is_roman, number in _numbers(part))


def _is_page_number(line: Line, offsets: Mapping[tuple[bool, int], int]) -> bool:
    """Tell whether a line is its page's number and nothing else."""
    own = _PAGE_NUMBER.fullmatch(line.text)
    if own is None:
        return False
    is_own = own["digits"] is not None and int(own["digits"]) == line.page
    return is_own or bool(own["named"]) or _is_counted(line.text, line.page, offsets, 2)


def _is_numbered(line: Line, offsets: Mapping[tuple[bool, int], int]) -> bool:
    """Tell whether a page's number stands far from the words of a line: heads that change from section to section."""
    parts = _parts(line) if line.gaps else []
    return len(parts) > 1 and any(_is_counted(part, line.page, offsets, 3) for part in (parts[0], parts[-1]))


def _key(line: Line, offsets: Mapping[tuple[bool, int], int]) -> str:
    """Return the words of a line without its page's number."""
    return " ".join(part for part in _parts(line) if not _is_counted(part, line.page, offsets, 3)).casefold()


# --- columns


def in_columns(page: Sequence[Line]) -> list[Line]:
    """Put the lines of two columns that were written side by side one column after the other."""
    gutter = _gutter(page)
    if gutter is None:
        return list(page)
    lines = [part for line in page for part in _cut(line, gutter)]
    sides = [0 if line.right <= gutter else 1 if line.left >= gutter - 1 else 2 for line in lines]
    changes = sum({first, second} == {0, 1} for first, second in pairwise(sides))
    if changes < len(lines) / 4:  # it is written column by column
        return list(page)
    ordered: list[Line] = []
    waiting: list[list[Line]] = [[], []]
    for side, line in sorted(zip(sides, lines, strict=True), key=lambda item: -item[1].y):
        if side < 2:
            waiting[side].append(line)
        else:
            ordered += [*waiting[0], *waiting[1], line]
            waiting = [[], []]
    return [*ordered, *waiting[0], *waiting[1]]


def columns_of(lines: Sequence[Line]) -> list[list[Line]]:
    """Return the lines of each column of prose, and those that run over both; all together where there are none."""
    gutter = _gutter([line for line in lines if line.table is None])
    if gutter is None:
        return [list(lines)]
    sides: list[list[Line]] = [[], [], []]
    for line in lines:
        sides[0 if line.right <= gutter else 1 if line.left >= gutter - 1 else 2].append(line)
    return sides


def _gutter(page: Sequence[Line]) -> float | None:
    """Return the x where a second column of prose begins that three quarters of the lines respect; None without."""
    if len(page) < 12:
        return None
    starts = Counter(round(x) for line in page for x in (line.left, *(gap.right for gap in line.gaps)))
    for x, count in starts.most_common(4):
        parts = [part for line in page for part in _cut(line, x)]
        before = [part for part in parts if part.right <= x]
        after = [part for part in parts if part.left >= x - 1]
        is_prose = min(len(before), len(after), count) >= 8 and min(map(_usual_length, (before, after))) >= 20
        if is_prose and len(before) + len(after) >= 0.75 * len(parts):
            return float(x)
    return None


def _usual_length(lines: Sequence[Line]) -> float:
    return median(len(line.text) for line in lines)


def _cut(line: Line, x: float) -> list[Line]:
    """Cut a line in two where it has a gap that ends at x."""
    gap = next((gap for gap in line.gaps if abs(gap.right - x) < 3), None)
    if gap is None:
        return [line]
    words = line.text.split()
    left, right = " ".join(words[: gap.words]), " ".join(words[gap.words :])
    is_cut = bool(CUT_WORD.search(left))
    count = len(left.split()) if len(line.spans) == len(words) else 0
    first = replace(line, text=CUT_WORD.sub("", left), right=gap.left, hyphen=is_cut, gaps=(), spans=line.spans[:count])
    return [first, replace(line, text=right, left=gap.right, gaps=(), spans=line.spans[count:] if count else ())]
