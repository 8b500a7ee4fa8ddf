"""Word documents (DOCX) -> headings, paragraphs, lists with their numbers, tables, notes. Macros are never looked at.

The parts are read as XML: python-docx leaves out tracked insertions, content controls, text boxes and numbers, and
refuses a file for one link that leads nowhere (python-docx 1.2).
"""

import re
from collections.abc import Iterator
from typing import Any
from zipfile import BadZipFile, ZipFile

from lxml import etree

from retrieval.parsers.base import Builder, Item, ParsedText, UnreadableError
from retrieval.parsers.markup.decoding import decoded
from retrieval.parsers.markup.dom import Markup
from retrieval.parsers.markup.html import parse_html
from retrieval.parsers.markup.text import read_text
from retrieval.parsers.metadata import common
from retrieval.parsers.office.archive import OfficePackage, open_zip
from retrieval.parsers.office.numbering import DEEPEST, Counter, Level, clause
from retrieval.parsers.office.rtf import read_rtf
from retrieval.parsers.office.runs import chart, diagram, equation, in_font, raised, symbol
from retrieval.parsers.tables import Cell
from retrieval.text import one_line

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_M = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_UNREAD = frozenset(
    f"{_W}{name}"
    for name in "del moveFrom instrText delText rPr pPr footnoteReference endnoteReference txbxContent".split()
) | {_FALLBACK}
_MARKS = {f"{_W}tab": "\t", f"{_W}br": "\n", f"{_W}cr": "\n", f"{_W}noBreakHyphen": "-"}
_NO_TEXT = "is no Word document: it has no text part"
_NOTES = ("footnote", "endnote")
_HEADING = re.compile(r"heading (\d)", re.IGNORECASE)
_CLAUSE = 120  # characters: a longer item is a clause, which people name by its number
_PAGE_FIELD = re.compile(r"\W*(?:page|seite|p\.)?\s*\d*\s*(?:of|von|/)?\s*\d*\W*", re.IGNORECASE)


def read_docx(content: bytes, *, is_part: bool = False) -> ParsedText:
    """Read a Word document in reading order: headers first, notes behind what refers to them, comments at the end.

    is_part: it stands in another one, and none is looked for in it.
    """
    with open_zip(content) as archive:
        package = OfficePackage(archive)
        path = package.main("word/document.xml")
        body = package.main_part(path, _NO_TEXT).find(f"{_W}body")
        if body is None:
            raise UnreadableError(_NO_TEXT)
        reader = _Document(package, path, archive, is_part)
        reader.read(body)
        title, fields = package.stated()
        return reader.builder.parsed(title or reader.title, common(fields))


def _value(element: Any, path: str, default: str = "") -> str:
    """Return the value of an element below another, "" where it is not there."""
    found = element.find("/".join(f"{_W}{name}" for name in path.split("/"))) if element is not None else None
    return str(found.get(f"{_W}val", default)) if found is not None else ""


def _number(text: str, default: int = 0) -> int:
    return int(text) if re.fullmatch(r"-?\d{1,9}", text) else default


def _is_on(element: Any, name: str) -> bool:
    """Tell whether a property is set: without a value it is, with "0" or "false" it is not."""
    found = element.find(f"{_W}{name}") if element is not None else None
    return found is not None and found.get(f"{_W}val", "1") not in ("0", "false", "off")


class _Styles:
    """What styles say of their paragraphs: heading level, list, hidden."""

    def __init__(self, root: Any) -> None:
        found = root.iter(f"{_W}style") if root is not None else ()
        self._styles = {each.get(f"{_W}styleId", ""): each for each in found}
        usual = (key for key, each in self._styles.items() if each.get(f"{_W}default") in ("1", "true")
                 and each.get(f"{_W}type") == "paragraph")  # fmt: skip
        self.default = next(usual, "")

    def chain(self, name: str) -> Iterator[Any]:
        """Yield a style and those that it is based on."""
        for _ in range(20):
            style = self._styles.get(name)
            if style is None:
                return
            yield style
            name = _value(style, "basedOn")

    def level(self, name: str) -> int:
        """Return the heading level of a style, whatever the language of its name; 1 for the title's."""
        for style in self.chain(name):
            stated = style.find(f"{_W}name")
            called = stated.get(f"{_W}val", "") if stated is not None else ""
            outline = _value(style, "pPr/outlineLvl")
            if called.casefold() == "title":
                return 1
            if outline:
                level = _number(outline, 9) + 1
                return min(level, 6) if level <= 9 else 0
            named = _HEADING.fullmatch(called)
            if named:
                return min(int(named[1]), 6)
        return 0

    def is_hidden(self, name: str) -> bool:
        return any(_is_on(style.find(f"{_W}rPr"), "vanish") for style in self.chain(name))


class _Numbers:
    """The numbers of paragraphs as Word counts them."""

    def __init__(self, root: Any, styles: _Styles) -> None:
        self._styles = styles
        self._abstract: dict[str, Any] = {}
        self._lists: dict[str, Any] = {}
        self._counters: dict[str, Counter] = {}
        self._started: set[tuple[str, int]] = set()
        if root is not None:
            self._abstract = {each.get(f"{_W}abstractNumId", ""): each for each in root.iter(f"{_W}abstractNum")}
            self._lists = {each.get(f"{_W}numId", ""): each for each in root.iter(f"{_W}num")}

    def of(self, paragraph: Any, style: str) -> tuple[bool, str]:
        """Return whether a paragraph is an item of a list, and its number as printed; counts it."""
        own = paragraph.find(f"{_W}pPr/{_W}numPr")
        list_id, depth = _value(own, "numId"), _value(own, "ilvl")
        if not list_id:
            for each in self._styles.chain(style):
                found = each.find(f"{_W}pPr/{_W}numPr")
                if found is not None:
                    list_id, depth = _value(found, "numId"), depth or _value(found, "ilvl")
                    depth = depth or self._depth_of_style(list_id, each.get(f"{_W}styleId", ""))
                    break
        if list_id in ("", "0"):
            return False, ""
        if list_id not in self._lists:
            return True, ""
        abstract_id = _value(self._lists[list_id], "abstractNumId")
        at = _number(depth)
        start = self._override(list_id, at)
        counter = self._counters.setdefault(abstract_id, Counter())
        return True, counter.next(self._levels(list_id, abstract_id), at, start)

    def _depth_of_style(self, list_id: str, style: str) -> str:
        listed = self._lists.get(list_id)
        abstract = self._abstract.get(_value(listed, "abstractNumId")) if listed is not None else None
        for level in abstract.iter(f"{_W}lvl") if abstract is not None else ():
            if _value(level, "pStyle") == style:
                return str(level.get(f"{_W}ilvl", "0"))
        return ""

    def _override(self, list_id: str, depth: int) -> int | None:
        """Return where a list begins to count anew, at its first item of a level."""
        if (list_id, depth) in self._started:
            return None
        self._started.add((list_id, depth))
        for each in self._lists[list_id].iter(f"{_W}lvlOverride"):
            start = _value(each, "startOverride")
            if each.get(f"{_W}ilvl") == str(depth) and start:
                return _number(start, 1)
        return None

    def _levels(self, list_id: str, abstract_id: str) -> list[Level]:
        abstract = self._abstract.get(abstract_id)
        linked = _value(abstract, "numStyleLink") if abstract is not None else ""
        if linked:
            abstract = next((each for each in self._abstract.values() if _value(each, "styleLink") == linked), abstract)
        levels = [Level()] * DEEPEST
        own = list(abstract.findall(f"{_W}lvl")) if abstract is not None else []
        own += self._lists[list_id].findall(f"{_W}lvlOverride/{_W}lvl")
        for each in own:
            depth = _number(each.get(f"{_W}ilvl", "0"))
            if 0 <= depth < DEEPEST:
                levels[depth] = Level(
                    _value(each, "numFmt") or "decimal", _value(each, "lvlText"), _number(_value(each, "start"), 1),
                    _is_on(each, "isLgl"), _value(each, "lvlRestart") != "0",
                )  # fmt: skip
        return levels


class _Document:
    """Gives a document's parts to a builder; neighbouring short list items become one block."""

    def __init__(self, package: OfficePackage, path: str, archive: ZipFile, is_part: bool) -> None:
        self.builder = Builder()
        self._archive = archive
        self._is_part = is_part
        self.title = ""
        self._package = package
        self._relations = package.relations(path)
        self._styles = _Styles(self._named("styles"))
        self._numbers = _Numbers(self._named("numbering"), self._styles)
        self._notes = {kind: self._notes_of(kind) for kind in _NOTES}
        self._noted = dict.fromkeys(_NOTES, 0)
        self._items: list[Item] = []
        self._place = ""

    def _named(self, kind: str) -> Any:
        """Return the part of a kind that the document has one of; None without."""
        return next((self._package.part(path) for own, path in self._relations.values() if own == kind), None)

    def _notes_of(self, kind: str) -> dict[str, Any]:
        root = self._named(f"{kind}s")
        notes = root.iter(f"{_W}{kind}") if root is not None else ()
        return {each.get(f"{_W}id", ""): each for each in notes if each.get(f"{_W}type", "normal") == "normal"}

    def read(self, body: Any) -> None:
        """Read the whole document."""
        heads, feet = (self._edges(kind) for kind in ("header", "footer"))
        for text in heads:
            self.builder.add(text, place="page header")
        self.add(body)
        for kind in _NOTES:  # those that nothing refers to
            for note in self._notes[kind].values():
                self.builder.note("", self._text_of(note), kind=kind)
        for text in feet:
            self.builder.add(text, place="page footer")
        comments = self._named("comments")
        for comment in comments.iter(f"{_W}comment") if comments is not None else ():
            author = one_line(comment.get(f"{_W}author", ""))
            self.builder.add(self._text_of(comment), place=f"comment by {author}" if author else "comment")

    def _edges(self, kind: str) -> list[str]:
        """Return what stands in the headers or footers of all sections, each text once, page numbers nowhere."""
        found: dict[str, None] = {}
        for own, path in self._relations.values():
            root = self._package.part(path) if own == kind else None
            text = one_line(" ".join(self._text(p) for p in root.iter(f"{_W}p"))) if root is not None else ""
            if text and not _PAGE_FIELD.fullmatch(text):
                found[text] = None
        return list(found)

    def _text_of(self, container: Any) -> str:
        return one_line(" ".join(self._text(paragraph) for paragraph in container.iter(f"{_W}p")))

    def add(self, container: Any) -> None:
        """Add the paragraphs and tables of a body, content control or text box."""
        for element in container:
            if element.tag == f"{_W}p":
                self._paragraph(element)
            elif element.tag == f"{_W}tbl":
                self._end_list()
                self._table(element)
            elif element.tag == f"{_W}altChunk":
                self._end_list()
                self._chunk(element.get(f"{_R}id", ""))
            elif element.tag not in _UNREAD and len(element):
                self.add(element)  # w:sdt, w:ins, w:customXml
        if container.tag in (f"{_W}body", f"{_W}txbxContent", f"{_W}tc"):
            self._end_list()

    def _paragraph(self, paragraph: Any) -> None:
        text = self._text(paragraph).strip()
        properties = paragraph.find(f"{_W}pPr")
        style = _value(properties, "pStyle") or self._styles.default
        outline = _value(properties, "outlineLvl")
        level = min(_number(outline, 9) + 1, 10) if outline else self._styles.level(style)
        level = 0 if level > 9 else min(level, 6)
        is_item, number = self._numbers.of(paragraph, style) if text else (False, "")
        if is_item and not level and len(text) <= _CLAUSE:
            self._items.append(Item(text, number))
        elif text:
            self._end_list()
            place = clause(number) if number and not level else ""
            self.builder.add(f"{number} {text}" if number else text, level, place=place)
            self.title = self.title or (text if level == 1 else "")
        self._beside(paragraph)

    def _beside(self, paragraph: Any) -> None:
        """Add what is anchored in a paragraph: text boxes, drawings, and the notes that it refers to."""
        outside = _UNREAD - {f"{_W}txbxContent"}
        for box in paragraph.iter(f"{_W}txbxContent"):
            if not _within(box, outside) and _owner(box) is paragraph:
                self._end_list()
                self.add(box)
        for art in paragraph.iter("{urn:schemas-microsoft-com:vml}textpath"):  # WordArt; in AlternateContent a fallback
            if not _within(art, outside):
                self._end_list()
                self.builder.add(one_line(art.get("string", "")))
        for data in paragraph.iter("{*}graphicData"):
            if not _within(data, outside):
                self._drawing(data)
        for kind in _NOTES:
            for reference in paragraph.iter(f"{_W}{kind}Reference"):
                note = self._notes[kind].pop(reference.get(f"{_W}id", ""), None)
                if note is not None and not _within(reference, outside):
                    self._noted[kind] += 1
                    self._end_list()
                    self.builder.note(str(self._noted[kind]), self._text_of(note), kind=kind)

    def _drawing(self, data: Any) -> None:
        for element in data.iter("{*}chart", "{*}relIds"):
            reference = element.get(f"{_R}id") or element.get(f"{_R}dm") or ""
            root = self._package.part(self._relations.get(reference, ("", ""))[1])
            if root is None:
                continue
            self._end_list()
            if element.get(f"{_R}dm"):
                self.builder.items(list(diagram(root)))
                continue
            title, rows = chart(root)
            if rows:
                self.builder.table(rows, caption=title, guess=True)
            else:
                self.builder.add(title)

    def _chunk(self, reference: str) -> None:
        """Add a part that is a document of its own, as programs put into reports."""
        path = self._relations.get(reference, ("", ""))[1]
        name = next((each for each in self._archive.namelist() if each.casefold() == path.casefold()), "")
        content = self._archive.read(name) if name else b""
        start = content[:1000].lstrip(b"\xef\xbb\xbf \r\n\t")
        try:
            if start.startswith(b"{\\rtf"):
                self.builder.include(read_rtf(content), "")
            elif start.startswith(b"PK") and not self._is_part:
                self.builder.include(read_docx(content, is_part=True), "")
            elif start.startswith(b"<"):
                Markup(self.builder).add(parse_html(content))
            elif start and path.lower().endswith(".txt"):
                self.builder.include(read_text(decoded(content)[0]), "")
            else:
                self.builder.warn(f"a part of it is not read: {path or reference}")
        except (UnreadableError, BadZipFile) as error:
            self.builder.warn(f"a part of it is not read: {path} {error}")

    def _end_list(self) -> None:
        items, self._items = self._items, []
        self.builder.items(items)

    def _text(self, element: Any, font: str = "") -> str:
        """Return what is seen of a paragraph: insertions, but neither deletions, field codes nor hidden text."""
        tag = element.tag
        if tag == f"{_W}t":
            return in_font(element.text or "", font)
        if tag == f"{_M}t":
            return element.text or ""
        if tag in _UNREAD or not isinstance(tag, str):
            return ""
        if tag == f"{_W}r":
            return self._run(element)
        if tag == f"{_M}oMath":
            return equation(element)
        if tag == f"{_W}sym":
            code = element.get(f"{_W}char", "")
            return symbol(int(code, 16), element.get(f"{_W}font", "")) if re.fullmatch("[0-9A-Fa-f]{1,5}", code) else ""
        if tag == f"{_W}ruby":
            named = (element.findall(f"{_W}{name}") for name in ("rt", "rubyBase"))
            over, base = (one_line(" ".join(map(self._text, found))) for found in named)
            return f"{base} ({over})" if over else base
        if tag == f"{_W}checkBox":
            is_checked = _is_on(element, "checked" if element.find(f"{_W}checked") is not None else "default")
            return "☒" if is_checked else "☐"
        if tag == f"{_W}ddList":
            entries = [each.get(f"{_W}val", "") for each in element.findall(f"{_W}listEntry")]
            chosen = _number(_value(element, "result") or _value(element, "default"))
            return entries[chosen] if 0 <= chosen < len(entries) else ""
        return _MARKS.get(tag) or "".join(self._text(child, font) for child in element)

    def _run(self, run: Any) -> str:
        properties = run.find(f"{_W}rPr")
        if properties is None:
            return "".join(map(self._text, run))
        if _is_on(properties, "vanish") or self._styles.is_hidden(_value(properties, "rStyle")):
            return ""
        fonts = properties.find(f"{_W}rFonts")
        font = fonts.get(f"{_W}ascii", "") if fonts is not None else ""
        if fonts is not None and not font and not any(map(str.isascii, "".join(run.itertext()).strip())):
            font = fonts.get(f"{_W}hAnsi", "")  # of what is no ASCII
        text = "".join(self._text(child, font) for child in run)
        is_raised = _value(properties, "vertAlign") == "superscript" or _number(_value(properties, "position")) >= 4
        return raised(text) if is_raised else text

    def _table(self, table: Any) -> None:
        rows = list(_own(table, f"{_W}tr"))
        cells = [list(_own(row, f"{_W}tc")) for row in rows]
        if max(map(len, cells), default=0) == 1:  # a frame around text
            for row in cells:
                for cell in row:
                    self.add(cell)
            return
        made: list[list[Cell]] = []
        above: dict[int, tuple[int, int]] = {}  # column -> where the cell begins that goes on below
        for row, own in zip(rows, cells, strict=True):
            properties = row.find(f"{_W}trPr")
            if _is_on(properties, "hidden") or (properties is not None and properties.find(f"{_W}del") is not None):
                continue
            line: list[Cell] = [Cell()] * min(50, _number(_value(properties, "gridBefore")))
            column = len(line)
            is_head = _is_on(properties, "tblHeader")
            for cell in own:
                width = max(1, min(100, _number(_value(cell, "tcPr/gridSpan"), 1)))
                merge = cell.find(f"{_W}tcPr/{_W}vMerge")
                goes_on = merge is not None and merge.get(f"{_W}val", "continue") == "continue"
                if goes_on and column in above:
                    at, place = above[column]
                    first = made[at][place]
                    made[at][place] = Cell(first.text, first.columns, len(made) - at + 1, first.is_head)
                else:
                    above.pop(column, None)
                    if merge is not None:
                        above[column] = (len(made), len(line))
                    line.append(Cell(self._cell(cell), width, 1, is_head))
                column += width
            made.append(line)
        self.builder.table(made)
        for cell in (cell for row in cells for cell in row):
            for paragraph in cell.iter(f"{_W}p"):
                self._beside(paragraph)

    def _cell(self, cell: Any) -> str:
        """Return a cell's paragraphs, their numbers too, on one line; tables inside are flattened into it."""
        parts: list[str] = []
        for paragraph in cell.iter(f"{_W}p"):
            if _within(paragraph, {f"{_W}txbxContent"} | {_FALLBACK}):
                continue
            text = self._text(paragraph).strip()
            style = _value(paragraph, "pPr/pStyle") or self._styles.default
            _, number = self._numbers.of(paragraph, style) if text else (False, "")
            parts.append(f"{number} {text}".strip())
        return one_line(" ".join(parts))


def _own(container: Any, tag: str) -> Iterator[Any]:
    """Yield the rows of a table, or the cells of a row, those in content controls and insertions too."""
    for child in container:
        if child.tag == tag:
            yield child
        elif isinstance(child.tag, str) and child.tag not in (f"{_W}tbl", f"{_W}tr", f"{_W}tc", f"{_W}del", _FALLBACK):
            yield from _own(child, tag)


def _owner(box: Any) -> Any:
    """Return the paragraph that a text box is anchored in."""
    return next(above for above in box.iterancestors() if above.tag == f"{_W}p")


def _within(element: Any, tags: frozenset[str] | set[str]) -> bool:
    return any(isinstance(above, etree._Element) and above.tag in tags for above in element.iterancestors())
