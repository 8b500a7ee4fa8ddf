"""OpenDocument texts and slides (ODT, ODP) -> headings, paragraphs, lists with their numbers, tables, notes.

Such a file is a ZIP of XML; odfpy, the usual library, expands external entities and drops tracked insertions.
"""

from collections.abc import Iterator
from typing import Any

from lxml.etree import XMLSyntaxError

from retrieval.parsers.base import Builder, Item, ParsedText, UnreadableError
from retrieval.parsers.metadata import common
from retrieval.parsers.office.archive import open_zip, parse_xml
from retrieval.parsers.office.numbering import DEEPEST, Counter, Level, clause
from retrieval.parsers.office.runs import in_font, raised
from retrieval.parsers.tables import Cell
from retrieval.text import one_line

_UNREAD = frozenset(
    "tracked-changes sequence-decls forms annotation note frame custom-shape rect ellipse desc title "
    "index-title-template ruby-text".split()
)
_MARKS = {"tab": "\t", "line-break": "\n"}
_META = {"initial-creator": "author", "creator": "creator", "date": "date", "language": "language"}
_BOXES = ("frame", "custom-shape", "rect", "ellipse")
_CLAUSE = 120  # characters: a longer item is a clause, which people name by its number
_MOST_REPEATED = 200  # empty cells and rows that only say how large a sheet is


def read_odt(content: bytes) -> ParsedText:
    """Read a text or presentation in reading order; notes stand behind what refers to them."""
    with open_zip(content) as archive:
        names = archive.namelist()
        if "META-INF/manifest.xml" in names and b"encryption-data" in archive.read("META-INF/manifest.xml"):
            raise UnreadableError("is encrypted; save it without a password")
        body = parse_xml(archive.read("content.xml"))
        styles, meta = (_part(archive, name) for name in ("styles.xml", "meta.xml"))
    reader = _Reader(Builder(), [each for each in (styles, body) if each is not None])
    if styles is not None:
        reader.edges(styles, "header")
    for text in body.iter("{*}text", "{*}presentation", "{*}drawing"):
        if name(text.getparent()) == "body":
            reader.add(text)
    if styles is not None:
        reader.edges(styles, "footer")
    if reader.hidden:
        reader.builder.warn(f"hidden slides left out: {', '.join(map(str, reader.hidden))}")
    fields = {} if meta is None else {_META[name(e)]: e.text for e in meta.iter("{*}*") if name(e) in _META and e.text}
    title = "" if meta is None else meta.findtext(".//{http://purl.org/dc/elements/1.1/}title") or ""
    return reader.builder.parsed(title, common(fields))


def _part(archive: Any, path: str) -> Any:
    try:
        return parse_xml(archive.read(path))
    except (KeyError, XMLSyntaxError):
        return None


def name(element: Any) -> str:
    """Return an element's name without its namespace; "" for comments and unresolved entities."""
    return element.tag.rpartition("}")[2] if element is not None and isinstance(element.tag, str) else ""


def _attribute(element: Any, wanted: str) -> str:
    """Return an attribute by its name without its namespace; "" where it is not there."""
    return next((str(value) for key, value in element.attrib.items() if key.endswith(f"}}{wanted}")), "")


def _number(text: str, default: int = 1) -> int:
    return int(text) if text.isdigit() and len(text) < 7 else default


class _Styles:
    """What styles say of text: hidden, raised, their font; and how lists and headings are numbered."""

    def __init__(self, roots: list[Any]) -> None:
        self._styles: dict[str, Any] = {}
        self._lists: dict[str, list[Level]] = {}
        self.outline: list[Level] = []
        for root in roots:
            for each in root.iter("{*}style"):
                self._styles[_attribute(each, "name")] = each
            for each in root.iter("{*}list-style"):
                self._lists[_attribute(each, "name")] = list(_levels(each))
            for each in root.iter("{*}outline-style"):
                self.outline = list(_levels(each))

    def levels(self, style: str) -> list[Level]:
        return self._lists.get(style, [])

    def list_of(self, style: str) -> str:
        """Return the list style of a paragraph style."""
        return next((found for each in self._chain(style) if (found := _attribute(each, "list-style-name"))), "")

    def is_named(self, style: str, wanted: str) -> bool:
        return any(_attribute(each, "name") == wanted for each in self._chain(style)) or style == wanted

    def stated(self, style: str, wanted: str) -> str:
        """Return a property of a text style, or of one that it is based on."""
        for each in self._chain(style):
            for properties in each:
                found = _attribute(properties, wanted) if name(properties).endswith("-properties") else ""
                if found:
                    return found
        return ""

    def _chain(self, style: str) -> Iterator[Any]:
        for _ in range(20):
            each = self._styles.get(style)
            if each is None:
                return
            yield each
            style = _attribute(each, "parent-style-name")


def _levels(style: Any) -> Iterator[Level]:
    """Yield how each level is numbered."""
    found: dict[int, Level] = {}
    for each in style:
        depth = _number(_attribute(each, "level"))
        form = _attribute(each, "num-format")
        if name(each) == "list-level-style-bullet" or not form:
            found[depth] = Level("bullet", "")
            continue
        shown = min(_number(_attribute(each, "display-levels")), depth)
        own = ".".join(f"%{number}" for number in range(depth - shown + 1, depth + 1))
        pattern = _attribute(each, "num-prefix") + own + _attribute(each, "num-suffix")
        pattern = _attribute(each, "num-list-format") or pattern
        for number in range(1, depth + 1):
            pattern = pattern.replace(f"%{number}%", f"%{number}")
        found[depth] = Level("decimal" if form == "1" else form, pattern, _number(_attribute(each, "start-value")))
    for depth in range(1, DEEPEST + 1):
        yield found.get(depth, Level("bullet", ""))


class _Reader:
    """Walks a document and gives its blocks to a builder."""

    def __init__(self, builder: Builder, roots: list[Any]) -> None:
        self.builder = builder
        self.hidden: list[int] = []
        self._styles = _Styles(roots)
        self._headings = Counter()
        self._lists: dict[str, Counter] = {}
        self._noted = {"footnote": 0, "endnote": 0}

    def edges(self, styles: Any, kind: str) -> None:
        """Add the headers or footers of all kinds of pages, each text once, page numbers nowhere."""
        found: dict[str, None] = {}
        for each in styles.iter(f"{{*}}{kind}", f"{{*}}{kind}-first", f"{{*}}{kind}-left"):
            text = one_line(" ".join(self._text(p) for p in each.iter("{*}p")))
            if any(map(str.isalpha, text)):
                found[text] = None
        for text in found:
            self.builder.add(text, place=f"page {kind}")

    def add(self, container: Any, place: str = "", level: int = 0) -> None:
        """Add what is in an element. place: the slide; level: of its paragraphs."""
        number = 0
        for element in container:
            tag = name(element)
            if tag == "page":
                number += 1
                style = _attribute(element, "style-name")
                if self._styles.stated(style, "visibility") == "hidden":
                    self.hidden.append(number)
                else:
                    self.add(element, f"slide {number}")
            elif tag == "section" and _attribute(element, "display") in ("none", "condition"):
                continue
            elif tag in ("h", "p"):
                self._paragraph(element, place, level)
            elif tag == "list":
                self._list(element, place)
            elif tag == "table":
                self._table(element, place)
            elif tag in _BOXES:
                kind = _attribute(element, "class")
                self.add(element, place, 2 if kind == "title" and place else 0)
            elif tag == "notes":
                self.add(element, f"{place}, notes")
            elif tag not in _UNREAD:
                self.add(element, place, level)

    def _paragraph(self, element: Any, place: str, level: int) -> None:
        text = self._text(element)
        style = _attribute(element, "style-name")
        if name(element) == "h":
            depth = _number(_attribute(element, "outline-level"))
            number = self._heading(element, style, depth) if text.strip() else ""
            self.builder.add(f"{number} {text}" if number else text, min(depth, 6), place=place)
        else:
            self.builder.add(text, 1 if self._styles.is_named(style, "Title") else level, place=place)
        self._beside(element, place)

    def _heading(self, element: Any, style: str, depth: int) -> str:
        if _attribute(element, "is-list-header") == "true":
            return ""
        levels = self._styles.levels(self._styles.list_of(style)) or self._styles.outline
        return self._headings.next(levels, depth - 1) if levels else ""

    def _beside(self, element: Any, place: str) -> None:
        """Add what is anchored in a paragraph: text boxes, notes and comments."""
        for box in element.iter(*(f"{{*}}{tag}" for tag in _BOXES)):
            if not any(name(above) in (*_BOXES, "note") for above in _up_to(box, element)):
                self.add(box, place)
        for note in element.iter("{*}note"):
            kind = "endnote" if "endnote" in note.attrib.values() else "footnote"
            self._noted[kind] += 1
            body = next(note.iter("{*}note-body"), note)
            self.builder.note(str(self._noted[kind]), " ".join(self._text(p) for p in body.iter("{*}p")), kind=kind)
        for comment in element.iter("{*}annotation"):
            text = one_line(" ".join(self._text(p) for p in comment.iter("{*}p")))
            author = one_line(next((e.text or "" for e in comment.iter("{*}creator")), ""))
            self.builder.add(text, place=f"comment by {author}" if author else "comment")

    # --- lists

    def _list(self, element: Any, place: str) -> None:
        """Add a list: short items together, each clause as a paragraph that is named by its number."""
        items: list[Item] = []
        for item, paragraph in self._items(element, "", 0):
            level = min(_number(_attribute(paragraph, "outline-level")), 6) if name(paragraph) == "h" else 0
            if level or len(item.text) > _CLAUSE:
                self.builder.items(items, place=place)
                items = []
                text = f"{item.number} {item.text}".strip()
                self.builder.add(text, level, place=place or ("" if level else clause(item.number)))
            elif item.text:
                items.append(item)
        self.builder.items(items, place=place)
        for paragraph in element.iter("{*}p", "{*}h"):
            if not any(name(above) in (*_BOXES, "note", "annotation") for above in _up_to(paragraph, element)):
                self._beside(paragraph, place)

    def _items(self, element: Any, style: str, depth: int) -> Iterator[tuple[Item, Any]]:
        """Yield the items of a list and of those inside it, each with the paragraph that holds it."""
        style = _attribute(element, "style-name") or style
        levels = self._styles.levels(style)
        goes_on = _attribute(element, "continue-numbering") == "true" or _attribute(element, "continue-list")
        if depth == 0 and (style not in self._lists or not goes_on):
            self._lists[style] = Counter()
        counter = self._lists.setdefault(style, Counter())
        for item in element:
            if name(item) not in ("list-item", "list-header"):
                continue
            number = ""
            is_counted = name(item) == "list-header"
            for child in item:
                if name(child) in ("p", "h"):
                    text = one_line(self._text(child))
                    if not is_counted and text:
                        start = _attribute(item, "start-value")
                        if name(child) == "h" and not levels:
                            number = self._heading(child, _attribute(child, "style-name"), depth + 1)
                        else:
                            number = counter.next(levels, depth, _number(start) if start else None) if levels else ""
                        is_counted = True
                    yield Item(text, number), child
                    number = ""
                elif name(child) == "list":
                    yield from self._items(child, style, depth + 1)

    # --- tables

    def _table(self, table: Any, place: str) -> None:
        rows: list[list[Cell]] = []
        for row, is_head in _rows(table):
            if _attribute(row, "visibility") in ("collapse", "filter"):
                continue
            line: list[Cell] = []
            for cell in row:
                if name(cell) == "table-cell":
                    columns, down = (
                        _number(_attribute(cell, f"number-{kind}-spanned")) for kind in ("columns", "rows")
                    )
                    text = self._cell(cell)
                    times = _number(_attribute(cell, "number-columns-repeated"))
                    line += [Cell(text, columns, down, is_head)] * min(times, _MOST_REPEATED)
            rows.append(line)
        if max(map(len, rows), default=0) == 1:  # a frame around text
            for row, _ in _rows(table):
                for cell in row:
                    self.add(cell, place)
            return
        self.builder.table(rows, place=place)
        for paragraph in table.iter("{*}p", "{*}h"):
            if not any(name(above) in (*_BOXES, "note", "annotation") for above in _up_to(paragraph, table)):
                self._beside(paragraph, place)

    def _cell(self, cell: Any) -> str:
        parts: list[str] = []
        for child in cell:
            if name(child) in ("p", "h"):
                parts.append(self._text(child))
            elif name(child) == "list":
                parts += (f"{item.number} {item.text}" for item, _ in self._items(child, "", 0))
            elif name(child) not in _UNREAD:
                parts.append(self._cell(child))
        return one_line(" ".join(parts))

    # --- text

    def _text(self, element: Any) -> str:
        """Return what is seen of a paragraph; white space as the format defines it: runs are one blank."""
        style = _attribute(element, "style-name")
        if style and self._styles.stated(style, "display") == "none":
            return ""
        if name(element) == "hidden-text" or _attribute(element, "is-hidden") == "true":
            return ""
        parts = [element.text or ""]
        for child in element:
            tag = name(child)
            if tag == "s":
                parts.append(" ")
            elif tag == "ruby":
                above = child.find("{*}ruby-text")
                over = one_line("".join(above.itertext())) if above is not None else ""
                base = self._text(child)
                parts.append(f"{base} ({over})" if over else base)
            elif tag and tag not in _UNREAD:
                parts.append(_MARKS.get(tag) or self._text(child))
            parts.append(child.tail or "")
        text = "".join(parts)
        if name(element) == "span" and style:
            text = in_font(text, self._styles.stated(style, "font-name") or self._styles.stated(style, "font-family"))
            position = self._styles.stated(style, "text-position")
            is_raised = position.startswith("super") or (position[:1].isdigit() and not position.startswith("0"))
            text = raised(text) if is_raised else text
        return text


def _rows(table: Any, is_head: bool = False) -> Iterator[tuple[Any, bool]]:
    """Yield the rows of a table, and whether they are marked as a header."""
    for child in table:
        tag = name(child)
        if tag == "table-row":
            yield child, is_head
        elif tag in ("table-header-rows", "table-rows", "table-row-group"):
            yield from _rows(child, is_head or tag == "table-header-rows")


def _up_to(element: Any, top: Any) -> Iterator[Any]:
    """Yield the elements above one, below another."""
    for above in element.iterancestors():
        if above is top:
            return
        yield above
