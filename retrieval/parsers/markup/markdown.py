"""Markdown -> blocks, title and front matter.

The text stays as written, but for tables, whose rows carry their names, and for what no page shows: front matter,
comments, hidden elements.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from itertools import accumulate
from typing import Any

from retrieval.parsers.base import LONGEST_HEADING, Block, Builder, ParsedText
from retrieval.parsers.metadata import common
from retrieval.parsers.tables import Cell, Table
from retrieval.records import Scalar
from retrieval.text import trimmed

_BY_LINE = {"bullet_list_open", "ordered_list_open", "fence", "code_block", "html_block"}
_FRONT_MATTER = re.compile(r"(---|\+\+\+)[ \t]*\n(.{0,65536}?\n)?(?:\1|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_FIELD = re.compile(r"([A-Za-z][\w-]{0,40})[ \t]*:[ \t]*(.*)")
_TITLE_BLOCK = re.compile(
    r"%[ \t]*((?:.+|(?=\n))(?:\n[ \t]+\S.*)*)\n" + r"(?:%[ \t]*(.*(?:\n[ \t]+\S.*)*)(?:\n|\Z))?" * 2 + r"(?=\s|\Z)"
)
_KNOWN = frozenset("title author authors date tags lang language category categories description summary".split())
_UNSEEN = re.compile(
    r"<!--(?:(?!<!--).)*?-->"
    r"|^ {0,3}\[(?://|comment|#)\]:[ \t]*(?:#|<#?>)[ \t]*(?:\([^\n]*\)|\"[^\n]*\"|'[^\n]*')[ \t]*$"
    r"|<(span|div|p)\b(?=[^<>]{0,300}?(?:\shidden\b|display\s*:\s*none|visibility\s*:\s*hidden))[^<>]{0,300}>"
    r"(?:(?!<\1\b).){0,5000}?</\1>",
    re.DOTALL | re.MULTILINE | re.IGNORECASE,
)
_CODE = re.compile(r"(?<!`)(`+)(?!`).{1,1000}?(?<!`)\1(?!`)", re.DOTALL)
_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
_MARK = re.compile(
    r"(\*\*|__)(?=\S)(.{1,200}?)(?<=\S)\1|(?<![\w*])\*(?=[^\s*])([^*]{1,200}?)(?<=[^\s*])\*(?![\w*])|`([^`]{1,200})`"
)
_LINK = re.compile(r"!?\[([^\[\]]{0,300})\]\([^()\s]{0,2000}(?:\s+\"[^\"]*\")?\)")


def read_markdown(text: str) -> ParsedText:
    """Read CommonMark with tables: headings, every other top-level block with its lines, and front matter."""
    from markdown_it import MarkdownIt  # 30 ms that only Markdown pays

    parser = MarkdownIt("commonmark").enable("table")
    parser.core.ruler.enableOnly(["normalize", "block"])
    fields, begin = _front_matter(text)
    text = _seen(text[begin:].lstrip("\n") if begin else text, parser)
    lines = _line_starts(text)
    blocks: list[Block] = []
    tables: dict[int, list[list[Cell]]] = {}
    titles: list[tuple[int, str]] = []
    tokens = parser.parse(text)
    for index, token in enumerate(tokens):
        if token.level or not token.map or token.nesting < 0:
            continue
        level = int(token.tag[1]) if token.type == "heading_open" else 0
        span = trimmed(text, lines[token.map[0]], lines[token.map[1]])
        level = level if span[1] - span[0] <= LONGEST_HEADING else 0  # nobody's heading: keep it as text
        heading = tokens[index + 1].content.strip() if level else ""
        if level:
            titles.append((level, heading))
        if token.type == "table_open" and span[0] < span[1]:
            tables[span[0]] = _cells(tokens, index)
        blocks.append(Block(*span, level, token.type in _BY_LINE, heading=heading))
    title = str(fields.pop("title", min(titles, key=lambda item: item[0], default=(0, ""))[1]))
    return _with_tables(ParsedText(text, title, tuple(_fill_gaps(text, blocks)), fields), tables)


def _seen(text: str, parser: Any) -> str:
    """Return text without comments and hidden elements, but for those that are shown as code."""
    if not _UNSEEN.search(text):
        return text
    lines = _line_starts(text)
    code = [match.span() for match in _CODE.finditer(text)]
    for token in parser.parse(text):
        if token.type in ("fence", "code_block") and token.map:
            code.append((lines[token.map[0]], lines[token.map[1]]))
    code.sort()
    starts = [start for start, _ in code]
    ends = list(accumulate((end for _, end in code), max))

    def kept(match: re.Match[str]) -> str:
        at = bisect_right(starts, match.start())
        return match[0] if at and ends[at - 1] > match.start() else ""

    return _UNSEEN.sub(kept, text)


def _cells(tokens: list[Any], index: int) -> list[list[Cell]]:
    """Return the rows of the table that begins at a token."""
    rows: list[list[Cell]] = []
    while tokens[index].type != "table_close":
        index += 1
        if tokens[index].type == "tr_open":
            rows.append([])
        elif tokens[index].type in ("th_open", "td_open"):
            rows[-1].append(Cell(_plain(tokens[index + 1].content), is_head=tokens[index].type == "th_open"))
    if rows and not any(cell.text for cell in rows[0]):  # the syntax asks for a header where there is none
        return [[Cell(cell.text) for cell in row] for row in rows[1:]] or rows
    return rows


def _plain(source: str) -> str:
    """Return what is shown of a cell: without the marks of emphasis, code and links."""
    text = _LINK.sub(r"\1", _BREAK.sub(" ", source))
    return _MARK.sub(lambda match: match[2] or match[3] or match[4], text)


def _with_tables(parsed: ParsedText, tables: Mapping[int, list[list[Cell]]]) -> ParsedText:
    """Put the rows of tables in place of their source, and move what stands behind them."""
    if not tables:
        return parsed
    parts: list[str] = []
    blocks: list[Block] = []
    drawn: list[Table] = []
    done = length = 0
    for block in parsed.blocks:
        between = parsed.text[done : block.start]
        parts.append(between)
        length += len(between)
        if block.start in tables:
            builder = Builder()
            builder.table(tables[block.start])
            made = builder.parsed()
            parts.append(made.text)
            blocks += [_moved(each, length) for each in made.blocks]
            drawn += [table.moved(length) for table in made.tables]
            length += len(made.text)
        else:
            parts.append(parsed.text[block.start : block.end])
            blocks.append(_moved(block, length - block.start))
            length += block.end - block.start
        done = block.end
    return ParsedText("".join([*parts, parsed.text[done:]]), parsed.title, tuple(blocks), parsed.metadata, tuple(drawn))


def _moved(block: Block, by: int) -> Block:
    return Block(block.start + by, block.end + by, block.level, block.by_line, heading=block.heading, row=block.row)


def _front_matter(text: str) -> tuple[dict[str, Scalar], int]:
    """Read the fields of a block of YAML or TOML, or of Pandoc's "% title", and the offset behind it; else ({}, 0).

    What is neither is read line by line, "name: value", if that is what most of its lines are.
    """
    if block := _TITLE_BLOCK.match(text):
        authors = re.split(r"\s*[;\n]\s*", (block[2] or "").strip())
        return common({"title": block[1], "author": authors, "date": block[3]}), block.end()
    found = _FRONT_MATTER.match(text)
    if not found or (found[1] == "---" and re.match("[ \t]*\n", found[2] or "")):
        return {}, 0  # a blank line behind a rule: text
    source = found[2] or ""
    fields = _toml(source) if found[1] == "+++" else _yaml(source)
    if fields is None:
        lines = [line for line in source.split("\n") if line.strip()]
        pairs = [match.groups() for line in lines if (match := _FIELD.fullmatch(line.strip()))]
        if not pairs or 2 * len(pairs) < len(lines):
            return {}, 0
        fields = {name: value.strip().strip("\"'") for name, value in pairs}
    is_named = any(str(key).lower() in _KNOWN or re.fullmatch(r"[^\sA-Z]+", str(key)) for key in fields)
    return (common(fields), found.end()) if is_named or not fields else ({}, 0)


def _yaml(source: str) -> dict[Any, Any] | None:
    """Return the fields of YAML, None where it is no mapping."""
    import yaml  # 20 ms that only front matter pays

    try:
        fields = yaml.safe_load(source)
    except (yaml.YAMLError, ValueError, RecursionError):
        return None
    return dict(fields) if isinstance(fields, Mapping) else None


def _toml(source: str) -> dict[str, Any] | None:
    import tomllib

    try:
        return tomllib.loads(source)
    except (tomllib.TOMLDecodeError, RecursionError):
        return None


def _line_starts(text: str) -> list[int]:
    """Return the offset of each line, and the end of the text once more for open spans."""
    return [0, *(match.end() for match in re.finditer("\n", text)), len(text), len(text)]


def _fill_gaps(text: str, blocks: Iterable[Block]) -> Iterator[Block]:
    """Add what the parser leaves out (link definitions, say) as blocks, so that no text is skipped."""
    position = 0
    for block in (*blocks, Block(len(text), len(text))):
        start, end = trimmed(text, position, block.start)
        if start < end:
            yield Block(start, end, by_line=True)
        if block.start < block.end:
            yield block
        position = max(position, block.end)
