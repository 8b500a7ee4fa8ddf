"""A tree of HTML elements -> blocks. Knows nothing about pages, books or mails."""

from collections.abc import Iterator
from typing import Any

from retrieval.parsers.base import Builder
from retrieval.text import one_line

_HIDDEN = frozenset(
    "head script style template noscript svg annotation annotation-xml object iframe select button form nav".split()
)
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_LINES = frozenset("ul ol dl menu table".split())
_LINE = frozenset("li dt dd".split())
_CELL = frozenset(("td", "th"))
_BLOCKS = frozenset(
    "address article aside blockquote body caption center dd details dialog div dt fieldset figcaption figure footer "
    "header hgroup hr html legend li main p section summary tbody td tfoot th thead tr".split()
)
_VERBATIM = frozenset(("pre", "listing", "xmp"))


class Markup:
    """Walks a tree and gives its blocks to a builder. place: of every block (a chapter, say)."""

    def __init__(self, builder: Builder, place: str = "") -> None:
        self._builder = builder
        self._place = place
        self._inline: list[str] = []

    def add(self, tree: Any) -> None:
        """Add everything below an element that a reader sees."""
        self._walk(tree)
        self._flush()

    def _flush(self) -> None:
        """End the paragraph that inline text has been collected for."""
        text, self._inline = _lines("".join(self._inline)), []
        self._builder.add(text, place=self._place)

    def _walk(self, element: Any) -> None:
        tag = name(element)
        if tag in _HEADINGS:
            self._separate(one_line(inline(element)), level=_HEADINGS[tag])
        elif tag in _HIDDEN or is_hidden(element):
            return
        elif tag in _VERBATIM:
            self._separate("".join(element.itertext()).strip("\n"), by_line=True)
        elif tag in _LINES and not _is_layout(element):
            self._separate("\n".join(filter(None, map(_lines, _rows(element)))), by_line=True)
        elif tag == "br":
            self._inline.append("\v")
        else:
            self._children(element, tag in _BLOCKS or tag in _LINES)

    def _separate(self, text: str, level: int = 0, by_line: bool = False) -> None:
        self._flush()
        self._builder.add(text, level, by_line=by_line, place=self._place)

    def _children(self, element: Any, is_block: bool) -> None:
        if is_block:
            self._flush()
        self._inline.append(element.text or "")
        for child in element:
            if isinstance(child.tag, str):
                self._walk(child)
            self._inline.append(child.tail or "")
        if is_block:
            self._flush()


def name(element: Any) -> str:
    """Return an element's name in lower case without its namespace; "" for comments and the like."""
    return element.tag.rpartition("}")[2].lower() if isinstance(element.tag, str) else ""


def is_hidden(element: Any) -> bool:
    """Tell whether an element says of itself that nobody sees it."""
    style = element.get("style", "").replace(" ", "").lower()
    if element.get("role") == "doc-backlink":  # the arrow behind a footnote
        return True
    return element.get("hidden") is not None or "display:none" in style or "visibility:hidden" in style


def inline(element: Any) -> str:
    """Return an element's text, with a vertical tab for every forced line end."""
    if name(element) in _HIDDEN:
        return ""
    parts = [element.text or ""]
    for child in element:
        if isinstance(child.tag, str) and not is_hidden(child):
            parts.append(_apart(child))
        parts.append(child.tail or "")
    return "".join(parts)


def _apart(element: Any) -> str:
    """Return an element's text, apart from what surrounds it where it is a block of its own."""
    tag = name(element)
    if tag == "br":
        return "\v"
    return f" {inline(element)} " if tag in _BLOCKS else inline(element)


def _lines(text: str) -> str:
    """Make white space single blanks, and forced line ends newlines."""
    return "\n".join(filter(None, map(one_line, text.split("\v"))))


def _rows(element: Any) -> Iterator[str]:
    """Yield the lines of a list or table: items, and rows with their cells."""
    own = [element.text or ""]
    for child in element:
        tag = name(child)
        if tag == "tr":
            yield " | ".join(filter(None, (one_line(inline(cell)) for cell in child if name(cell) in _CELL)))
        elif tag in _LINE or tag in _LINES or tag in ("tbody", "thead", "tfoot", "caption"):
            yield "".join(own)
            own = []
            yield from _rows(child)
        elif tag and tag not in _HIDDEN and not is_hidden(child):
            own.append(_apart(child))
        own.append(child.tail or "")
    yield "".join(own)


def _is_layout(element: Any) -> bool:
    """Tell whether a table, or a list, holds a page's headings or further tables rather than data."""
    return any(name(below) in _HEADINGS or name(below) == "table" for below in element.iterdescendants())
