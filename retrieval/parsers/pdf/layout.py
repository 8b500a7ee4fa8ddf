"""Lines of printed pages -> paragraphs, headings and lists in reading order. Knows nothing about PDF."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from statistics import median

from retrieval.parsers.pdf.lines import Line, Page, PrintedTable, in_columns, without_furniture
from retrieval.parsers.pdf.tables import APART, continued, goes_on, with_aligned_tables, with_ruled_tables

_FURTHER = 1.45  # of a line's usual distance: from there on it is another paragraph
_LIKE = 0.06  # relative difference in size of lines of one paragraph
_SMALL = 0.94  # of the body's size: footnotes and captions, which a paragraph flows around
_LARGE = 1.07  # of the body's size: headings
_BULLET = re.compile(r"(?:[•◦▪‣·●○■–—*-]|\(?(?:\d{1,3}|[a-z]|[ivx]{1,4})[.)]|\[\d{1,3}\])\s")
_CAPTION = re.compile(r"(?:figure|fig\.|table|listing)\s*\d", re.IGNORECASE)
_FULL = 25  # characters of a line that may go on in upper case: a name in a narrow box does not
_FEW_LINES = 3  # from which their ends tell something
_EARLY = 0.6  # of them end too early to go on in the next
_ENDED = (".", "!", "?", ":", "…", "”", '"', "’", ")", "。")


@dataclass(slots=True)
class Paragraph:
    """Lines that belong together. level: of a heading, else 0. by_line: line ends are kept (lists, tables)."""

    lines: list[Line]
    level: int = 0
    by_line: bool = False
    starts_flow: bool = False  # first of its page or column
    is_head: bool = False  # running head or foot
    right: float = 0.0  # where full lines of its flow end
    joined: list["Paragraph"] = field(default_factory=list)

    @property
    def table(self) -> PrintedTable | None:
        """The table that stands here instead of text."""
        return self.lines[0].table

    @property
    def size(self) -> float:
        """The size of its letters, points."""
        return median(line.size for line in self.lines)


def paragraphs(pages: Sequence[Page]) -> list[Paragraph]:
    """Return the paragraphs of a document; running heads stand where they first occur, page numbers nowhere."""
    found: list[Paragraph] = []
    sizes = Counter[float]()
    for body in without_furniture([with_ruled_tables(page) for page in pages]):
        found += (Paragraph([line], is_head=True) for line in body.heads)
        lines = in_columns(with_aligned_tables(body.lines))
        found += (paragraph for flow in _flows(lines) for paragraph in _split(flow))
        found += (Paragraph([line], is_head=True) for line in body.feet)
        for line in lines:
            sizes[round(line.size, 1)] += len(line.text)
    usual = sizes.most_common(1)[0][0] if sizes else 1.0
    _set_levels(found, usual)
    return list(_lists(_connect(_whole_tables(found), usual)))


def _whole_tables(found: Sequence[Paragraph]) -> list[Paragraph]:
    """Join tables that go on at the top of the next page."""
    kept: list[Paragraph] = []
    for paragraph in found:
        table = paragraph.table
        before = next((each for each in reversed(kept) if not each.is_head), None)
        if table is not None and before is not None and before.table is not None:
            is_next = before.table.pages[-1] + 1 == table.pages[0]
            if is_next and goes_on(before.table, table):
                before.lines = [replace(before.lines[0], table=continued(before.table, table))]
                continue
        kept.append(paragraph)
    return kept


def _flows(page: Sequence[Line]) -> Iterator[list[Line]]:
    """Cut a page where the next line stands higher: at the top of a column, or of a box."""
    flow: list[Line] = []
    for line in page:
        if flow and line.y > flow[-1].y + line.size:
            yield flow
            flow = []
        flow.append(line)
    if flow:
        yield flow


def _split(flow: list[Line]) -> Iterator[Paragraph]:
    """Split a flow into paragraphs."""
    steps = sorted(a.y - b.y for a, b in pairwise(flow) if 0 < a.y - b.y < 3 * a.size)
    usual = steps[len(steps) // 4] if steps else 0.0  # gaps are the minority, close lines are not
    left = min(line.left for line in flow)
    right = sorted(line.right for line in flow)[len(flow) * 9 // 10]
    group = [flow[0]]
    is_first = True
    for line in flow[1:]:
        if _begins(group, line, usual, left, right):
            yield _paragraph(group, right, is_first)
            group, is_first = [], False
        group.append(line)
    yield _paragraph(group, right, is_first)


def _begins(group: Sequence[Line], line: Line, usual: float, left: float, right: float) -> bool:
    """Tell whether a line begins a paragraph after a group of lines."""
    last, em = group[-1], line.size
    if line.is_note or line.table or last.table:
        return True
    step = last.y - line.y
    if abs(line.size - last.size) > _LIKE * max(line.size, last.size) and abs(step) > 0.3 * em:
        return True
    if (last.hyphen and step < 2 * em) or abs(step) < 0.3 * em:  # the same word, or the same line
        return False
    if step > _FURTHER * max(usual, 0.9 * em) or line.is_bold != last.is_bold:
        return True
    if _is_item(line) and (_is_item(group[0]) or _is_short(last, right, em)):
        return True
    is_indented = line.left > last.left + 0.7 * em and line.left > left + 0.7 * em
    if is_indented and not (len(group) == 1 and _is_item(last)):
        return line.left < right - 8 * em or _is_short(last, right, em)
    return _is_short(last, right, em) and last.text.endswith(_ENDED) and line.text[:1].isupper()


def _is_item(line: Line) -> bool:
    """Tell whether a line begins an item of a list: with a bullet, "1." or "a)", or a number that is set apart."""
    if _BULLET.match(line.text):
        return True
    first, *rest = line.spans or ((0.0, 0.0),)
    apart = bool(rest) and rest[0][0] - first[1] > APART * line.size
    return apart and len(mark := line.text.split()[0]) <= 2 and mark.isdigit()


def _is_short(line: Line, right: float, em: float) -> bool:
    return line.right < right - 3 * em


def _paragraph(lines: list[Line], right: float, is_first: bool) -> Paragraph:
    """Make a paragraph; where every line ends well before the margin, or most too early, line ends mean something."""
    width = right - min(line.left for line in lines)
    rows = {round(line.y) for line in lines}
    is_narrow = all(line.right - line.left < 0.75 * width and not line.hyphen for line in lines)
    is_table = sum(bool(line.gaps) for line in lines) > len(lines) / 2
    by_line = len(rows) > 1 and (
        is_narrow or is_table or _are_early(lines, right) or any(line.is_field for line in lines)
    )
    return Paragraph(lines, by_line=by_line, starts_flow=is_first, right=right)


def _are_early(lines: Sequence[Line], right: float) -> bool:
    """Tell whether most lines end where the next word would still have had room, and all begin like sentences."""
    if len(lines) < _FEW_LINES or not all(line.text[:1].isupper() or line.text[:1].isdigit() for line in lines):
        return False
    early = [before.right + _width_of_first_word(line) < right for before, line in pairwise(lines)]
    return sum(early) >= _EARLY * len(early)


def _width_of_first_word(line: Line) -> float:
    """Return the width of a word and the blank before it, in points."""
    return (line.right - line.left) * (len(line.text.split(maxsplit=1)[0]) + 1) / len(line.text)


def _set_levels(found: Sequence[Paragraph], body: float) -> None:
    """Make headings of what is printed larger than the body, or bold and alone; the largest are level 1."""
    large = [each for each in found if _may_be_heading(each) and each.size > _LARGE * body]
    ranks: list[float] = []
    for size in sorted({round(paragraph.size, 1) for paragraph in large}, reverse=True):
        if not ranks or size < ranks[-1] * (1 - _LIKE):
            ranks.append(size)
    for paragraph in found:
        if paragraph.is_head:
            continue
        if paragraph.size > _LARGE * body and _may_be_heading(paragraph):
            paragraph.level = min(6, 1 + sum(size * (1 - _LIKE) > paragraph.size for size in ranks))
        elif all(line.is_bold for line in paragraph.lines) and _may_be_heading(paragraph) and len(paragraph.lines) < 3:
            paragraph.level = min(6, len(ranks) + 1)
        paragraph.by_line = paragraph.by_line and not paragraph.level


def _may_be_heading(paragraph: Paragraph) -> bool:
    text = " ".join(line.text for line in paragraph.lines)
    if paragraph.is_head or any(line.is_field or line.table for line in paragraph.lines):
        return False
    return len(text) <= 200 and sum(map(str.isalpha, text)) > 2 and not text.endswith((".", ",", ";"))


def _connect(found: Sequence[Paragraph], body: float) -> Iterator[Paragraph]:
    """Join paragraphs that go on in the next column or page, around the notes and captions between."""
    taken: set[int] = set()
    for index, paragraph in enumerate(found):
        if index in taken:
            continue
        at = index
        while (following := _continuation(found, at, body)) is not None and following not in taken:
            paragraph.lines = [*paragraph.lines, *found[following].lines]
            taken.add(following)
            at = following
        yield paragraph


def _continuation(found: Sequence[Paragraph], index: int, body: float) -> int | None:
    """Return the index of the paragraph that goes on with an unfinished one, or None."""
    paragraph = found[index]
    last = paragraph.lines[-1]
    is_ended = last.text.endswith(_ENDED) and not last.hyphen
    if is_ended or paragraph.table or paragraph.level or paragraph.is_head or paragraph.size < _SMALL * body:
        return None
    is_elsewhere = False  # in another column or page, maybe below what stands at its top
    for following in range(index + 1, min(index + 9, len(found))):
        other = found[following]
        is_elsewhere = is_elsewhere or other.starts_flow
        if _is_beside(other, body):
            continue
        is_next = is_elsewhere and not other.level and _is_alike(paragraph, other)
        return following if is_next and _goes_on(paragraph, other.lines[0].text) else None
    return None


def _is_beside(paragraph: Paragraph, body: float) -> bool:
    """Tell whether text flows around a paragraph: running heads, notes, captions, small print, tables."""
    first = paragraph.lines[0]
    is_table = paragraph.by_line and not _is_item(first)
    return (
        paragraph.is_head
        or paragraph.table is not None
        or first.is_note
        or is_table
        or paragraph.size < _SMALL * body
        or bool(_CAPTION.match(first.text))
    )


def _goes_on(paragraph: Paragraph, first: str) -> bool:
    """Tell whether a line goes on with an unfinished paragraph: in lower case, or after a line that is full."""
    last = paragraph.lines[-1]
    full = min(paragraph.right, max(line.right for line in paragraph.lines)) - 2 * last.size
    is_full = not paragraph.by_line and last.right > full and len(last.text) >= _FULL
    return first[:1].islower() or (is_full and not _BULLET.match(first))


def _is_alike(first: Paragraph, second: Paragraph) -> bool:
    return abs(first.size - second.size) <= _LIKE * max(first.size, second.size)


def _lists(found: Iterable[Paragraph]) -> Iterator[Paragraph]:
    """Make one block of the items of a list that follow each other."""
    items: Paragraph | None = None
    for paragraph in found:
        if not (paragraph.level or paragraph.is_head) and _is_item(paragraph.lines[0]):
            if items is None:
                items = Paragraph([], by_line=True)
            items.joined.append(paragraph)
            items.lines += paragraph.lines
            continue
        if items is not None:
            yield items
            items = None
        yield paragraph
    if items is not None:
        yield items
