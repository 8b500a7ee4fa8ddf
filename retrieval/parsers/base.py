"""What a parser hands over: the extracted text, its blocks (paragraphs, headings, tables), metadata and warnings.

A parser gives a Builder what it finds, in reading order:

    builder = Builder()
    builder.add("Fees", level=2)                                    # a heading
    builder.add("Every ship pays.", page=4)                         # a paragraph
    builder.items([Item("First step", "1."), Item("Second step", "2.")])
    builder.table([["Port", "Fee"], ["Aro", "240"]], caption="Fees by port")
    builder.note("2", "Set in 1999.")                               # a foot- or endnote, behind what refers to it
    builder.warn("notes on cells are not read")
    return builder.parsed(title, metadata)
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from retrieval.parsers.tables import Cell, Layout, Table, cleaned, filled, is_section, layout, row_line
from retrieval.records import Scalar, Span
from retrieval.text import one_line, printable

LONGEST_TEXT = 20_000_000  # characters of one document; a novel has 600,000
LONGEST_HEADING = 200  # characters; what is longer is nobody's heading, whatever it is marked as
CAPTION = 7  # the level of a table's caption: a heading of its rows only
_LONGEST_CAPTION = 120
_DRAWN_ROWS = 5_000  # a longer table is read, and not drawn
_MOST_WARNINGS = 20


class UnreadableError(Exception):
    """Seen by the loader only, which adds the file's name: the reason why a content cannot be read."""


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch of text that is one paragraph, list, table, row or heading.

    level: 0 for body text, 1 to 6 for a heading, CAPTION for a table's. by_line: a line end is a sentence end.
    page: where it begins, from 1. turns: (offset, page) of each further page that begins inside it.
    heading: a heading's text without marks. place: where a person finds it in a format without pages ("slide 4").
    row: of a table, the number of the row that its first line is; each further line is the next one. 0: no table.
    """

    start: int
    end: int
    level: int = 0
    by_line: bool = False
    page: int | None = None
    heading: str = ""
    place: str = ""
    turns: tuple[tuple[int, int], ...] = ()
    row: int = 0


@dataclass(frozen=True, slots=True)
class Item:
    """An item of a list: its text, and its number as printed ("8.3", "(a)", "iv."), "" for a bullet or none."""

    text: str
    number: str = ""


@dataclass(frozen=True, slots=True)
class ParsedText:
    """What a parser found: the text, its title ("" if none), blocks in reading order, metadata, and tables to draw.

    asides: spans of the text that stand in no block, as running heads do: kept, and never quoted.
    metadata["warnings"] says what was not read, or was guessed; the report of an add repeats it.
    """

    text: str
    title: str
    blocks: tuple[Block, ...]
    metadata: dict[str, Scalar] = field(default_factory=dict)
    tables: tuple[Table, ...] = ()
    asides: tuple[Span, ...] = ()


class Builder:
    """Collects blocks of an extracted text, an empty line between them, and their offsets."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._blocks: list[Block] = []
        self._tables: list[Table] = []
        self._asides: list[Span] = []
        self._warnings: dict[str, None] = {}
        self._length = 0

    @property
    def count(self) -> int:
        """Number of blocks so far."""
        return len(self._blocks)

    def add(
        self, text: str, level: int = 0, *, by_line: bool = False, page: int | None = None, place: str = "",
        turns: tuple[tuple[int, int], ...] = (), row: int = 0,
    ) -> None:  # fmt: skip
        """Append one block; white space alone is none. turns: offsets into `text`, which then must be printable.

        Raises UnreadableError when the document becomes longer than LONGEST_TEXT.
        """
        text = text.strip() if turns else printable(text).strip()
        if not text:
            return
        if self._length + len(text) > LONGEST_TEXT:
            raise UnreadableError(f"holds more than {LONGEST_TEXT:,} characters of text")
        start = self._length
        level = level if len(text) <= LONGEST_HEADING else 0
        moved = tuple((start + offset, number) for offset, number in turns)
        heading = one_line(text) if level else ""
        self._blocks.append(Block(start, start + len(text), level, by_line, page, heading, place, moved, row))
        self._parts.append(text)
        self._length += len(text) + 2

    def aside(self, text: str) -> None:
        """Append what stands on a page beside its text, as running heads do: in the text, and in no block to quote."""
        text = printable(text).strip()
        if text and self._length + len(text) <= LONGEST_TEXT:
            self._asides.append((self._length, self._length + len(text)))
            self._parts.append(text)
            self._length += len(text) + 2

    def items(self, items: Iterable[Item | str], *, page: int | None = None, place: str = "") -> None:
        """Append a list: a line for each item, its number before it as printed."""
        each = (item if isinstance(item, Item) else Item(item) for item in items)
        lines = (one_line(f"{item.number} {item.text}") for item in each)
        self.add("\n".join(filter(None, lines)), by_line=True, page=page, place=place)

    def note(self, mark: str, text: str, *, kind: str = "footnote", page: int | None = None) -> None:
        """Append a note, where it is referred to. mark: as printed, "" where it is not known."""
        text = one_line(text)
        self.add(f"[{mark}] {text}" if mark and text else text, page=page, place=f"{kind} {mark}".strip())

    def warn(self, reason: str) -> None:
        """Say what was not read, or was guessed; the document is added, and the report says so."""
        if reason and len(self._warnings) < _MOST_WARNINGS:
            self._warnings[one_line(printable(reason))] = None

    def include(self, parsed: ParsedText, place: str) -> None:
        """Append another text, as of an attached file; the places of its blocks stand below `place`."""
        start = self._length
        for block in parsed.blocks:
            page = f"p. {block.page}" if block.page else ""
            inside = ", ".join(filter(None, (place, page, block.place)))
            text = parsed.text[block.start : block.end]
            level = block.level and min(6, block.level + 1) if block.level < CAPTION else block.level
            self.add(text, level, by_line=block.by_line, place=inside, row=block.row)
        if self._length - start == sum(block.end - block.start + 2 for block in parsed.blocks):
            moved = chosen(parsed, parsed.blocks).tables
            self._tables += [table.moved(start) for table in moved]
        if parsed.metadata.get("warnings"):
            self.warn(f"{place}: {parsed.metadata['warnings']}")

    def table(
        self, rows: Sequence[Sequence[Cell | str]], *, caption: str = "", place: str = "", page: int | None = None,
        pages: Sequence[int] = (), first: int = 1, known: Layout | None = None, guess: bool = False,
        apart: bool = False,
    ) -> Layout:  # fmt: skip
        """Append a table and return how it was read.

        rows: cells, or their texts, those that begin in each row; empty ones included. pages: of each row, where it
        goes over several. first: number of the first row. known: how the rows above were read, which these go on.
        guess: see `layout`. apart: each row is a block of its own, as in sheets, whose rows people call by number.
        """
        cells = cleaned(rows)
        grid = filled(cells)
        found = layout(cells, grid, guess=guess) if known is None else replace(known, titles=0, head=0)
        width = max(map(len, grid), default=0)
        grid = grid if any(found.names) else filled(cells, across=False)
        body = found.titles + found.head
        caption = one_line(caption)
        lines: list[str] = []
        section = ""
        for number, (row, texts) in enumerate(zip(cells, grid, strict=True)):
            if number < found.titles:
                title = next(filter(None, texts), "")
                is_name = not caption and is_caption(title)
                lines.append("" if is_name else title)
                caption = title if is_name else caption
            elif number < body:
                lines.append(_names_to_say(found, grid[body:]) if number == body - 1 else "")
            elif is_section(row, width) and width > 1:
                section = next(filter(None, texts))
                lines.append(section)
            else:
                lines.append(row_line(found.names, texts, section))
        self._caption(caption, page, place)
        spans = self._add_rows(lines, page, place, pages, first, apart, width)
        if len(cells) <= _DRAWN_ROWS and any(spans):
            drawn = tuple(map(tuple, cells))
            self._tables.append(Table(drawn, body, found.names, tuple(spans), first, caption))
        return found

    def _caption(self, caption: str, page: int | None, place: str) -> None:
        self.add(caption, CAPTION if is_caption(caption) else 0, page=page, place=place)

    def _add_rows(
        self, lines: Sequence[str], page: int | None, place: str, pages: Sequence[int], first: int, apart: bool,
        width: int,
    ) -> list[tuple[int, int] | None]:  # fmt: skip
        """Add a block for each run of rows that follow each other; return the span of each row in the text."""
        spans: list[tuple[int, int] | None] = [None] * len(lines)
        number = 0
        while number < len(lines):
            end = number
            while end < len(lines) and lines[end] and not (apart and end > number):
                end += 1
            if end > number:
                run = lines[number:end]
                offsets = [0]
                for line in run:
                    offsets.append(offsets[-1] + len(line) + 1)
                start = self._length
                own = pages[number:end]
                turns = tuple((offsets[at], own[at]) for at in range(1, len(own)) if own[at] != own[at - 1])
                begins = own[0] if own else page
                row = first + number if width > 1 or apart else 0
                self.add("\n".join(run), by_line=True, page=begins, place=place, turns=turns, row=row)
                for at, line in enumerate(run):
                    spans[number + at] = (start + offsets[at], start + offsets[at] + len(line))
            number = max(end, number + 1)
        return spans

    def parsed(self, title: str = "", metadata: dict[str, Scalar] | None = None) -> ParsedText:
        """Return what was collected; without a title, the first of the highest headings (of the first page) is it."""
        headings = [block for block in self._blocks if 0 < block.level < CAPTION and block.page == self._blocks[0].page]
        first = min(headings, key=lambda block: block.level, default=None)
        found = one_line(printable(title)) or (first.heading if first else "")
        fields = dict(metadata or {})
        said = [str(fields["warnings"])] if fields.get("warnings") else []
        if said or self._warnings:
            fields["warnings"] = "; ".join([*said, *self._warnings])
        tables, asides = tuple(self._tables), tuple(self._asides)
        return ParsedText("\n\n".join(self._parts), found, tuple(self._blocks), fields, tables, asides)


def chosen(parsed: ParsedText, blocks: Iterable[Block]) -> ParsedText:
    """Return a text with some of its blocks only, in their order, and the tables that have a row among them."""
    parts: list[str] = []
    kept: list[Block] = []
    length = 0
    moves: dict[int, int] = {}  # a block's start -> by how much it moves
    for block in blocks:
        by = length - block.start
        moves[block.start] = by
        parts.append(parsed.text[block.start : block.end])
        turns = tuple((offset + by, page) for offset, page in block.turns)
        kept.append(replace(block, start=length, end=block.end + by, turns=turns))
        length += block.end - block.start + 2
    begins = sorted(block.start for block in parsed.blocks)
    tables = []
    for table in parsed.tables:
        spans = [span and (span, begins[bisect_right(begins, span[0]) - 1]) for span in table.lines]
        lines = tuple((a + moves[at], b + moves[at]) if at in moves else None for (a, b), at in filter(None, spans))
        if any(lines):
            placed = iter(lines)
            tables.append(replace(table, lines=tuple(next(placed) if span else None for span in spans)))
    return replace(parsed, text="\n\n".join(parts), blocks=tuple(kept), tables=tuple(tables))


def is_caption(text: str) -> bool:
    """Tell whether words above a table are short enough to be what it is called, not a paragraph."""
    return 0 < len(text) <= _LONGEST_CAPTION and not text.endswith((".", "?", "!")) and ". " not in text[8:]


def _names_to_say(found: Layout, body: Sequence[Sequence[str]]) -> str:
    """Return a header as a row of its own, where it may be none, or no row below says all of its names; else ""."""
    seen = {column for row in body for column, text in enumerate(row) if text}
    is_said = all(column in seen for column, name in enumerate(found.names) if name)
    return "" if found.is_sure and is_said else " | ".join(filter(None, dict.fromkeys(found.names)))
