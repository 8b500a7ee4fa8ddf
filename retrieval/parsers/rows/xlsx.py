"""XLSX sheets -> rows as the sheet shows them: formats, merged cells, notes; hidden sheets, rows and columns left out.

python-calamine, which reads the other kinds of workbook, gives neither formats nor what is hidden (0.9).
"""

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zipfile import ZipFile

from lxml import etree

from retrieval.parsers.base import Builder
from retrieval.parsers.office.archive import parse_xml
from retrieval.parsers.office.runs import chart, raised
from retrieval.parsers.rows.number_formats import BUILT_IN, DAYS_1900, DAYS_1904, formatted
from retrieval.parsers.rows.sheets import MOST_ROWS, Row, Sheet
from retrieval.parsers.tables import Cell
from retrieval.text import one_line

_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_STRICT = "{http://purl.oclc.org/ooxml/officeDocument/relationships}id"
_REFERENCE = re.compile(r"\$?([A-Z]{1,3})\$?(\d{1,7})")
_MOST_COLUMNS = 16_384
_MOST_MERGED = 100_000


@dataclass(slots=True)
class _Book:
    """What the cells of a workbook refer to."""

    archive: ZipFile
    strings: list[str]
    formats: list[str]
    is_bold: list[bool]
    day_zero: datetime
    unseen: set[str] = field(default_factory=set)  # hidden things that were left out
    without_value: int = 0  # formulas


def sheets(archive: ZipFile, builder: Builder) -> Iterator[Sheet]:
    """Yield the sheets that are shown, in order; warn of what is left out."""
    names = {name.lower(): name for name in archive.namelist()}
    root = "xl/workbook.xml" if "xl/workbook.xml" in names else next(n for n in names if n.endswith("workbook.xml"))
    workbook = parse_xml(archive.read(names[root]))
    targets = _targets(archive, names, names[root])
    is_1904 = any(each.get("date1904") in ("1", "true") for each in workbook.iter("{*}workbookPr"))
    formats, is_bold = _styles(archive, names, posixpath.dirname(names[root]))
    book = _Book(archive, _strings(archive, names, posixpath.dirname(names[root])), formats, is_bold,
                 DAYS_1904 if is_1904 else DAYS_1900)  # fmt: skip
    for sheet in workbook.iter("{*}sheet"):
        name = one_line(sheet.get("name", ""))
        path = targets.get(sheet.get(_RELATION) or sheet.get(_STRICT) or "", ("", ""))[1]
        if sheet.get("state") in ("hidden", "veryHidden"):
            book.unseen.add(f"the sheet {name}")
        elif path in archive.namelist() and "worksheet" in path.lower():
            rows, merged = list(_rows(book, name, path)), _merged(archive, path)
            notes, boxes = _beside(archive, names, path)
            yield Sheet(name, _joined(rows, merged), notes, boxes)
    if book.unseen:
        builder.warn(f"left out because hidden: {', '.join(sorted(book.unseen)[:10])}")
    if book.without_value:
        builder.warn(f"{book.without_value} formulas have no stored result and are shown as they are written")


def _targets(archive: ZipFile, names: dict[str, str], path: str) -> dict[str, tuple[str, str]]:
    """Return id -> (kind, path) of what a part refers to."""
    folder, own = posixpath.split(path)
    relations = names.get(f"{folder}/_rels/{own}.rels".lower())
    if relations is None:
        return {}
    found = {}
    for each in parse_xml(archive.read(relations)).iter("{*}Relationship"):
        target = posixpath.normpath(posixpath.join("/" + folder, each.get("Target", ""))).lstrip("/")
        found[each.get("Id", "")] = (each.get("Type", "").rpartition("/")[2], names.get(target.lower(), target))
    return found


def _strings(archive: ZipFile, names: dict[str, str], folder: str) -> list[str]:
    path = names.get(f"{folder}/sharedstrings.xml".lower())
    found: list[str] = []
    if path:
        with archive.open(path) as stream:
            for _, item in etree.iterparse(stream, tag="{*}si", resolve_entities=False, no_network=True):
                found.append(_string(item))
                item.clear()
    return found


def _string(item: Any) -> str:
    """Return the text of a string without its reading aids, raised figures as such."""
    texts = (t for t in item.iter("{*}t") if not t.getparent().tag.endswith("rPh"))
    return "".join(raised(t.text or "") if _is_raised(t.getparent()) else t.text or "" for t in texts)


def _is_raised(run: Any) -> bool:
    return any(each.get("val") == "superscript" for each in run.iterfind("{*}rPr/{*}vertAlign"))


def _styles(archive: ZipFile, names: dict[str, str], folder: str) -> tuple[list[str], list[bool]]:
    """Return the number format of each cell style, and whether it is bold."""
    path = names.get(f"{folder}/styles.xml".lower())
    if not path:
        return [], []
    root = parse_xml(archive.read(path))
    own = {each.get("numFmtId"): each.get("formatCode", "") for each in root.iter("{*}numFmt")}
    fonts = [
        any(b.get("val", "1") not in ("0", "false") for b in font.iter("{*}b"))
        for part in root.iter("{*}fonts")
        for font in part.iter("{*}font")
    ]
    styles = [xf for part in root.iter("{*}cellXfs") for xf in part.iter("{*}xf")]
    ids = [xf.get("numFmtId", "0") for xf in styles]
    codes = [own.get(each, BUILT_IN.get(int(each) if each.isdigit() else 0, "")) for each in ids]
    numbers = [int(xf.get("fontId", "0")) if xf.get("fontId", "0").isdigit() else 0 for xf in styles]
    return codes, [number < len(fonts) and fonts[number] for number in numbers]


def _rows(book: _Book, name: str, path: str) -> Iterator[tuple[int, dict[int, Cell]]]:
    """Yield (number, column -> cell) of the rows that hold something and are shown; hidden ones without cells."""
    hidden: set[int] = set()
    last = count = 0
    with book.archive.open(path) as stream:
        tags = ("{*}row", "{*}col")
        for _, element in etree.iterparse(stream, tag=tags, resolve_entities=False, no_network=True):
            if element.tag.endswith("}col"):
                if element.get("hidden") in ("1", "true"):
                    first, until = int(element.get("min", 1)), int(element.get("max", 1))
                    if until - first < 1000:  # a sheet that ends there, not columns that somebody hid
                        hidden.update(range(first - 1, until))
                continue
            last = int(element.get("r") or last + 1)
            cells = _cells(book, element, hidden)
            if element.get("hidden") in ("1", "true"):
                if cells:
                    book.unseen.add(f"rows of {name}")
                cells = {}
                yield last, cells
            elif cells:
                yield last, cells
            count += bool(cells)
            element.clear()
            while element.getprevious() is not None:
                del element.getparent()[0]
            if count > MOST_ROWS:
                break
    if hidden:
        book.unseen.add(f"columns of {name}")


def _cells(book: _Book, row: Any, hidden: set[int]) -> dict[int, Cell]:
    found: dict[int, Cell] = {}
    column = -1
    for cell in row:
        if not (isinstance(cell.tag, str) and cell.tag.endswith("}c")):
            continue
        where = _REFERENCE.match(cell.get("r", ""))
        column = _column(where[1]) if where else column + 1
        text = _shown(book, cell)
        if text.strip() and column not in hidden and column < _MOST_COLUMNS:
            style = int(cell.get("s", "0")) if cell.get("s", "0").isdigit() else 0
            found[column] = Cell(text, is_head=style < len(book.is_bold) and book.is_bold[style])
    return found


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1


def _shown(book: _Book, cell: Any) -> str:
    """Return a cell as the sheet shows it; a formula without a stored result as it is written."""
    kind = cell.get("t", "n")
    if kind == "inlineStr":
        return _string(cell)
    value = next((each.text or "" for each in cell if each.tag.endswith("}v")), "")
    if not value:
        formula = next((each.text or "" for each in cell if each.tag.endswith("}f")), "")
        book.without_value += bool(formula)
        return f"={formula}" if formula else ""
    if kind == "s":
        return book.strings[int(value)] if value.isdigit() and int(value) < len(book.strings) else ""
    if kind == "b":
        return "TRUE" if value == "1" else "FALSE"
    if kind == "d":
        return value.removesuffix("T00:00:00").replace("T", " ")
    if kind != "n":
        return value
    style = cell.get("s", "0")
    code = book.formats[int(style)] if style.isdigit() and int(style) < len(book.formats) else ""
    try:
        return formatted(float(value), code, book.day_zero)
    except (ValueError, OverflowError):
        return value


def _merged(archive: ZipFile, path: str) -> list[tuple[int, int, int, int]]:
    """Return (row, column, rows, columns) of the merged cells; rows from 1, columns from 0."""
    found: list[tuple[int, int, int, int]] = []
    with archive.open(path) as stream:
        for _, element in etree.iterparse(stream, tag="{*}mergeCell", resolve_entities=False, no_network=True):
            ends = [_REFERENCE.fullmatch(part) for part in element.get("ref", "").split(":")]
            if len(ends) == 2 and ends[0] and ends[1] and len(found) < _MOST_MERGED:
                (left, top), (right, bottom) = ((_column(end[1]), int(end[2])) for end in ends if end)
                found.append((top, left, bottom - top + 1, right - left + 1))
    return found


def _joined(rows: list[tuple[int, dict[int, Cell]]], merged: list[tuple[int, int, int, int]]) -> Iterator[Row]:
    """Yield rows of cells from the first column that any row has; covered cells are part of those that cover them."""
    left = min((min(cells) for _, cells in rows if cells), default=0)
    by_place = {(top, column): (height, width) for top, column, height, width in merged}
    present = {number for number, _ in rows}
    covered: dict[int, set[int]] = {}
    for top, column, height, width in merged:
        for number in range(top, top + min(height, 10_000)):
            if number in present and width < 1_000:
                covered.setdefault(number, set()).update(range(column, column + width))
    for number, cells in rows:
        made: list[Cell] = []
        column = left
        last = max(cells, default=-1)
        own = covered.get(number, set())
        while column <= last:
            height, width = by_place.get((number, column), (1, 1))
            cell = cells.get(column, Cell())
            if (number, column) in by_place:
                made.append(Cell(cell.text, width, height, cell.is_head))
            elif column not in own:
                made.append(cell)
            column += width if (number, column) in by_place else 1
        yield number, made


def _beside(archive: ZipFile, names: dict[str, str], path: str) -> tuple[dict[int, list[str]], list[str]]:
    """Return the notes on cells by row, and the texts of boxes that lie on the sheet."""
    notes: dict[int, list[str]] = {}
    boxes: list[str] = []
    for kind, target in _targets(archive, names, path).values():
        if target not in archive.namelist():
            continue
        if kind in ("comments", "threadedComment"):
            for note in parse_xml(archive.read(target)).iter("{*}comment", "{*}threadedComment"):
                where = _REFERENCE.match(note.get("ref", ""))
                text = one_line("".join(t.text or "" for t in note.iter("{*}t", "{*}text")))
                if where and text and not text.startswith("[Threaded comment]"):
                    notes.setdefault(int(where[2]), []).append(f"Note on {where.group()}: {text}")
        elif kind == "drawing":
            for body in parse_xml(archive.read(target)).iter("{*}txBody"):
                lines = ("".join(t.text or "" for t in p.iter("{*}t")) for p in body.iter("{*}p"))
                boxes.append("\n".join(filter(None, map(one_line, lines))))
            for inner, drawn in _targets(archive, names, target).values():  # their figures are those of cells
                if inner == "chart" and drawn in archive.namelist():
                    boxes.append(chart(parse_xml(archive.read(drawn)))[0])
    return notes, boxes
