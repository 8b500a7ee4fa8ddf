"""Word documents (DOCX) -> headings, paragraphs, lists, tables, footnotes. Macros are never looked at.

Knows nothing about other formats. python-docx opens the file; the text is collected here, because its `paragraph.text`
leaves out tracked insertions, content controls and text boxes (python-docx 1.2).
"""

import io
import re
from collections.abc import Iterator
from typing import Any

from docx.opc.part import PartFactory
from docx.package import Package
from docx.parts.document import DocumentPart
from lxml import etree

from retrieval.parsers.base import Builder, ParsedText
from retrieval.parsers.metadata import common
from retrieval.parsers.office.archive import open_zip, parse_xml
from retrieval.parsers.office.properties import stated
from retrieval.text import one_line

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_UNREAD = frozenset(
    f"{_W}{name}" for name in "del moveFrom instrText delText rPr pPr footnoteReference txbxContent".split()
) | {"{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"}
_SEEN = {f"{_W}t", "{http://schemas.openxmlformats.org/officeDocument/2006/math}t"}
_MARKS = {f"{_W}tab": "\t", f"{_W}br": "\n", f"{_W}cr": "\n", f"{_W}noBreakHyphen": "-"}
_NOTES = {"footnotes": "footnote", "endnotes": "endnote"}
_WITH_MACROS = "application/vnd.ms-word.document.macroEnabled.main+xml"
_HEADING = re.compile(r"heading (\d)", re.IGNORECASE)


def read_docx(content: bytes) -> ParsedText:
    """Read a Word document in reading order; notes follow at the end."""
    open_zip(content).close()  # checks the limits
    PartFactory.part_type_for[_WITH_MACROS] = DocumentPart  # docx.Document refuses these
    document = Package.open(io.BytesIO(content)).main_document_part.document
    body = _Body(Builder(), _levels(document), _list_styles(document))
    body.add(document.element.body)
    for part in document.part.package.iter_parts():
        kind = _NOTES.get(str(part.partname).rsplit("/", 1)[-1].removesuffix(".xml"))
        for note in parse_xml(part.blob).iter(f"{_W}{kind}") if kind else ():
            body.builder.add(one_line(" ".join(map(_text, note.iter(f"{_W}p")))), place=kind or "")
    title, fields = stated(document)
    fields["author"] = "" if fields.get("author") == "python-docx" else fields.get("author", "")
    return body.builder.parsed(title or body.title, common(fields))


def _levels(document: Any) -> dict[str, int]:
    """Return the heading level by style id, whatever the language of the style's name; 1 for the title's style."""
    levels = {}
    for style in document.styles.element.iter(f"{_W}style"):
        name = style.find(f"{_W}name")
        outline = style.find(f"{_W}pPr/{_W}outlineLvl")
        named = _HEADING.fullmatch(name.get(f"{_W}val", "")) if name is not None else None
        if name is not None and name.get(f"{_W}val", "").lower() == "title":
            levels[style.get(f"{_W}styleId")] = 1
        elif outline is not None or named:
            level = int(outline.get(f"{_W}val")) + 1 if outline is not None else int(named.group(1)) if named else 0
            levels[style.get(f"{_W}styleId")] = min(level, 6) if level <= 9 else 0
    return levels


def _list_styles(document: Any) -> set[str]:
    """Return the ids of styles whose paragraphs are items of lists."""
    styles = document.styles.element.iter(f"{_W}style")
    return {style.get(f"{_W}styleId", "") for style in styles if style.find(f"{_W}pPr/{_W}numPr") is not None}


class _Body:
    """Gives a body's paragraphs to a builder; neighbouring list items become one block."""

    def __init__(self, builder: Builder, levels: dict[str, int], lists: set[str]) -> None:
        self.builder = builder
        self.title = ""
        self._levels = levels
        self._lists = lists
        self._items: list[str] = []

    def add(self, container: Any) -> None:
        """Add the paragraphs and tables of a body, content control or text box."""
        for element in container:
            if element.tag == f"{_W}p":
                self._paragraph(element)
            elif element.tag == f"{_W}tbl":
                self._end_list()
                self.builder.add("\n".join(filter(None, _rows(element))), by_line=True)
            elif element.tag not in _UNREAD and len(element):
                self.add(element)  # w:sdt, w:ins, w:customXml
        self._end_list()

    def _paragraph(self, paragraph: Any) -> None:
        text = _text(paragraph).strip()
        style = paragraph.find(f"{_W}pPr/{_W}pStyle")
        name = style.get(f"{_W}val", "") if style is not None else ""
        level = self._levels.get(name, 0)
        if (name in self._lists or paragraph.find(f"{_W}pPr/{_W}numPr") is not None) and not level:
            self._items.append(one_line(text))
        elif text:
            self._end_list()
            self.builder.add(text, level)
            self.title = self.title or (text if level == 1 else "")
        for box in paragraph.iter(f"{_W}txbxContent"):
            if not _within(box, _UNREAD - {f"{_W}txbxContent"}):
                self.add(box)

    def _end_list(self) -> None:
        items, self._items = self._items, []
        self.builder.add("\n".join(filter(None, items)), by_line=True)


def _text(element: Any) -> str:
    """Return what is seen of a paragraph: insertions, but neither deletions nor field codes."""
    if element.tag in _SEEN:
        return element.text or ""
    if element.tag in _UNREAD or not isinstance(element.tag, str):
        return ""
    return _MARKS.get(element.tag) or "".join(map(_text, element))


def _rows(table: Any) -> Iterator[str]:
    """Yield a line for each row; tables inside a cell are flattened into it."""
    for row in table.iter(f"{_W}tr"):
        if row.getparent() is not table and _within(row, {f"{_W}tc"}):
            continue
        cells = (" ".join(_text(paragraph) for paragraph in cell.iter(f"{_W}p")) for cell in row.iter(f"{_W}tc")
                 if not _within(cell.getparent(), {f"{_W}tc"}))  # fmt: skip
        yield " | ".join(filter(None, map(one_line, cells)))


def _within(element: Any, tags: frozenset[str] | set[str]) -> bool:
    return any(isinstance(above, etree._Element) and above.tag in tags for above in element.iterancestors())
