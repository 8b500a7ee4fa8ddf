"""One printed page -> its lines as a person sees them: nothing outside the crop box, nothing in ink that does not show.

PDFium tells of each character where it stands, in which font and colour; lines are cut here, raised figures and accents
are put right, and the rules that are drawn around tables are kept beside them.
"""

import ctypes
import math
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Any

from pypdfium2 import raw

from retrieval.parsers.pdf.lines import CUT_WORD, RAISED, Box, Gap, Line, Page, as_note, turned, with_marks
from retrieval.records import Span
from retrieval.text import one_line, printable

QUARTER = math.pi / 2
DROPPED = "\u200b"  # what stands for an accent that is now in its letter; no reader sees it
_HYPHEN = "\x02"  # PDFium's sign for a hyphen at a line's end; the next line follows without a newline
_WORD = re.compile(r"[^\s\x00-\x1f]+")
_LINE_ENDS = re.compile("\x02|[\r\n]+")
_FIGURES = re.compile(r"[\d+−–-]*\d")
_RAISED_FIGURES = str.maketrans("0123456789+-−–", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁻")
_AS_READ = {
    0x88: "•",
    0xF0A7: "▪",  # Word's bullets: of its fonts Wingdings and Symbol
    0xF0B7: "•",
    0xF0D8: "‣",
    0xF06F: "☐",
    0xF0A8: "☐",
    0xF0FE: "☒",
    0xF0FC: "✓",
    0xFB00: "ff",
    0xFB01: "fi",
    0xFB02: "fl",
    0xFB03: "ffi",
    0xFB04: "ffl",
    0xFB05: "st",
    0xFB06: "st",
}
_ACCENTS = dict(
    zip("´`¨ˆ˜ˇ˚¸˝˙¯˘", "\u0301\u0300\u0308\u0302\u0303\u030c\u030a\u0327\u030b\u0307\u0304\u0306", strict=True)
)
_ACCENT = re.compile("[´`¨ˆ˜ˇ˚¸˝˙¯˘]")
_DOTLESS = str.maketrans("ıȷ", "ij")
_MARK = re.compile(r"(?:\d{1,3}|[*†‡§¶]{1,2})(?=\S)")
_BOLD = re.compile(rb"bold|black|heavy|demi|BX\d", re.IGNORECASE)
_FORCED_BOLD = 1 << 18
_SAMPLES = 50  # letters of a page that tell how it is turned
_UPWARD = 0.12  # of the letters' height: what stands higher than this above the line is raised
_USUAL_HEIGHT = 1.17  # of a font's size: from the top of "l" to the bottom of "p" in Helvetica
_SMALLEST = 1.2  # points: letters below are no text for anybody
_BRIGHT = 230  # of 255: ink that may not show on white
_CONTRAST = 16  # of 255: what differs less from its surroundings is not seen
_DOTS = 2.0  # a point, of the picture in which contrast is measured
_MOST_OBJECTS = 30_000  # of a page: a map has more, and no table
_THIN = 2.0  # points: a filled rectangle below is a rule
_LEAST_RULE = 6.0  # points


def quarters(text_page: Any, indices: Iterable[int]) -> int:
    """Return the right angles by which most of some characters are turned counterclockwise; 0 for none."""
    angles = Counter(-round(raw.FPDFText_GetCharAngle(text_page, index) / QUARTER) % 4 for index in indices)
    return angles.most_common(1)[0][0] if angles else 0


def read_page(page: Any, number: int) -> Page:
    """Return what is seen of a page. number: from 1."""
    text_page = page.get_textpage()
    try:
        letters = _Letters(text_page)
        drawn = _drawn(page)
        text = _text(text_page)
        shown, hidden = _visible(page, letters, text, drawn)
        shown = composed(shown, letters.box)
        lines = with_marks(list(_lines(letters, shown, number)))
        edges = turned(_edges(page), letters.quarters)
        rules = tuple(turned(rule, letters.quarters) for rule in drawn.rules)
        return Page(number, lines, edges, rules, hidden, letters.quarters)
    finally:
        text_page.close()


def _edges(page: Any) -> Box:
    """Return what is seen of the sheet: the crop box, as far as it lies on the sheet."""
    crop, sheet = Box(*page.get_cropbox()), Box(*page.get_mediabox())
    box = Box(
        max(crop.left, sheet.left),
        max(crop.bottom, sheet.bottom),
        min(crop.right, sheet.right),
        min(crop.top, sheet.top),
    )
    return box if box.left < box.right and box.bottom < box.top else sheet


class _Letters:
    """What PDFium knows of a page's letters, turned so that most of them stand upright: a wide table may run upward."""

    def __init__(self, text_page: Any) -> None:
        self.page = text_page
        count = text_page.count_chars()
        self.quarters = quarters(text_page, range(0, count, 1 + count // _SAMPLES))

    def box(self, index: int) -> Box:
        return turned(self.on_page(index), self.quarters)

    def on_page(self, index: int) -> Box:
        box = raw.FS_RECTF()
        raw.FPDFText_GetLooseCharBox(self.page, index, box)
        return Box(box.left, box.bottom, box.right, box.top)

    def size(self, index: int) -> float:
        """Return the height of the letters of a character's font, points; some fonts tell that of each letter only."""
        box = self.box(index)
        height = box.top - box.bottom
        matrix = raw.FS_MATRIX()
        if not raw.FPDFText_GetMatrix(self.page, index, matrix):
            return height
        usual = _USUAL_HEIGHT * raw.FPDFText_GetFontSize(self.page, index) * math.hypot(matrix.c, matrix.d)
        return usual if 0.4 * usual < height < 1.7 * usual else height

    def baseline(self, index: int) -> float:
        x, y = ctypes.c_double(), ctypes.c_double()
        raw.FPDFText_GetCharOrigin(self.page, index, x, y)
        return turned(Box(x.value, y.value, x.value, y.value), self.quarters).bottom

    def is_bold(self, index: int) -> bool:
        name, flags = ctypes.create_string_buffer(128), ctypes.c_int()
        raw.FPDFText_GetFontInfo(self.page, index, name, 128, flags)
        return bool(_BOLD.search(name.value) or flags.value & _FORCED_BOLD)

    def ink(self, index: int) -> tuple[int, int]:
        """Return (brightness, opacity) of a character, 0 to 255."""
        red, green, blue, alpha = (ctypes.c_uint() for _ in range(4))
        if not raw.FPDFText_GetFillColor(self.page, index, red, green, blue, alpha):
            return 0, 255
        return min(red.value, green.value, blue.value), alpha.value


def _text(text_page: Any) -> str:
    """Return a page's text with one character for each of PDFium's, which the positions are asked for by number."""
    count = text_page.count_chars()
    text = str(text_page.get_text_range()).replace("\ufffe", _HYPHEN)
    if len(text) != count:  # characters beyond the basic plane, or without a meaning
        codes = (raw.FPDFText_GetUnicode(text_page, index) for index in range(count))
        text = "".join(chr(code) if code < 0x110000 else "\ufffd" for code in codes)
    return text


# --- what is drawn beside the letters


@dataclass(frozen=True, slots=True)
class _Drawn:
    """Rules (thin boxes), filled areas with their place in the order of drawing, and the text objects' places in it."""

    rules: Sequence[Box]
    areas: Sequence[tuple[int, Box, int]]  # (place, box, brightness)
    texts: dict[int, int]


def _drawn(page: Any) -> _Drawn:
    rules, areas, texts = list[Box](), list[tuple[int, Box, int]](), dict[int, int]()
    identity = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)
    for place, (item, matrix) in enumerate(_objects(page, raw.FPDFPage_CountObjects, raw.FPDFPage_GetObject, identity)):
        kind = raw.FPDFPageObj_GetType(item)
        if kind == raw.FPDF_PAGEOBJ_TEXT:
            texts[ctypes.cast(item, ctypes.c_void_p).value or 0] = place
        elif kind == raw.FPDF_PAGEOBJ_PATH:
            _path(item, matrix, place, rules, areas)
    return _Drawn(rules, areas, texts)


def _objects(parent: Any, count: Any, get: Any, matrix: tuple[float, ...], depth: int = 0) -> Iterator[tuple[Any, Any]]:
    """Yield (object, matrix of the forms it stands in), in the order of drawing."""
    number = count(parent)
    for index in range(number if number <= _MOST_OBJECTS else 0):
        item = get(parent, index)
        if raw.FPDFPageObj_GetType(item) == raw.FPDF_PAGEOBJ_FORM and depth < 4:
            inner = _times(_matrix(item), matrix)
            yield from _objects(item, raw.FPDFFormObj_CountObjects, raw.FPDFFormObj_GetObject, inner, depth + 1)
        else:
            yield item, matrix


def _matrix(item: Any) -> tuple[float, ...]:
    found = raw.FS_MATRIX()
    if not raw.FPDFPageObj_GetMatrix(item, found):
        return (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)
    return found.a, found.b, found.c, found.d, found.e, found.f


def _times(first: Sequence[float], second: Sequence[float]) -> tuple[float, ...]:
    a, b, c, d, e, f = first
    p, q, r, s, t, u = second
    return a * p + b * r, a * q + b * s, c * p + d * r, c * q + d * s, e * p + f * r + t, e * q + f * s + u


def _path(item: Any, outer: Sequence[float], place: int, rules: list[Box], areas: list[tuple[int, Box, int]]) -> None:
    """Collect the straight level and upright strokes of a path, and the area that it fills if it is a rectangle."""
    count = raw.FPDFPath_CountSegments(item)
    if not 2 <= count <= 2000:
        return
    fill, stroke = ctypes.c_int(), ctypes.c_int()
    raw.FPDFPath_GetDrawMode(item, fill, stroke)
    matrix = _times(_matrix(item), outer)
    runs = list(_runs(item, count, matrix))
    if stroke.value:
        rules += (box for run in runs for box in map(_between, run, run[1:]) if _is_rule(box))
    if fill.value:
        for run in runs:
            box = _around(run)
            if _is_rule(box):
                rules.append(box)
            elif 4 <= len(run) <= 5 and min(box.right - box.left, box.top - box.bottom) > 3:
                red, green, blue, alpha = (ctypes.c_uint() for _ in range(4))
                raw.FPDFPageObj_GetFillColor(item, red, green, blue, alpha)
                if alpha.value > 200:
                    areas.append((place, box, min(red.value, green.value, blue.value)))


def _runs(item: Any, count: int, matrix: Sequence[float]) -> Iterator[list[tuple[float, float]]]:
    """Yield the corners of each part of a path, on the page; parts with curves are left out."""
    a, b, c, d, e, f = matrix
    run, is_curved = list[tuple[float, float]](), False
    for index in range(count):
        segment = raw.FPDFPath_GetPathSegment(item, index)
        kind = raw.FPDFPathSegment_GetType(segment)
        if kind == raw.FPDF_SEGMENT_MOVETO:
            if len(run) > 1 and not is_curved:
                yield run
            run, is_curved = [], False
        is_curved = is_curved or kind == raw.FPDF_SEGMENT_BEZIERTO
        x, y = ctypes.c_float(), ctypes.c_float()
        raw.FPDFPathSegment_GetPoint(segment, x, y)
        run.append((a * x.value + c * y.value + e, b * x.value + d * y.value + f))
        if raw.FPDFPathSegment_GetClose(segment) and run[0] != run[-1]:
            run.append(run[0])
    if len(run) > 1 and not is_curved:
        yield run


def _between(first: tuple[float, float], second: tuple[float, float]) -> Box:
    return _around((first, second))


def _around(points: Iterable[tuple[float, float]]) -> Box:
    xs, ys = zip(*points, strict=True)
    return Box(min(xs), min(ys), max(xs), max(ys))


def _is_rule(box: Box) -> bool:
    width, height = box.right - box.left, box.top - box.bottom
    return min(width, height) <= _THIN and max(width, height) >= _LEAST_RULE


# --- what is seen


def _visible(page: Any, letters: _Letters, text: str, drawn: _Drawn) -> tuple[str, bool]:
    """Blank the words that nobody sees; also whether some are hidden on the sheet rather than outside of it."""
    edges = _edges(page)
    doubtful, unseen = list[Span](), list[Span]()
    is_hidden = False
    for word in _WORD.finditer(text):
        middle = (word.start() + word.end() - 1) // 2
        box = letters.on_page(middle)
        x, y = (box.left + box.right) / 2, (box.bottom + box.top) / 2
        if not (edges.left <= x <= edges.right and edges.bottom <= y <= edges.top):
            if box.right > box.left or box.top > box.bottom:
                unseen.append(word.span())
        elif 0 < max(box.top - box.bottom, box.right - box.left) < _SMALLEST:
            unseen.append(word.span())
            is_hidden = True
        elif _is_doubtful(letters, middle, (x, y), drawn):
            doubtful.append(word.span())
    if doubtful:
        flat = list(_without_contrast(page, letters, doubtful))
        unseen += flat
        is_hidden = is_hidden or bool(flat)
    signs = list(text)
    for start, end in unseen:
        signs[start:end] = " " * (end - start)
    return "".join(signs), is_hidden


def _is_doubtful(letters: _Letters, index: int, at: tuple[float, float], drawn: _Drawn) -> bool:
    """Tell whether a character may not show: light or no ink, or an area of its colour or above it."""
    brightness, opacity = letters.ink(index)
    if brightness >= _BRIGHT or opacity < 32:
        return True
    item = raw.FPDFText_GetTextObject(letters.page, index)
    if item and raw.FPDFTextObj_GetTextRenderMode(item) in (
        raw.FPDF_TEXTRENDERMODE_INVISIBLE,
        raw.FPDF_TEXTRENDERMODE_CLIP,
    ):
        return True
    if not drawn.areas:
        return False
    place = drawn.texts.get(ctypes.cast(item, ctypes.c_void_p).value or 0, -1) if item else -1
    for order, box, own in drawn.areas:
        if box.left <= at[0] <= box.right and box.bottom <= at[1] <= box.top:
            is_above = 0 <= place < order
            if is_above or (abs(own - brightness) < 2 * _CONTRAST and own < _BRIGHT):
                return True
    return False


def _without_contrast(page: Any, letters: _Letters, words: Sequence[Span]) -> Iterator[Span]:
    """Yield the words that do not differ from their surroundings on the page as it is drawn."""
    width, height = page.get_size()
    scale = min(_DOTS, 3000 / max(width, height, 1.0))
    if not (0 < width < math.inf and 0 < height < math.inf):
        return
    picture = page.render(scale=scale, grayscale=True, may_draw_forms=False).to_numpy()
    down, across = picture.shape[:2]
    for start, end in words:
        is_seen = False
        for index in sorted({start, (start + end - 1) // 2, end - 1}):
            left, bottom, right, top = (ctypes.c_double() for _ in range(4))
            if not raw.FPDFText_GetCharBox(letters.page, index, left, right, bottom, top):
                continue
            corners = [_point(page, across, down, *xy) for xy in ((left.value, bottom.value), (right.value, top.value))]
            (x1, y1), (x2, y2) = corners
            part = picture[max(0, min(y1, y2)) : max(y1, y2) + 1, max(0, min(x1, x2)) : max(x1, x2) + 1]
            is_seen = is_seen or (part.size > 0 and int(part.max()) - int(part.min()) >= _CONTRAST)
        if not is_seen:
            yield start, end


def _point(page: Any, across: int, down: int, x: float, y: float) -> tuple[int, int]:
    column, row = ctypes.c_int(), ctypes.c_int()
    raw.FPDF_PageToDevice(page, 0, 0, across, down, 0, x, y, column, row)
    return column.value, row.value


# --- lines


def _lines(letters: _Letters, text: str, number: int) -> Iterator[Line]:
    """Yield the lines of a page in the order of the file."""
    start = 0
    for end in [*_LINE_ENDS.finditer(text), None]:
        stop = end.start() if end else len(text)
        found = (word for word in _WORD.finditer(text, start, stop) if printable(word[0]).strip(DROPPED).strip())
        words = [(word.start(), word.end() - 1) for word in found]
        if words:
            own = _with_raised(letters, text[start:stop], start, words)
            shown = one_line(printable(own.translate(_AS_READ)))
            # PDFium leaves the hyphen at a page's end, and before an accent that stands alone
            is_left = end is None or own.endswith(DROPPED) or text.startswith(DROPPED, end.end())
            is_cut = bool(CUT_WORD.search(shown)) if is_left or end is None else end.group() == _HYPHEN
            shown = CUT_WORD.sub("", shown) if is_left else shown
            yield _apart(letters, _line(letters, shown, number, words, is_cut), words[0])
        start = end.end() if end else stop


def _with_raised(letters: _Letters, text: str, start: int, words: Sequence[Span]) -> str:
    """Write raised figures as such: 10⁶ is not 106, and the mark of a note is no figure of a price.

    text: of a line; start: its first character's index on the page.
    """
    if not any(map(str.isdigit, text)):
        return text
    signs = list(text)
    before: int | None = None  # the character that the next figures would be raised above
    for first, last in words:
        for found in _FIGURES.finditer(text, first - start, last + 1 - start):
            for index in range(found.start() + start, found.end() + start):
                if before is not None and _is_raised(letters, before, index):
                    signs[index - start] = text[index - start].translate(_RAISED_FIGURES)
                else:
                    before = index
            # a letter behind the figures is on the line again
        if before is None or not text[last - start].isdigit():
            before = _on_line(letters, text, start, first, last, before)
    return "".join(signs)


def _on_line(letters: _Letters, text: str, start: int, first: int, last: int, before: int | None) -> int | None:
    """Return a character of a word that stands on the line, to which others are compared."""
    own = next((index for index in range(last, first - 1, -1) if text[index - start].isalpha()), None)
    if own is None or (before is not None and _is_raised(letters, before, own)):
        return before
    return own


def _is_raised(letters: _Letters, on_line: int, index: int) -> bool:
    """Tell whether a character is smaller than another, and stands higher."""
    height = letters.size(on_line)
    is_small = letters.size(index) < 0.9 * height
    return is_small and letters.baseline(index) - letters.baseline(on_line) > _UPWARD * height


def _line(letters: _Letters, text: str, page: int, words: Sequence[Span], hyphen: bool) -> Line:
    """Measure a line. words: (first, last) character of each."""
    middle = words[len(words) // 2][0]
    samples = (words[0][0], middle, words[-1][1])
    boxes = [letters.box(index) for index in samples]
    is_bold = all(letters.is_bold(index) for index in samples)
    size = median(map(letters.size, samples))  # of three: a bracket or a raised digit is another
    spans = tuple((letters.box(first).left, letters.box(last).right) for first, last in words)
    gaps = tuple(_gaps(spans, 1.2 * size))
    y = letters.baseline(middle)
    return Line(text, page, boxes[0].left, boxes[-1].right, y, size, is_bold, hyphen, gaps, spans=spans)


def _apart(letters: _Letters, line: Line, first: Span) -> Line:
    """Set a note's number apart where it is printed raised, before the first word. first: that word's characters."""
    mark = _MARK.match(line.text)
    after = first[0] + mark.end() if mark else first[1] + 1
    if mark is None or after > first[1]:
        return line
    is_raised = letters.size(first[0]) < RAISED * letters.size(after)
    return as_note(line, mark[0], line.text[mark.end() :]) if is_raised else line


def _gaps(spans: Sequence[tuple[float, float]], least: float) -> Iterator[Gap]:
    """Yield the gaps between words that are at least that wide."""
    for number, ((_, left), (right, _)) in enumerate(pairwise(spans), start=1):
        if right - left > least:
            yield Gap(number, left, right)


# --- accents


def composed(text: str, box: Callable[[int], Any]) -> str:
    """Put each accent that is printed as a sign of its own into its letter; the text keeps its length.

    TeX draws "é" as "´" and "e" unless a font with such letters is asked for; most papers that it made do not ask.
    box: index of a character -> its left, right, bottom and top, in points, ascent and descent included.
    """
    signs = list(text)
    for found in _ACCENT.finditer(text):
        at = found.start()
        letter = _under(text, at, box)
        whole = unicodedata.normalize("NFC", text[letter].translate(_DOTLESS) + _ACCENTS[found[0]])
        if letter != at and len(whole) == 1:
            signs[letter], signs[at] = whole, DROPPED
    return "".join(signs)


def _under(text: str, at: int, box: Callable[[int], Any]) -> int:
    """Return the index of the letter that shares its place with an accent; the accent's own where there is none."""
    accent = box(at)
    if at + 1 < len(text) and _is_under(text[at + 1], accent, box(at + 1)):
        return at + 1
    # over a capital the accent is so high that it comes as a line of its own, behind the letter's line or before it
    near = (index for step in range(1, 400) for index in (at - step, at + step) if 0 <= index < len(text))
    return next((index for index in near if text[index].isupper() and _is_under(text[index], accent, box(index))), at)


def _is_under(letter: str, accent: Any, own: Any) -> bool:
    shared = min(accent.right, own.right) - max(accent.left, own.left)
    width = min(accent.right - accent.left, own.right - own.left)
    return letter.isalpha() and shared > 0.5 * width and abs(accent.bottom - own.bottom) < 0.5 * (own.top - own.bottom)
