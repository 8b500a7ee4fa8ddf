"""Presentations (PPTX) -> slide by slide: title, text, tables, charts' figures, notes. Hidden slides are left out.

The parts are read as XML: python-pptx (1.0.2) leaves out equations, SmartArt and what stands in AlternateContent.
"""

from collections.abc import Iterator
from typing import Any

from retrieval.parsers.base import Builder, Item, ParsedText, UnreadableError
from retrieval.parsers.metadata import common
from retrieval.parsers.office.archive import OfficePackage, open_zip
from retrieval.parsers.office.numbering import letters, roman
from retrieval.parsers.office.runs import chart, diagram, equation, in_font, local, raised
from retrieval.parsers.tables import Cell
from retrieval.text import one_line

_R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_NO_SLIDES = "is no presentation: nothing in it lists its slides"
_TITLES = ("title", "ctrTitle")
_FURNITURE = ("dt", "ftr", "sldNum", "hdr")
_Place = tuple[int, int]


def read_pptx(content: bytes) -> ParsedText:
    """Read every slide that is shown; the place of each block is its slide, or its slide's notes."""
    with open_zip(content) as archive:
        package = OfficePackage(archive)
        path = package.main("ppt/presentation.xml")
        root = package.main_part(path, _NO_SLIDES)
        if local(root) != "presentation":
            raise UnreadableError(_NO_SLIDES)
        builder = Builder()
        relations = package.relations(path)
        hidden: list[int] = []
        for number, listed in enumerate(root.iter("{*}sldId"), start=1):
            slide = relations.get(listed.get(f"{_R}id", ""), ("", ""))[1]
            page = package.part(slide)
            if page is not None and page.get("show") in ("0", "false"):
                hidden.append(number)
            elif page is not None:
                _Slide(builder, package, slide, number).add(page)
        if hidden:
            builder.warn(f"hidden slides left out: {', '.join(map(str, hidden))}")
        title, fields = package.stated()
        return builder.parsed(title, common(fields))


class _Slide:
    """Gives a slide's shapes to a builder, from the top to the bottom as far as they say where they are."""

    def __init__(self, builder: Builder, package: OfficePackage, path: str, number: int) -> None:
        self._builder = builder
        self._package = package
        self._relations = package.relations(path)
        self._number = number
        self._place = f"slide {number}"
        self._layout = self._places_of_layout()

    def _places_of_layout(self) -> dict[str, _Place]:
        """Return where the layout puts its placeholders, by their kind and by their index."""
        path = next((path for kind, path in self._relations.values() if kind == "slideLayout"), "")
        root = self._package.part(path)
        found: dict[str, _Place] = {}
        for shape in root.iter("{*}sp") if root is not None else ():
            holder, at = _placeholder(shape), _own_place(shape)
            if holder is not None and at is not None:
                found.setdefault(f"type {holder.get('type', 'obj')}", at)
                found[f"index {holder.get('idx', '')}"] = at
        return found

    def add(self, page: Any) -> None:
        """Add the title, the other shapes, the notes and the comments of a slide."""
        tree = next(page.iter("{*}spTree"), None)
        shapes = list(self._flat(tree)) if tree is not None else []
        title = next((each for each in shapes if _kind(each) in _TITLES and _text(each)), None)
        if title is not None:
            self._builder.add(one_line(_text(title)), 1 if self._number == 1 else 2, place=self._place)
        for shape in shapes:
            if shape is not title and _kind(shape) not in _FURNITURE:
                self._shape(shape)
        for kind, path in self._relations.values():
            if kind == "notesSlide":
                self._notes(path)
            elif kind == "comments":
                self._comments(path)

    def _flat(self, tree: Any) -> Iterator[Any]:
        """Yield shapes in reading order, those of groups too; of alternatives, the one that is drawn."""
        shapes: list[Any] = []
        for child in tree:
            if local(child) == "AlternateContent":
                choice = next((each for each in child if local(each) in ("Choice", "Fallback")), None)
                shapes += choice if choice is not None else ()
            else:
                shapes.append(child)
        for shape in sorted(shapes, key=self._at):
            if local(shape) == "grpSp":
                yield from self._flat(shape)
            elif local(shape) in ("sp", "graphicFrame", "pic", "cxnSp") and not _is_hidden(shape):
                yield shape

    def _at(self, shape: Any) -> _Place:
        own = _own_place(shape)
        holder = _placeholder(shape)
        if own is not None or holder is None:
            return own or (0, 0)
        index = self._layout.get(f"index {holder.get('idx', '')}") if holder.get("idx") else None
        return index or self._layout.get(f"type {holder.get('type', 'obj')}", (0, 0))

    def _shape(self, shape: Any) -> None:
        if local(shape) == "graphicFrame":
            self._frame(shape)
            return
        body = next((each for each in shape if local(each) == "txBody"), None)
        if body is not None:
            self._paragraphs(body, self._place)

    def _paragraphs(self, body: Any, place: str) -> None:
        items = [item for item in _items(body) if item.text]
        if len(items) == 1 and not items[0].number:
            self._builder.add(items[0].text, place=place)
        else:
            self._builder.items(items, place=place)

    def _frame(self, frame: Any) -> None:
        for table in frame.iter("{*}tbl"):
            self._table(table)
        for element in frame.iter("{*}chart", "{*}relIds"):
            reference = element.get(f"{_R}id") or element.get(f"{_R}dm") or ""
            root = self._package.part(self._relations.get(reference, ("", ""))[1])
            if root is None:
                continue
            if local(element) == "relIds":
                self._builder.items(list(diagram(root)), place=self._place)
                continue
            title, rows = chart(root)
            if rows:
                self._builder.table(rows, caption=title, place=self._place, guess=True)
            else:
                self._builder.add(title, place=self._place)

    def _table(self, table: Any) -> None:
        first = next(table.iter("{*}tblPr"), None)
        has_head = first is not None and first.get("firstRow") in ("1", "true")
        rows = [
            [
                Cell(one_line(_text(cell)), _size(cell, "gridSpan"), _size(cell, "rowSpan"))
                for cell in row
                if local(cell) == "tc" and not {cell.get("hMerge"), cell.get("vMerge")} & {"1", "true"}
            ]
            for row in table
            if local(row) == "tr"
        ]
        self._builder.table(rows, place=self._place, guess=has_head)

    def _notes(self, path: str) -> None:
        root = self._package.part(path)
        for shape in root.iter("{*}sp") if root is not None else ():
            if _kind(shape) == "body":
                text = "\n".join(filter(None, (item.text for item in _items(shape))))
                self._builder.add(text, place=f"{self._place}, notes")

    def _comments(self, path: str) -> None:
        root = self._package.part(path)
        for comment in root.iter("{*}cm") if root is not None else ():
            text = next((each.text for each in comment.iter("{*}text") if each.text), "") or _text(comment)
            self._builder.add(one_line(text), place=f"{self._place}, comment")


def _size(cell: Any, name: str) -> int:
    text = cell.get(name, "1")
    return min(100, int(text)) if text.isdigit() else 1


def _placeholder(shape: Any) -> Any:
    return next(iter(shape.iter("{*}ph")), None)


def _kind(shape: Any) -> str:
    """Return which placeholder a shape is; "" for none."""
    holder = _placeholder(shape)
    return str(holder.get("type", "obj")) if holder is not None else ""


def _is_hidden(shape: Any) -> bool:
    return any(each.get("hidden") in ("1", "true") for each in shape.iter("{*}cNvPr"))


def _own_place(shape: Any) -> _Place | None:
    """Return (top, left) of a shape or group; None where it does not say."""
    off = next(shape.iter("{*}off"), None)
    try:
        return (int(off.get("y")), int(off.get("x"))) if off is not None else None
    except (TypeError, ValueError):
        return None


def _text(shape: Any) -> str:
    return " ".join(filter(None, (item.text for item in _items(shape))))


def _items(body: Any) -> Iterator[Item]:
    """Yield the paragraphs of a shape, their automatic numbers as shown."""
    counts: dict[int, int] = {}
    for paragraph in body.iter("{*}p"):
        properties = next((each for each in paragraph if local(each) == "pPr"), None)
        numbered = next(properties.iter("{*}buAutoNum"), None) if properties is not None else None
        depth = (
            int(properties.get("lvl", "0")) if properties is not None and properties.get("lvl", "0").isdigit() else 0
        )
        text = one_line("".join(map(_run, paragraph)))
        number = ""
        if numbered is not None and text:
            start = numbered.get("startAt", "1")
            counts[depth] = counts.get(depth, (int(start) if start.isdigit() else 1) - 1) + 1
            number = _numbered(counts[depth], numbered.get("type", "arabicPeriod"))
        elif text:
            counts.pop(depth, None)
        for deeper in [each for each in counts if each > depth]:
            del counts[deeper]
        yield Item(text, number)


def _numbered(number: int, form: str) -> str:
    """Return a number as DrawingML's kinds of automatic numbers show it: alphaLcParenBoth is (a)."""
    shown = str(number)
    if form.startswith("alpha"):
        shown = letters(number)
    elif form.startswith("roman"):
        shown = roman(number)
    shown = shown.upper() if "Uc" in form else shown
    if form.endswith("ParenBoth"):
        return f"({shown})"
    return f"{shown})" if form.endswith("ParenR") else shown if form.endswith("Plain") else f"{shown}."


def _run(element: Any) -> str:
    """Return what is seen of a part of a paragraph."""
    tag = local(element)
    if tag in ("pPr", "endParaRPr", "rPr", "Fallback", ""):
        return ""
    if tag == "br":
        return "\n"
    if tag == "oMath":
        return equation(element)
    if tag in ("r", "fld"):
        properties = next((each for each in element if local(each) == "rPr"), None)
        fonts = {local(each): each.get("typeface", "") for each in properties} if properties is not None else {}
        text = "".join(each.text or "" for each in element if local(each) == "t")
        text = in_font(text, fonts.get("latin", ""), fonts.get("sym", "Symbol"))
        baseline = properties.get("baseline", "0") if properties is not None else "0"
        return raised(text) if baseline.isdigit() and int(baseline) > 0 else text
    return "".join(map(_run, element))
