"""What a reader hands over: the extracted text, its blocks (paragraphs, headings, rows) and metadata.

Knows nothing about files, formats or tokens.
"""

from dataclasses import dataclass, field

from retrieval.records import Scalar
from retrieval.text import one_line, printable

LONGEST_TEXT = 20_000_000  # characters of one document; a novel has 600,000
LONGEST_HEADING = 200  # characters; what is longer is nobody's heading, whatever it is marked as


class UnreadableError(Exception):
    """Seen by the loader only, which adds the file's name: the reason why a content cannot be read."""


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch of text that is one paragraph, list, table, row or heading.

    level: 0 for body text, 1 to 6 for a heading. by_line: a line end is a sentence end (lists, tables, code).
    page: where it begins, from 1. turns: (offset, page) of each further page that begins inside it.
    heading: a heading's text without marks. place: where a person finds it in a format without pages ("slide 4").
    """

    start: int
    end: int
    level: int = 0
    by_line: bool = False
    page: int | None = None
    heading: str = ""
    place: str = ""
    turns: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class ParsedText:
    """What a reader found: the text, its title ("" if none), blocks in reading order, and metadata."""

    text: str
    title: str
    blocks: tuple[Block, ...]
    metadata: dict[str, Scalar] = field(default_factory=dict)


class Builder:
    """Collects blocks of an extracted text, an empty line between them, and their offsets."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._blocks: list[Block] = []
        self._length = 0

    def add(
        self, text: str, level: int = 0, *, by_line: bool = False, page: int | None = None, place: str = "",
        turns: tuple[tuple[int, int], ...] = (),
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
        self._blocks.append(Block(start, start + len(text), level, by_line, page, heading, place, moved))
        self._parts.append(text)
        self._length += len(text) + 2

    def parsed(self, title: str = "", metadata: dict[str, Scalar] | None = None) -> ParsedText:
        """Return what was collected; without a title, the first of the highest headings (of the first page) is it."""
        headings = [block for block in self._blocks if block.level and block.page == self._blocks[0].page]
        first = min(headings, key=lambda block: block.level, default=None)
        found = one_line(printable(title)) or (first.heading if first else "")
        return ParsedText("\n\n".join(self._parts), found, tuple(self._blocks), metadata or {})
