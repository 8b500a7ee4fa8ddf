"""OpenDocument sheets (ODS) -> rows with the texts that the sheet shows; repeated empty rows cost nothing."""

from collections.abc import Iterator
from typing import Any
from zipfile import ZipFile

from retrieval.parsers.base import Builder, UnreadableError
from retrieval.parsers.office.archive import parse_xml
from retrieval.parsers.rows.sheets import Row, Sheet
from retrieval.parsers.tables import Cell
from retrieval.text import one_line

_MOST_REPEATED = 1_000  # of a row or cell that holds something
_UNSEEN = ("collapse", "filter")


def sheets(archive: ZipFile, builder: Builder) -> Iterator[Sheet]:
    """Yield the sheets that are shown, in order; warn of those that are not."""
    if (
        b"encryption-data" in archive.read("META-INF/manifest.xml")
        if "META-INF/manifest.xml" in archive.namelist()
        else b""
    ):
        raise UnreadableError("is encrypted; save it without a password")
    root = parse_xml(archive.read("content.xml"))
    unseen = {
        style.get(_name(style, "name"))
        for style in root.iter("{*}style")
        for own in style.iter("{*}table-properties")
        if own.get(_name(own, "display")) == "false"
    }
    for table in root.iter("{*}table"):
        if not table.getparent().tag.endswith("}spreadsheet"):
            continue
        name = one_line(table.get(_name(table, "name")) or "")
        if table.get(_name(table, "style-name")) in unseen and None not in (table.get(_name(table, "style-name")),):
            builder.warn(f"left out because hidden: the sheet {name}")
            continue
        notes: dict[int, list[str]] = {}
        yield Sheet(name, list(_rows(table, notes)), notes)


def _name(element: Any, wanted: str) -> str:
    """Return the full name of an attribute that an element has, by its name without namespace."""
    return next((key for key in element.attrib if key.endswith(f"}}{wanted}")), wanted)


def _count(element: Any, wanted: str) -> int:
    found = element.get(_name(element, wanted), "1")
    return int(found) if found.isdigit() else 1


def _rows(table: Any, notes: dict[int, list[str]]) -> Iterator[Row]:
    number = 1
    for row in table.iter("{*}table-row"):
        if _table_of(row) is not table:
            continue
        repeated = _count(row, "number-rows-repeated")
        cells = list(_cells(row))
        while cells and not cells[-1].text and cells[-1].columns == 1:
            cells.pop()
        is_hidden = row.get(_name(row, "visibility")) in _UNSEEN
        for note in row.iter("{*}annotation"):
            text = one_line(" ".join("".join(p.itertext()) for p in note.iter("{*}p")))
            if text and not is_hidden:
                notes.setdefault(number, []).append(f"Note: {text}")
        if any(cell.text for cell in cells):
            for each in range(min(repeated, _MOST_REPEATED)):
                yield number + each, [] if is_hidden else cells
        number += repeated


def _table_of(row: Any) -> Any:
    above = row.getparent()
    while not above.tag.endswith("}table"):
        above = above.getparent()
    return above


def _cells(row: Any) -> Iterator[Cell]:
    for cell in row:
        tag = str(cell.tag).rpartition("}")[2]
        if tag not in ("table-cell", "covered-table-cell"):
            continue
        repeated = _count(cell, "number-columns-repeated")
        text = "" if tag.startswith("covered") else _text(cell)
        if tag.startswith("covered"):
            continue
        width, height = _count(cell, "number-columns-spanned"), _count(cell, "number-rows-spanned")
        for _ in range(min(repeated, _MOST_REPEATED)):
            yield Cell(text, width, height)


def _text(cell: Any) -> str:
    parts = []
    for paragraph in cell:
        if str(paragraph.tag).endswith("}p"):
            parts.append("".join(_seen(paragraph)))
    return " ".join(parts)


def _seen(element: Any) -> Iterator[str]:
    yield element.text or ""
    for child in element:
        tag = str(child.tag).rpartition("}")[2]
        if tag in ("s", "tab", "line-break"):
            yield " "
        elif tag not in ("annotation", "ruby-text"):
            yield from _seen(child)
        yield child.tail or ""
