"""Plain text -> blocks, title and "Publication: …" lines. Knows nothing about files."""

import re
from collections.abc import Iterator, Sequence
from itertools import zip_longest

from retrieval.parsers.base import LONGEST_HEADING, Block, ParsedText
from retrieval.parsers.metadata import common
from retrieval.records import Scalar
from retrieval.text import trimmed

_PARAGRAPH = re.compile(r"\S[^\n]*(?:\n(?![^\S\n]*(?:\n|\Z))[^\n]*)*")
_LINE = re.compile(r"[^\n]+")
_SENTENCE_ENDS = tuple(".!?:;…”\"')]")
_WRAPPED_AT = 120  # a longer line that ends like a sentence is a paragraph on one line; a shorter one is hard-wrapped
_NUMBERED = re.compile(r"(?:\d+\.)+\d*\s(?=.*[^\W\d_])[^\n]{1,80}(?<![.;,:])")
# "Limitations", "How to pay the deposit": up to seven words that end without a mark, and tell no date, time or sum.
_HEADLINE = re.compile(r"[^\W\d_a-z][^\n\d,;:|@]{2,60}(?<![.!?…”\"')\]*_=-])(?<!\s)")
_PROSE = 40  # characters in the first line of a paragraph below a heading, at least
_FIELDS = "publication|volume|issue|author|date|published|publisher|source|journal|edition|language"
_FIELD = re.compile(rf"\b({_FIELDS})\s*:\s*(.*?)\s*(?=\b(?:{_FIELDS})\s*:|$)", re.IGNORECASE)


def text_blocks(text: str) -> tuple[Block, ...]:
    """Split plain text at blank lines, and at the ends of lines so long that nobody wrapped them."""
    blocks = []
    for paragraph in _PARAGRAPH.finditer(text):
        start = paragraph.start()
        for line in _LINE.finditer(text, *paragraph.span()):
            words = line.group().strip()
            if len(words) > _WRAPPED_AT and words.endswith(_SENTENCE_ENDS):
                blocks.append(Block(*trimmed(text, start, line.end())))
                start = line.end()
        if text[start : paragraph.end()].strip():
            blocks.append(Block(*trimmed(text, start, paragraph.end())))
    return tuple(blocks)


def read_text(text: str) -> ParsedText:
    """Read plain text: a short first line set apart is the title, "Publication: …" lines are metadata."""
    blocks = list(text_blocks(text))
    title = ""
    if len(blocks) > 1 and _is_title(text[blocks[0].start : blocks[0].end]):
        title = text[blocks[0].start : blocks[0].end].strip()
        blocks[0] = Block(blocks[0].start, blocks[0].end, level=1, heading=title)
    metadata: dict[str, Scalar] = {}
    for block in blocks[:4]:
        metadata |= _fields(text[block.start : block.end])
    titled = 1 if title else 0
    rest = _with_headings(text, blocks[titled:])
    return ParsedText(text, title, (*blocks[:titled], *rest), common(metadata))


def _is_title(line: str) -> bool:
    return "\n" not in line.strip() and len(line) <= LONGEST_HEADING and line.rstrip()[-1] not in ".,;:"


def _with_headings(text: str, blocks: Sequence[Block]) -> Iterator[Block]:
    """Yield blocks; one short line in capitals, with a section number or above a paragraph is a heading."""
    for block, after in zip_longest(blocks, blocks[1:]):
        line, _, rest = text[block.start : block.end].partition("\n")
        end = block.start + len(line.rstrip())
        if not rest and len(line) <= 90 and ((line.isupper() and len(line) > 2) or _NUMBERED.fullmatch(line)):
            yield Block(block.start, block.end, level=2, heading=line)
        elif _is_headline(line.rstrip(), rest or (text[after.start : after.end] if after else "")):
            yield Block(block.start, end, level=2, heading=line.rstrip())
            if rest:
                yield Block(*trimmed(text, end, block.end))
        else:
            yield block


def _is_headline(line: str, paragraph: str) -> bool:
    """Tell whether a line is the heading of the paragraph behind it, and not its first line, wrapped.

    A heading's line ends where a word more would have found room.
    """
    first = paragraph.partition("\n")[0].strip()
    if _NUMBERED.fullmatch(line) and re.match(rf"{re.escape(line.split()[0].rstrip('.'))}\.\d", first):
        return True  # "3. Price" above "3.1 The client pays …"
    if len(first) < _PROSE or not first[0].isupper() or not paragraph.endswith(_SENTENCE_ENDS):
        return False
    room = max(len(each.strip()) for each in paragraph.split("\n"))
    return bool(_HEADLINE.fullmatch(line)) and len(f"{line} {first.split()[0]}") <= room


def _fields(line: str) -> dict[str, Scalar]:
    """Read "Publication: Eurasia Daily Monitor Volume: 15 Issue: 96" into lower-case keys."""
    if "\n" in line or len(line) > 300 or not _FIELD.match(line):
        return {}
    return {key.lower(): value for key, value in _FIELD.findall(line) if value}
