"""OpenDocument texts and slides (ODT, ODP) -> headings, paragraphs, lists, notes. Knows nothing about other formats.

Such a file is a ZIP of XML; odfpy, the usual library, expands external entities and drops tracked insertions.
"""

from collections.abc import Iterator
from typing import Any

from retrieval.parsers.base import Builder, ParsedText
from retrieval.parsers.metadata import common
from retrieval.parsers.office.archive import open_zip, parse_xml
from retrieval.text import one_line

_UNREAD = frozenset(
    "tracked-changes sequence-decls forms annotation note frame desc title index-title-template".split()
)
_MARKS = {"tab": "\t", "line-break": "\n"}
_META = {"initial-creator": "author", "creator": "creator", "date": "date", "language": "language"}


def read_odt(content: bytes) -> ParsedText:
    """Read a text or presentation in reading order; footnotes follow at the end."""
    with open_zip(content) as archive:
        body = parse_xml(archive.read("content.xml"))
        meta = parse_xml(archive.read("meta.xml")) if "meta.xml" in archive.namelist() else None
    builder = Builder()
    for text in body.iter("{*}text", "{*}presentation"):
        if name(text.getparent()) == "body":
            _add(builder, text)
    for note in body.iter("{*}note"):
        kind = "endnote" if "endnote" in note.attrib.values() else "footnote"
        builder.add(one_line(" ".join(_text(p) for p in note.iter("{*}p"))), place=kind)
    fields = {} if meta is None else {_META[name(e)]: e.text for e in meta.iter("{*}*") if name(e) in _META and e.text}
    title = "" if meta is None else meta.findtext(".//{http://purl.org/dc/elements/1.1/}title") or ""
    return builder.parsed(title, common(fields))


def name(element: Any) -> str:
    """Return an element's name without its namespace; "" for comments and unresolved entities."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def _add(builder: Builder, container: Any, place: str = "", level: int = 0) -> None:
    """Add what is in an element. place: the slide; level: of its paragraphs."""
    number = 0
    for element in container:
        tag = name(element)
        if tag == "page":
            number += 1
            _add(builder, element, f"slide {number}")
        elif tag == "h":
            builder.add(_text(element), min(int(_attribute(element, "outline-level") or 1), 6), place=place)
        elif tag == "p":
            builder.add(_text(element), 1 if _attribute(element, "style-name") == "Title" else level, place=place)
            for box in element.iter("{*}text-box"):
                _add(builder, box, place)
        elif tag in ("list", "table"):
            lines = _items(element) if tag == "list" else _rows(element)
            builder.add("\n".join(filter(None, map(one_line, lines))), by_line=True, place=place)
        elif tag == "frame" and place:
            _add(builder, element, place, 2 if _attribute(element, "class") == "title" else 0)
        elif tag == "notes":
            _add(builder, element, f"{place}, notes")
        elif tag not in _UNREAD:
            _add(builder, element, place, level)


def _attribute(element: Any, wanted: str) -> str:
    """Return an attribute by its name without its namespace; "" where it is not there."""
    return next((str(value) for key, value in element.attrib.items() if key.endswith(f"}}{wanted}")), "")


def _text(element: Any) -> str:
    """Return what is seen of a paragraph; white space as the format defines it: runs are one blank."""
    parts = [element.text or ""]
    for child in element:
        tag = name(child)
        if tag == "s":
            parts.append(" ")
        elif tag and tag not in _UNREAD:
            parts.append(_MARKS.get(tag) or _text(child))
        parts.append(child.tail or "")
    return "".join(parts)


def _items(element: Any) -> Iterator[str]:
    for child in element:
        if name(child) in ("p", "h"):
            yield _text(child)
        elif name(child) not in _UNREAD:
            yield from _items(child)


def _rows(table: Any) -> Iterator[str]:
    for row in table.iter("{*}table-row"):
        cells = [one_line(" ".join(_items(cell))) for cell in row if name(cell) == "table-cell"]
        yield " | ".join(filter(None, cells))
