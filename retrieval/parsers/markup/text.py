"""Plain text -> blocks, title and "Publication: …" lines. Knows nothing about files."""

import re

from retrieval.parsers.base import LONGEST_HEADING, Block, ParsedText
from retrieval.parsers.metadata import common
from retrieval.records import Scalar
from retrieval.text import trimmed

_PARAGRAPH = re.compile(r"\S[^\n]*(?:\n(?![^\S\n]*(?:\n|\Z))[^\n]*)*")
_LINE = re.compile(r"[^\n]+")
_SENTENCE_ENDS = tuple(".!?:;…”\"')]")
_WRAPPED_AT = 120  # a longer line that ends like a sentence is a paragraph on one line; a shorter one is hard-wrapped
_NUMBERED = re.compile(r"(?:\d+\.)+\d*\s(?=.*[^\W\d_])[^\n]{1,80}(?<![.;,:])")
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
    rest = (_as_heading(text, block) for block in blocks[titled:])
    return ParsedText(text, title, (*blocks[:titled], *rest), common(metadata))


def _is_title(line: str) -> bool:
    return "\n" not in line.strip() and len(line) <= LONGEST_HEADING and line.rstrip()[-1] not in ".,;:"


def _as_heading(text: str, block: Block) -> Block:
    """Make a block a heading when it is one short line in capitals or with a section number."""
    line = text[block.start : block.end]
    if "\n" not in line and len(line) <= 90 and ((line.isupper() and len(line) > 2) or _NUMBERED.fullmatch(line)):
        return Block(block.start, block.end, level=2, heading=line)
    return block


def _fields(line: str) -> dict[str, Scalar]:
    """Read "Publication: Eurasia Daily Monitor Volume: 15 Issue: 96" into lower-case keys."""
    if "\n" in line or len(line) > 300 or not _FIELD.match(line):
        return {}
    return {key.lower(): value for key, value in _FIELD.findall(line) if value}
