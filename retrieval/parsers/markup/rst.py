"""reStructuredText -> headings, paragraphs, lists, tables, fields. No file is included, no raw markup kept.

Knows nothing about other formats.
"""

from collections.abc import Iterator
from typing import Any

from docutils import nodes
from docutils.core import publish_doctree

from retrieval.parsers.base import Builder, Item, ParsedText, UnreadableError
from retrieval.parsers.figures import numbered, raised
from retrieval.parsers.metadata import common
from retrieval.parsers.tables import Cell
from retrieval.text import one_line

_SETTINGS = {
    "file_insertion_enabled": False, "raw_enabled": False, "_disable_config": True, "warning_stream": False,
    "report_level": 1, "halt_level": 5, "syntax_highlight": "none", "line_length_limit": 10_000_000,
}  # fmt: skip
_LISTS = (nodes.bullet_list, nodes.enumerated_list, nodes.definition_list, nodes.field_list, nodes.option_list)
_UNREAD = (nodes.comment, nodes.substitution_definition, nodes.target, nodes.docinfo, nodes.pending, nodes.decoration)
_LEAVES = (nodes.paragraph, nodes.rubric, nodes.caption, nodes.attribution, nodes.line, nodes.term)
_STYLES = {"loweralpha": "a", "upperalpha": "A", "lowerroman": "i", "upperroman": "I"}
_VERBATIM = (nodes.literal_block, nodes.doctest_block, nodes.line_block, nodes.math_block)


def read_rst(text: str) -> ParsedText:
    """Read a document; directives that docutils does not know (Sphinx's) stay as their source."""
    try:
        document = _doctree(text)
    except SystemExit as error:
        raise UnreadableError("is no reStructuredText that docutils can read") from error
    for message in list(document.findall(nodes.system_message)):  # docutils' complaints, with what they are about
        message.parent.replace(message, [part for part in message if isinstance(part, nodes.literal_block)])
    builder = Builder()
    _add(builder, document, 1)
    return builder.parsed(document.get("title", ""), common(_fields(document)))


def _doctree(text: str) -> Any:
    try:
        return publish_doctree(text, settings_overrides=_SETTINGS)
    except IndexError:  # docutils 0.22 wants text in a date
        return publish_doctree(text, settings_overrides=_SETTINGS | {"docinfo_xform": False})


def _fields(document: Any) -> Iterator[tuple[str, str]]:
    """Yield the fields at the top of a document: ":Author: …"."""
    for docinfo in document.findall(nodes.docinfo):
        for element in docinfo:
            if isinstance(element, nodes.field):
                yield element[0].astext(), one_line(element[1].astext())
            else:
                yield element.tagname, one_line(element.astext())


def _add(builder: Builder, container: Any, depth: int) -> None:
    for node in container:
        if isinstance(node, nodes.section):
            _add(builder, node, depth + 1)
        elif isinstance(node, nodes.title | nodes.subtitle):
            builder.add(one_line(node.astext()), min(depth + isinstance(node, nodes.subtitle), 6))
        elif isinstance(node, _LISTS):
            builder.items(_items(node))
        elif isinstance(node, nodes.table):
            title = next((one_line(part.astext()) for part in node if isinstance(part, nodes.title)), "")
            builder.table(list(_rows(node)), caption=title)
        elif isinstance(node, _VERBATIM):
            builder.add(node.astext(), by_line=True)
        elif isinstance(node, _LEAVES):
            builder.add(_said(node))
        elif isinstance(node, nodes.Element) and not isinstance(node, _UNREAD):
            _add(builder, node, depth)


def _items(node: Any, label: str = "") -> Iterator[Item]:
    """Yield an item for each paragraph or term in a list, with its number; a field's name stands before its text."""
    number = int(node.get("start", 1)) - 1 if isinstance(node, nodes.enumerated_list) else 0
    for child in node:
        if isinstance(node, nodes.enumerated_list):
            number += 1
            style = _STYLES.get(node.get("enumtype", ""), "1")
            label = f"{node.get('prefix', '')}{numbered(number, style)}{node.get('suffix', '.')}"
        if isinstance(child, nodes.field | nodes.option_list_item):
            yield Item(f"{one_line(child[0].astext())}: {one_line(child[1].astext())}")
        elif isinstance(child, _LEAVES):
            yield Item(_said(child), label)
        elif isinstance(child, _VERBATIM):
            yield from (Item(line) for line in child.astext().split("\n") if line)
        elif isinstance(child, nodes.Element) and not isinstance(child, _UNREAD):
            yield from _items(child, label)
        label = ""


def _rows(table: Any) -> Iterator[list[Cell]]:
    for row in table.findall(nodes.row):
        is_head = isinstance(row.parent, nodes.thead)
        yield [
            Cell(
                " ".join(map(_said, entry)),
                int(entry.get("morecols", 0)) + 1,
                int(entry.get("morerows", 0)) + 1,
                is_head,
            )
            for entry in row
        ]


def _said(node: Any) -> str:
    """Return a paragraph's text, marks of notes in brackets and raised figures as such."""
    parts = []
    for part in node.findall(nodes.Text):
        above = part.parent
        text = part.astext()
        if isinstance(above, nodes.footnote_reference | nodes.citation_reference):
            text = f"[{text}]"
        elif isinstance(above, nodes.superscript):
            text = raised(text)
        parts.append(text)
    return one_line("".join(parts))
