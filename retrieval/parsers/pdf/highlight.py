"""Pages of a PDF as pictures, and where on them a quote stands. Knows nothing about documents, files or readers.

Runs in the worker, like the readers. Places are in 1/10,000 of the shown page's width and height, from its top left
corner: PDFium turns and crops pages for them as it does for the picture.
"""

import base64
import ctypes
import io
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pypdfium2
from pypdfium2 import raw

from retrieval.parsers.base import UnreadableError
from retrieval.parsers.pdf.align import Piece, only_place, piece, signs_of
from retrieval.parsers.pdf.extract.ocr import recognized_words
from retrieval.parsers.pdf.extract.page import QUARTER, quarters
from retrieval.parsers.pdf.lines import Box, turned
from retrieval.parsers.pdf.pictures import as_pdf

WHOLE = 10_000
WIDEST, HIGHEST = 1240, 2480  # pixels of a picture: an A4 page at 150 dots an inch, twice as high at most
_GAP = 1.2  # of the letters' height, from which words are apart; as in the reader of PDF


@dataclass(frozen=True, slots=True)
class _Printed:
    """A page, the right angles by which its text is turned counterclockwise, and its characters with their boxes."""

    page: Any
    quarters: int
    characters: Sequence[tuple[str, Box | None]]


def places(content: bytes, pages: Sequence[int], quote: str) -> dict[str, Any]:
    """Return {"places": [[page, [[left, top, right, bottom], …]], …]}; an empty list where it is not certain.

    pages: on which the quote may stand, from 1, in order.
    """
    document = _opened(content)
    printed = {number: _printed(_page(document, number)) for number in pages}
    pieces = [each for number, own in printed.items() for each in _pieces(number, own)]
    found: dict[int, list[list[int]]] = {}
    for number, first, last in only_place(quote, pieces) or only_place(_values(quote), pieces):
        run = pieces[number]
        own = printed[run.page]
        boxes = [box for owner in run.owners[first : last + 1] if (box := own.characters[owner][1])]
        found.setdefault(run.page, []).append(_shown(own.page, _around(boxes)))
    is_seen = all(_is_on_page(box) for boxes in found.values() for box in boxes)
    return {"places": list(found.items()) if is_seen else []}


def _values(quote: str) -> str:
    """Return what is printed of a table's row that names its columns: "Port: Aro; Depth: 9" is "Aro 9" on the page."""
    parts = quote.split("; ") if ": " in quote else quote.split(" | ")
    return " ".join(part.partition(": ")[2] or part for part in parts) if len(parts) > 1 else ""


def picture(content: bytes, number: int) -> dict[str, Any]:
    """Return {"image": WebP as base64, "width", "height": pixels} of a page, from 1."""
    page = _page(_opened(content), number)
    width, height = page.get_size()
    if not (0 < width < math.inf and 0 < height < math.inf):
        raise UnreadableError("holds a page without a size")
    image = page.render(scale=min(WIDEST / width, HIGHEST / height), may_draw_forms=False).to_pil()
    written = io.BytesIO()
    image.save(written, "WEBP", quality=85, method=2)
    return {"image": base64.b64encode(written.getvalue()).decode(), "width": image.width, "height": image.height}


def _opened(content: bytes) -> Any:
    try:
        return pypdfium2.PdfDocument(content if b"%PDF" in content[:1024] else as_pdf(content))
    except pypdfium2.PdfiumError as error:
        raise UnreadableError("is no PDF, or damaged") from error


def _page(document: Any, number: int) -> Any:
    try:
        return document[number - 1]
    except (pypdfium2.PdfiumError, IndexError) as error:
        raise UnreadableError(f"has no page {number} that can be shown") from error


def _printed(page: Any) -> _Printed:
    """Find the characters of a page; those of a scanned one are recognized once more, each with its word's box."""
    text = page.get_textpage()
    found = [(_character(text, index), _box(text, index)) for index in range(text.count_chars())]
    if all(character.isspace() for character, _ in found):
        return _Printed(page, page.get_rotation() // 90, list(_recognized(page)))
    return _Printed(page, quarters(text, range(len(found))), found)


def _recognized(page: Any) -> Iterator[tuple[str, Box | None]]:
    for line in recognized_words(page):
        for word, left, top, right, bottom in line:
            (x1, y1), (x2, y2) = (_on_page(page, *corner) for corner in ((left, top), (right, bottom)))
            box = Box(min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2))
            yield from ((character, box) for character in word)
            yield " ", None
        yield "\n", None


def _on_page(page: Any, across: float, down: float) -> tuple[float, float]:
    """Return where a point of the shown page, given in shares of it, is on the page itself, in points."""
    x, y = ctypes.c_double(), ctypes.c_double()
    raw.FPDF_DeviceToPage(page, 0, 0, WHOLE, WHOLE, 0, round(across * WHOLE), round(down * WHOLE), x, y)
    return x.value, y.value


def _character(text: Any, index: int) -> str:
    code = raw.FPDFText_GetUnicode(text, index)
    return chr(code) if code < 0x110000 else "\ufffd"


def _box(text: Any, index: int) -> Box | None:
    """Return a character's box on the page; None where it is not printed, or aslant."""
    box = raw.FS_RECTF()
    is_known = raw.FPDFText_GetLooseCharBox(text, index, box)
    turns = raw.FPDFText_GetCharAngle(text, index) / QUARTER
    if not is_known or abs(turns - round(turns)) > 0.02 or box.right <= box.left or box.top <= box.bottom:
        return None
    return Box(box.left, box.bottom, box.right, box.top)


def _pieces(number: int, printed: _Printed) -> Iterator[Piece]:
    """Yield what stands side by side on a page, in the order of the file."""
    characters = [(sign, box and turned(box, printed.quarters)) for sign, box in printed.characters]
    groups = [group for group in _groups(characters) if any(signs_of(character) for _, character in group)]
    around = [_around([box for at, _ in group if (box := characters[at][1])]) for group in groups]
    for index, group in enumerate(groups):
        is_near = index > 0 and (_is_below(around[index - 1], around[index]) or _is_further(around, index))
        goes_on = is_near or (index > 0 and len(groups[index - 1]) <= 3 and _is_note(around[index - 1], around[index]))
        yield piece(number, group, goes_on)


def _groups(characters: Sequence[tuple[str, Box | None]]) -> Iterator[list[tuple[int, str]]]:
    """Cut a page's characters where a line ends, or the next one stands apart; blanks alone are no group."""
    group: list[tuple[int, str]] = []
    last: Box | None = None
    for index, (character, box) in enumerate(characters):
        is_blank = character.isspace() and character not in "\r\n"
        if not is_blank and not (box and last and _is_beside(last, box)):
            if last:
                yield group
            group = []
        if is_blank or box:
            group.append((index, character))
        last = last if is_blank else box
    if last:
        yield group


def _is_below(first: Box, second: Box) -> bool:
    """Tell whether a line comes right after another in the same column."""
    height = max(first[3] - first[1], second[3] - second[1])
    is_near = 0 < first[1] - second[1] < 2 * height and second[3] < first[3]
    return is_near and min(first[2], second[2]) > max(first[0], second[0])


def _is_further(around: Sequence[Box], number: int) -> bool:
    """Tell whether a piece goes on with a line behind a wide blank, not in another column: a line near runs through."""
    first, second = around[number - 1], around[number]
    height = second[3] - second[1]
    is_right = abs(first[1] - second[1]) < 0.4 * height and first[2] <= second[0]
    near = around[max(0, number - 4) : number + 4]
    lines = (box for box in near if 0.4 * height < abs(box[1] - second[1]) < 2 * height)
    return is_right and any(box[0] < first[2] and box[2] > second[0] for box in lines)


def _is_note(mark: Box, text: Box) -> bool:
    """Tell whether a note begins right of a few smaller signs, its mark, that stand in its line."""
    height = text[3] - text[1]
    is_small = mark[3] - mark[1] < 0.9 * height and mark[1] >= text[1] and mark[3] < text[3] + 0.5 * height
    return is_small and mark[1] < text[3] and 0 <= text[0] - mark[2] < 3 * height


def _is_beside(first: Box, second: Box) -> bool:
    """Tell whether a character stands in the line of the one before it, near; letters of a ligature share a box."""
    height = min(first[3] - first[1], second[3] - second[1])
    overlap = min(first[3], second[3]) - max(first[1], second[1])
    return overlap > 0.4 * height and max(second[0] - first[2], first[0] - second[2]) < _GAP * height


def _around(boxes: Sequence[Box]) -> Box:
    lefts, bottoms, rights, tops = zip(*boxes, strict=True)
    return Box(min(lefts), min(bottoms), max(rights), max(tops))


def _shown(page: Any, box: Box) -> list[int]:
    """Return [left, top, right, bottom] on the page as it is shown."""
    left, bottom, right, top = box
    xs, ys = zip(*(_point(page, x, y) for x, y in ((left, top), (right, bottom))), strict=True)
    return [min(xs), min(ys), max(xs), max(ys)]


def _point(page: Any, x: float, y: float) -> tuple[int, int]:
    across, down = ctypes.c_int(), ctypes.c_int()
    raw.FPDF_PageToDevice(page, 0, 0, WHOLE, WHOLE, 0, x, y, across, down)
    return across.value, down.value


def _is_on_page(box: Sequence[int]) -> bool:
    """Tell whether a box lies on the page, but for a little white around its letters."""
    return all(-50 <= edge <= WHOLE + 50 for edge in box)
