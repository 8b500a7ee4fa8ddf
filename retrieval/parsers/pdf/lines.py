"""Lines of printed pages, with their positions: running heads found, columns put in order. Knows nothing about PDF.

Distances are points, y grows upward. Lines come in the order in which the program that made the page wrote them, which
is the reading order of nearly every typesetter; where two columns are written side by side they are put in order here.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median
from typing import NamedTuple

RAISED = 0.8  # of the letters' height: a note's number before it is smaller
_APART = 1.5  # of the letters' height: from there on the first line of a page may be a running head
CUT_WORD = re.compile(r"(?<=[^\W\d_])-$")
_NOTE_MARK = re.compile(r"\d{1,3}|[*†‡§¶]{1,2}")
_AT_EDGE = re.compile(r"^\d{1,4}(?=\s)|(?<=\s)\d{1,4}$")
_PAGE_NUMBER = re.compile(r"\W*(?:page\s*)?(?:\d{1,4}|[ivxlc]{1,7})(?:\s*(?:/|of)\s*\d{1,4})?\W*", re.IGNORECASE)


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


# --- notes


def as_note(line: Line, mark: str, text: str) -> Line:
    """Return the first line of a note, its mark apart."""
    gaps = tuple(replace(gap, words=gap.words + 1) for gap in line.gaps)
    return replace(line, text=f"{mark} {text}", gaps=gaps, is_note=True)


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


def without_furniture(pages: Sequence[Sequence[Line]]) -> Iterator[tuple[list[Line], list[Line]]]:
    """Yield (new running heads, other lines) of each page, without page numbers and heads that were there before."""
    edges = [_edges(page) for page in pages]
    counts = Counter(key for page in edges for key in {_key(line) for line in page})
    offsets = Counter(offset for page in edges for offset in {offset for line in page for offset in _offsets(line)})
    seen: set[str] = set()
    for page, edge in zip(pages, edges, strict=True):
        heads: list[Line] = []
        lines: list[Line] = []
        for line in page:
            is_edge = line in edge
            if is_edge and _PAGE_NUMBER.fullmatch(line.text) and (counts[_key(line)] > 1 or _is_own_number(line)):
                continue
            is_repeated = counts[_key(line)] >= min(3, len(pages)) and len(pages) > 1
            is_numbered = any(offsets[offset] > 1 for offset in _offsets(line))
            if not is_edge or not (is_repeated or is_numbered):
                lines.append(line)
            elif _key(line) not in seen:
                seen.add(_key(line))
                heads.append(line)
        yield heads, lines


def _edges(page: Sequence[Line]) -> list[Line]:
    """Return the lines that stand apart at the top and the bottom, two baselines at most on either side."""
    ordered = sorted(page, key=lambda line: -line.y)
    return [*_apart(ordered), *_apart(ordered[::-1])]


def _apart(lines: Sequence[Line]) -> Sequence[Line]:
    """Return the first lines up to a wide gap, nothing where there is none near."""
    rows = 1
    for index, (line, following) in enumerate(pairwise(lines), start=1):
        step = abs(line.y - following.y)
        if step > _APART * max(line.size, following.size):
            return lines[:index]
        rows += step > 0.3 * line.size
        if rows > 2:
            return ()
    return lines if len(lines) == 1 else ()


def _offsets(line: Line) -> list[int]:
    """Return by how much numbers at a line's ends differ from its page: those of pages always by the same."""
    return [int(number) - line.page for number in _AT_EDGE.findall(line.text)]


def _is_own_number(line: Line) -> bool:
    return line.text.strip(" -–—") == str(line.page)


def _key(line: Line) -> str:
    return "0" if _PAGE_NUMBER.fullmatch(line.text) else re.sub(r"\d+", "0", line.text).casefold()


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
    first = replace(line, text=CUT_WORD.sub("", left), right=gap.left, hyphen=is_cut, gaps=())
    return [first, replace(line, text=right, left=gap.right, gaps=())]
