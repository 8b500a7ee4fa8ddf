"""reStructuredText -> headings, paragraphs, lists, tables, fields. No file is included, no raw markup kept.

Knows nothing about other formats.
"""

from collections.abc import Iterator
from typing import Any

from docutils import nodes
from docutils.core import publish_doctree

from retrieval.parsers.base import Builder, ParsedText, UnreadableError
from retrieval.parsers.metadata import common
from retrieval.text import one_line

_SETTINGS = {
    "file_insertion_enabled": False, "raw_enabled": False, "_disable_config": True, "warning_stream": False,
    "report_level": 1, "halt_level": 5, "syntax_highlight": "none", "line_length_limit": 10_000_000,
}  # fmt: skip
_LISTS = (nodes.bullet_list, nodes.enumerated_list, nodes.definition_list, nodes.field_list, nodes.option_list)
_UNREAD = (nodes.comment, nodes.substitution_definition, nodes.target, nodes.docinfo, nodes.pending, nodes.decoration)
_LEAVES = (nodes.paragraph, nodes.rubric, nodes.caption, nodes.attribution, nodes.line, nodes.term)
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
            builder.add("\n".join(_lines(node)), by_line=True)
        elif isinstance(node, nodes.table):
            builder.add("\n".join(_rows(node)), by_line=True)
        elif isinstance(node, _VERBATIM):
            builder.add(node.astext(), by_line=True)
        elif isinstance(node, _LEAVES):
            builder.add(one_line(node.astext()))
        elif isinstance(node, nodes.Element) and not isinstance(node, _UNREAD):
            _add(builder, node, depth)


def _lines(node: Any) -> Iterator[str]:
    """Yield a line for each paragraph or term in a list; a field's name stands before its text."""
    for child in node:
        if isinstance(child, nodes.field | nodes.option_list_item):
            yield f"{one_line(child[0].astext())}: {one_line(child[1].astext())}"
        elif isinstance(child, _LEAVES):
            yield one_line(child.astext())
        elif isinstance(child, _VERBATIM):
            yield from filter(None, child.astext().split("\n"))
        elif isinstance(child, nodes.Element) and not isinstance(child, _UNREAD):
            yield from _lines(child)


def _rows(table: Any) -> Iterator[str]:
    for row in table.findall(nodes.row):
        yield " | ".join(filter(None, (one_line(entry.astext()) for entry in row)))
