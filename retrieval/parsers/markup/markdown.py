"""Markdown -> blocks, title and front matter. Knows nothing about files."""

import re
from collections.abc import Iterable, Iterator, Mapping

from retrieval.parsers.base import LONGEST_HEADING, Block, ParsedText
from retrieval.parsers.metadata import common
from retrieval.records import Scalar
from retrieval.text import trimmed

_BY_LINE = {"bullet_list_open", "ordered_list_open", "table_open", "fence", "code_block", "html_block"}


_FRONT_MATTER = re.compile(r"---[ \t]*\n(.{0,65536}?\n)?(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)


def read_markdown(text: str) -> ParsedText:
    """Read CommonMark with tables: headings, every other top-level block with its lines, and front matter."""
    from markdown_it import MarkdownIt  # 30 ms that only Markdown pays

    parser = MarkdownIt("commonmark").enable("table")
    parser.core.ruler.enableOnly(["normalize", "block"])
    fields, begin = _front_matter(text)
    lines = _line_starts(text)
    blocks: list[Block] = []
    titles: list[tuple[int, str]] = []
    tokens = parser.parse("\n" * text.count("\n", 0, begin) + text[begin:])
    for index, token in enumerate(tokens):
        if token.level or not token.map or token.nesting < 0:
            continue
        level = int(token.tag[1]) if token.type == "heading_open" else 0
        span = trimmed(text, max(begin, lines[token.map[0]]), lines[token.map[1]])
        level = level if span[1] - span[0] <= LONGEST_HEADING else 0  # nobody's heading: keep it as text
        heading = tokens[index + 1].content.strip() if level else ""
        if level:
            titles.append((level, heading))
        blocks.append(Block(*span, level, token.type in _BY_LINE, heading=heading))
    title = min(titles, key=lambda item: item[0], default=(0, ""))[1]
    return ParsedText(text, str(fields.pop("title", title)), tuple(_fill_gaps(text, begin, blocks)), fields)


def _front_matter(text: str) -> tuple[dict[str, Scalar], int]:
    """Read the fields of a YAML block at the top, and the offset behind it; ({}, 0) where there is none."""
    found = _FRONT_MATTER.match(text)
    if not found:
        return {}, 0
    import yaml  # 20 ms that only front matter pays

    try:
        fields = yaml.safe_load(found.group(1) or "")
    except (yaml.YAMLError, ValueError, RecursionError):
        return {}, 0
    return (common(fields), found.end()) if isinstance(fields, Mapping) else ({}, 0)


def _line_starts(text: str) -> list[int]:
    """Return the offset of each line, and the end of the text once more for open spans."""
    return [0, *(match.end() for match in re.finditer("\n", text)), len(text), len(text)]


def _fill_gaps(text: str, begin: int, blocks: Iterable[Block]) -> Iterator[Block]:
    """Add what the parser leaves out (link definitions, say) as blocks, so that no text is skipped."""
    position = begin
    for block in (*blocks, Block(len(text), len(text))):
        start, end = trimmed(text, position, block.start)
        if start < end:
            yield Block(start, end, by_line=True)
        if block.start < block.end:
            yield block
        position = max(position, block.end)
