"""A tree of HTML elements -> blocks: what a person sees of it. Knows nothing about pages, books or mails."""

import re
from collections.abc import Iterator
from typing import Any

from retrieval.parsers.base import Builder, Item
from retrieval.parsers.figures import fraction, numbered, raised
from retrieval.parsers.markup.seen import Sight
from retrieval.parsers.tables import Cell
from retrieval.text import one_line

_HIDDEN = frozenset(
    "head script style template noscript annotation annotation-xml object iframe nav datalist rp audio video "
    "canvas noframes frameset defs symbol clippath mask desc metadata".split()
)
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_LISTS = frozenset("ul ol dl menu".split())
_CELL = frozenset(("td", "th"))
_BLOCKS = frozenset(
    "address article aside blockquote body caption center dd details dialog div dt fieldset figcaption figure footer "
    "form header hgroup hr html legend li main menu dl ol ul p section summary table tbody td tfoot th thead tr "
    "noframes frameset".split()
)
_TABLE_PARTS = frozenset("caption colgroup col tr thead tbody tfoot".split())
_VERBATIM = frozenset(("pre", "listing", "xmp"))
_IN_BUTTONS = frozenset(("summary", "dt", "legend", "label", *_HEADINGS))  # where a button's words are a heading's
_NOTE_ROLES = frozenset(("doc-noteref", "doc-footnote", "doc-endnote"))
_SPAN = re.compile(r"\s*(\d{1,6})")
_MATH_ROWS = frozenset(("math", "mrow", "mstyle", "semantics", "mtd", "mpadded", "mphantom"))


class Markup:
    """Walks a tree and gives its blocks to a builder. place: of every block (a chapter, say).

    elements: for each block that was added, the element that it came from.
    """

    def __init__(self, builder: Builder, place: str = "") -> None:
        self._builder = builder
        self._place = place
        self._inline: list[str] = []
        self._within: list[Any] = []
        self._worded: dict[Any, bool] = {}
        self._sight = Sight()
        self.elements: list[Any] = []

    def add(self, tree: Any) -> None:
        """Add everything below an element that a reader sees."""
        self._sight = Sight(tree)
        self._walk(tree)
        self._flush()

    def _hidden(self, element: Any) -> bool:
        return self._sight.hides(element)

    def _flush(self) -> None:
        """End the paragraph that inline text has been collected for."""
        text, self._inline = _lines("".join(self._inline)), []
        self._builder.add(text, place=self._place)
        self._came_from(self._within[-1] if self._within else None)

    def _came_from(self, element: Any) -> None:
        while len(self.elements) < self._builder.count:
            self.elements.append(element)

    def _walk(self, element: Any) -> None:
        tag = name(element)
        if tag in _HIDDEN or self._hidden(element):
            return
        if tag in _HEADINGS:
            self._flush()
            self._builder.add(one_line(self._text(element)), _HEADINGS[tag], place=self._place)
            self._came_from(element)
        elif tag in _VERBATIM:
            self._flush()
            self._builder.add("".join(element.itertext()).strip("\n"), by_line=True, place=self._place)
            self._came_from(element)
        elif tag == "table" and not _is_layout(element):
            self._flush()
            self._table(element)
        elif tag in _LISTS and not _is_layout(element):
            self._flush()
            self._builder.items(self._items(element), place=self._place)
            self._came_from(element)
        elif tag in _BLOCKS:
            self._flush()
            self._within.append(element)
            self._children(element)
            self._flush()
            self._within.pop()
        elif tag in _INLINE and not (tag == "math" and _holds_blocks(element)):
            self._inline.append(self._shown(element))
        else:
            self._children(element)

    def _children(self, element: Any) -> None:
        self._inline.append(element.text or "")
        for child in element:
            if isinstance(child.tag, str):
                self._walk(child)
            self._inline.append(child.tail or "")

    # --- text in a line

    def _text(self, element: Any) -> str:
        """Return an element's text, with a vertical tab for every forced line end."""
        parts = [element.text or ""]
        for child in element:
            if isinstance(child.tag, str) and name(child) not in _HIDDEN and not self._hidden(child):
                parts.append(self._shown(child))
            parts.append(child.tail or "")
        return "".join(parts)

    def _shown(self, element: Any) -> str:
        """Return an element's text, apart from what surrounds it where it is a block of its own."""
        tag = name(element)
        if tag in _INLINE:
            return str(_INLINE[tag](self, element))
        text = self._text(element)
        return f" {text} " if tag in _BLOCKS else text

    def _raised(self, element: Any) -> str:
        link = next(element.iter("a", "{*}a"), None)
        above = element.getparent()
        is_mark = link is not None or _is_note(element) or (above is not None and name(above) == "a")
        before = element.getprevious()
        said = (before.tail if before is not None else above.text if above is not None else "") or ""
        return raised(self._text(element), is_mark=is_mark and len(one_line(self._text(element))) < 6, before=said)

    def _reading(self, element: Any) -> str:
        return f" ({one_line(self._text(element))})" if self._text(element).strip() else ""

    def _field(self, element: Any) -> str:
        """Return what is filled in: a tick, a value, what was chosen."""
        kind = (element.get("type") or "text").lower()
        if kind in ("checkbox", "radio"):
            return "☑ " if element.get("checked") is not None else "☐ "
        is_seen = kind not in ("hidden", "submit", "button", "reset", "image", "password", "file", "search")
        return f" {element.get('value') or ''} " if is_seen else ""

    def _chosen(self, element: Any) -> str:
        options = list(element.iter("option", "{*}option"))
        chosen = [option for option in options if option.get("selected") is not None]
        if not chosen and element.get("multiple") is None and _whole(element.get("size"), 1) < 2:
            chosen = options[:1]  # what a browser shows
        return f" {', '.join(one_line(self._text(option)) for option in chosen)} " if chosen else ""

    def _drawn(self, element: Any) -> str:
        """Return the words in a drawing."""
        words = (
            self._text(each) for each in element.iter("text", "{*}text", "foreignobject", "{*}foreignObject")
            if not any(name(above) in _HIDDEN or self._hidden(above) for above in (each, *each.iterancestors()))
        )  # fmt: skip
        return f" {' '.join(words)} "

    def _button(self, element: Any) -> str:
        """Return a button's words where they belong to a heading or sentence, "" where it is one to press."""
        above = element.getparent()
        is_part = above is not None and (
            name(above) in _IN_BUTTONS or (name(above) in ("p", "li", "td") and self._has_words(above))
        )
        return self._text(element) if is_part or element.get("aria-expanded") is not None else ""

    def _has_words(self, element: Any) -> bool:
        """Tell whether an element has text of its own, beside that of its children; asked again by each child."""
        if element not in self._worded:
            self._worded[element] = bool(_beside(element).strip())
        return self._worded[element]

    # --- lists

    def _items(self, element: Any) -> Iterator[Item]:
        """Yield the items of a list and of those inside it, with the numbers that the page shows."""
        tag = name(element)
        style = element.get("type") or "1"
        number = _whole(element.get("start"), 1)
        shows = (
            tag == "ol" and "list-style:none" not in _style(element) and "list-style-type:none" not in _style(element)
        )
        step = -1 if element.get("reversed") is not None else 1
        if step < 0 and element.get("start") is None:
            number = sum(name(child) == "li" for child in element)
        for child in element:
            if not isinstance(child.tag, str) or name(child) in _HIDDEN or self._hidden(child):
                continue
            if name(child) == "li" and shows:
                number = _whole(child.get("value"), number)
                label = f"{numbered(number, style)}."
                number += step
            else:
                label = ""
            yield from self._item(child, label)

    def _item(self, element: Any, label: str) -> Iterator[Item]:
        """Yield an item, line by line, and the items of the lists and tables inside it."""
        if name(element) in _LISTS:
            yield from self._items(element)
            return
        own = [element.text or ""]
        for child in element:
            tag = name(child)
            inner = tag in _LISTS or (tag in ("div", "section", "details") and _holds_list(child))
            if inner and not self._hidden(child):
                for line in self._own(own):
                    yield Item(line, label)
                    label = ""
                own = []
                yield from self._item(child, "")
            elif tag and tag not in _HIDDEN and not self._hidden(child):
                own.append(self._shown(child))
            own.append(child.tail or "")
        for line in self._own(own):
            yield Item(line, label)
            label = ""

    def _own(self, parts: list[str]) -> list[str]:
        return _lines("".join(parts)).split("\n") if "".join(parts).strip() else []

    # --- tables

    def _table(self, element: Any) -> None:
        caption = next((child for child in element if name(child) == "caption"), None)
        said = one_line(self._text(caption)) if caption is not None and not self._hidden(caption) else ""
        for child in element:
            if name(child) and name(child) not in _TABLE_PARTS:
                self._walk(child)  # against the rules, and shown above the table
        self._flush()
        rows = [self._row(row) for row in _own_rows(element) if not self._is_hidden_row(row, element)]
        self._builder.table(rows, caption=said, place=self._place)
        self._came_from(element)

    def _is_hidden_row(self, row: Any, table: Any) -> bool:
        while row is not table:
            if self._hidden(row):
                return True
            row = row.getparent()
        return False

    def _row(self, row: Any) -> list[Cell]:
        is_head = name(row.getparent()) == "thead"
        return [
            Cell(
                "" if self._hidden(cell) else self._text(cell), _spans(cell, "colspan"), _spans(cell, "rowspan"),
                is_head or name(cell) == "th",
            )
            for cell in row if name(cell) in _CELL
        ]  # fmt: skip


_INLINE: dict[str, Any] = {
    "br": lambda _, element: "\v",
    "sup": Markup._raised,
    "rt": Markup._reading,
    "input": Markup._field,
    "select": Markup._chosen,
    "svg": Markup._drawn,
    "button": Markup._button,
    "math": lambda _, element: f" {formula(element)} ",
}


def name(element: Any) -> str:
    """Return an element's name in lower case without its namespace; "" for comments and the like."""
    return element.tag.rpartition("}")[2].lower() if isinstance(element.tag, str) else ""


def inline(element: Any) -> str:
    """Return an element's text, with a vertical tab for every forced line end."""
    return "" if name(element) in _HIDDEN else Markup(Builder())._text(element)


def formula(element: Any) -> str:
    """Return a MathML formula in one line: "A = 1/2 r²"."""
    tag, parts = name(element), [child for child in element if name(child) and not name(child).startswith("annotation")]
    inner = [formula(part) for part in parts]
    if tag in ("mi", "mn", "mo", "mtext", "ms"):
        return one_line("".join(element.itertext()))
    if tag == "mfrac" and len(inner) == 2:
        return fraction(*inner)
    if tag in ("msup", "mover") and len(inner) == 2:
        return f"{inner[0]}{raised(inner[1]) if any(map(str.isdigit, inner[1])) else '^' + inner[1]}"
    if tag in ("msub", "munder") and len(inner) == 2:
        return f"{inner[0]}_{inner[1]}"
    if tag in ("msubsup", "munderover") and len(inner) == 3:
        return f"{inner[0]}_{inner[1]}^{inner[2]}"
    if tag == "msqrt":
        return f"√({''.join(inner)})"
    if tag == "mroot" and len(inner) == 2:
        return f"{inner[1]}√({inner[0]})"
    if tag == "mtr":
        return " ".join(inner) + "; "
    return one_line("".join(inner)) if tag in _MATH_ROWS or parts else one_line("".join(element.itertext()))


def _is_note(element: Any) -> bool:
    said = f"{element.get('class', '')} {element.get('id', '')} {element.get('{http://www.idpf.org/2007/ops}type', '')}"
    return element.get("role") in _NOTE_ROLES or "note" in said.lower() or "reference" in said.lower()


def _beside(element: Any) -> str:
    """Return the text of an element that stands outside its children."""
    return (element.text or "") + "".join(child.tail or "" for child in element)


def _style(element: Any) -> str:
    return str(element.get("style", "")).replace(" ", "").lower()


def _whole(text: str | None, default: int) -> int:
    found = re.fullmatch(r"\s*(-?\d{1,9})\s*", text or "")
    return int(found[1]) if found else default


def _spans(cell: Any, attribute: str) -> int:
    found = _SPAN.match(cell.get(attribute, ""))
    return max(1, int(found[1])) if found else 1


def _lines(text: str) -> str:
    """Make white space single blanks, and forced line ends newlines."""
    return "\n".join(filter(None, map(one_line, text.split("\v"))))


def _own_rows(table: Any) -> Iterator[Any]:
    """Yield a table's rows in order, those of its foot last."""
    parts = [child for child in table if name(child) in ("tr", "thead", "tbody", "tfoot")]
    for part in sorted(parts, key=lambda part: {"thead": 0, "tfoot": 2}.get(name(part), 1)):
        yield from [part] if name(part) == "tr" else (row for row in part if name(row) == "tr")


def _holds_blocks(element: Any) -> bool:
    """Tell whether a formula without an end has a page in it."""
    return any(name(below) in _BLOCKS or name(below) in _HEADINGS for below in element.iterdescendants())


def _holds_list(element: Any) -> bool:
    return any(name(below) in _LISTS for below in element.iterdescendants())


def _is_layout(element: Any) -> bool:
    """Tell whether a table, or a list, holds a page's headings or further tables rather than data."""
    return any(name(below) in _HEADINGS or name(below) == "table" for below in element.iterdescendants())
