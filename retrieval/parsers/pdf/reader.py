"""PDF -> paragraphs with their pages. Scripts, links and embedded files are never looked at.

Knows nothing about other formats. pypdfium2 (PDFium; Apache or BSD) extracts a paper of four pages in 14 ms; pypdf
takes 122, pdfminer.six 301 and mixes columns; PyMuPDF is under the AGPL.
"""

import ctypes
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from statistics import median
from typing import Any

import pypdfium2
from pypdfium2 import raw

from retrieval.parsers.base import Builder, ParsedText, UnreadableError
from retrieval.parsers.metadata import common
from retrieval.parsers.pdf.accents import DROPPED, composed
from retrieval.parsers.pdf.layout import Paragraph, paragraphs
from retrieval.parsers.pdf.lines import CUT_WORD, RAISED, Box, Gap, Line, as_note, turned, with_marks
from retrieval.parsers.pdf.ocr import recognized
from retrieval.records import Span
from retrieval.text import one_line, printable

_HYPHEN = "\x02"  # PDFium's sign for a hyphen at a line's end; the next line follows without a newline
_WORD = re.compile(r"[^\s\x00-\x1f]+")
_LINE_ENDS = re.compile("\x02|[\r\n]+")
_AS_READ = {
    0x88: "•",
    0xF0A7: "▪",  # Word's bullets: of its fonts Wingdings and Symbol
    0xF0B7: "•",
    0xF0D8: "‣",
    0xFB00: "ff",
    0xFB01: "fi",
    0xFB02: "fl",
    0xFB03: "ffi",
    0xFB04: "ffl",
    0xFB05: "st",
    0xFB06: "st",
}
_ACCENTS = dict(
    zip("´`¨ˆ˜ˇ˚¸˝˙¯˘", map(chr, (769, 768, 776, 770, 771, 780, 778, 807, 779, 775, 772, 774)), strict=True)
)
_ACCENTED = re.compile(rf"([{''.join(_ACCENTS)}])([^\W\d_])")
_MARK = re.compile(r"(?:\d{1,3}|[*†‡§¶]{1,2})(?=\S)")
_BOLD = re.compile(rb"bold|black|heavy|demi|BX\d", re.IGNORECASE)
QUARTER = math.pi / 2
_SAMPLES = 50  # letters of a page that tell how it is turned
_FORCED_BOLD = 1 << 18
_NO_TITLE = re.compile(r"\(?untitled\)?|\(?anonymous\)?|unspecified|.*\.(?:docx?|tex|dvi|indd|qxd|pdf)", re.IGNORECASE)
_WITHOUT_BLANKS = re.compile("[\u2e80-\u30ff\u3400-\u9fff\uf900-\ufaff\uff00-\uffef]")
_WORD_BEFORE, _WORD_AFTER = re.compile(r"\w+$"), re.compile(r"\w+")


def quarters(text_page: Any, indices: Iterable[int]) -> int:
    """Return the right angles by which most of some characters are turned counterclockwise; 0 for none."""
    angles = Counter(-round(raw.FPDFText_GetCharAngle(text_page, index) / QUARTER) % 4 for index in indices)
    return angles.most_common(1)[0][0] if angles else 0


class _Letters:
    """What PDFium knows of a page's letters, turned so that most of them stand upright: a wide table may run upward."""

    def __init__(self, text_page: Any) -> None:
        self._page = text_page
        count = text_page.count_chars()
        self._quarters = quarters(text_page, range(0, count, 1 + count // _SAMPLES))

    def box(self, index: int) -> Box:
        box = raw.FS_RECTF()
        raw.FPDFText_GetLooseCharBox(self._page, index, box)
        return turned(Box(box.left, box.bottom, box.right, box.top), self._quarters)

    def baseline(self, index: int) -> float:
        x, y = ctypes.c_double(), ctypes.c_double()
        raw.FPDFText_GetCharOrigin(self._page, index, x, y)
        return turned(Box(x.value, y.value, x.value, y.value), self._quarters).bottom

    def is_bold(self, index: int) -> bool:
        name, flags = ctypes.create_string_buffer(128), ctypes.c_int()
        raw.FPDFText_GetFontInfo(self._page, index, name, 128, flags)
        return bool(_BOLD.search(name.value) or flags.value & _FORCED_BOLD)


def read_pdf(content: bytes) -> ParsedText:
    """Read the text of every page; pages that show something but hold no text are named in metadata["warnings"]."""
    try:
        document = pypdfium2.PdfDocument(content)
    except pypdfium2.PdfiumError as error:
        is_locked = "password" in str(error).lower() or "security" in str(error).lower()
        raise UnreadableError(
            "is encrypted; save it without a password" if is_locked else "is no PDF, or damaged"
        ) from error
    found = {number: _page(document, number) for number in range(1, len(document) + 1)}
    silent = [number for number, lines in found.items() if lines is None]
    pictured = recognized(document, silent)
    pages = [lines or pictured.get(number, []) for number, lines in found.items()]
    warning = _warning([number for number in silent if number not in pictured], list(pictured))
    if not any(pages):
        raise UnreadableError(warning or "holds no text")
    stated = document.get_metadata_dict()
    author = "" if stated["Author"] == "anonymous" else stated["Author"]
    fields = {"author": author, "date": stated["CreationDate"], "language": _language(document)}
    return _reading(pages, stated["Title"], common(fields | {"warnings": warning}))


def _reading(pages: Sequence[Sequence[Line]], title: str, metadata: Any) -> ParsedText:
    words = Words(line.text for page in pages for line in page)
    builder = Builder()
    for paragraph in paragraphs(pages):
        text, turns = words.joined(paragraph)
        builder.add(text, paragraph.level, by_line=paragraph.by_line, page=paragraph.lines[0].page, turns=turns)
    stated = one_line(printable(title)).removeprefix("Microsoft Word - ")
    return builder.parsed("" if _NO_TITLE.fullmatch(stated) else stated, metadata)


def _language(document: Any) -> str:
    buffer = (ctypes.c_ushort * 64)()
    length = raw.FPDFCatalog_GetLanguage(document, buffer, ctypes.sizeof(buffer))  # bytes, with the final zero
    return bytes(buffer)[: max(0, min(length, ctypes.sizeof(buffer)) - 2)].decode("utf-16-le", "replace")


def _warning(silent: Sequence[int], pictured: Sequence[int]) -> str:
    """Say which pages were not read, and which only by recognizing letters in a picture."""
    guessed = f"{_ranges(pictured)} read from a picture; compare quotes with it" if pictured else ""
    return "; ".join(filter(None, (f"no text on {_ranges(silent)} (scanned?)" if silent else "", guessed)))


def _ranges(numbers: Sequence[int]) -> str:
    """Return "page 3", or "pages 1, 3-7"."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1] = [runs[-1][0], number]
        else:
            runs.append([number])
    shown = ", ".join("-".join(map(str, run)) for run in runs)
    return f"page {shown}" if len(numbers) == 1 else f"pages {shown}"


def _page(document: Any, number: int) -> list[Line] | None:
    """Return a page's lines; None where it shows something else, or cannot be opened."""
    try:
        page = document[number - 1]
    except pypdfium2.PdfiumError:
        return None
    text_page = page.get_textpage()
    try:
        lines = with_marks(list(_lines(text_page, number)))
        is_empty = not lines and next(iter(page.get_objects(max_depth=1)), None) is None
        return lines if lines or is_empty else None
    finally:
        text_page.close()
        page.close()


def _lines(text_page: Any, number: int) -> Iterator[Line]:
    """Yield the lines of a page in the order of the file."""
    letters = _Letters(text_page)
    text = composed(_text(text_page), letters.box)
    start = 0
    for end in [*_LINE_ENDS.finditer(text), None]:
        stop = end.start() if end else len(text)
        found = (word for word in _WORD.finditer(text, start, stop) if word[0].strip(DROPPED))
        words = [(word.start(), word.end() - 1) for word in found]
        if words:
            shown = one_line(printable(text[start:stop].translate(_AS_READ)))
            # PDFium leaves the hyphen at a page's end, and before an accent that stands alone
            is_left = end is None or text[start:stop].endswith(DROPPED) or text.startswith(DROPPED, end.end())
            is_cut = bool(CUT_WORD.search(shown)) if is_left or end is None else end.group() == _HYPHEN
            shown = CUT_WORD.sub("", shown) if is_left else shown
            yield _apart(letters, _line(letters, shown, number, words, is_cut), words[0])
        start = end.end() if end else stop


def _text(text_page: Any) -> str:
    """Return a page's text with one character for each of PDFium's, which the positions are asked for by number."""
    count = text_page.count_chars()
    text = str(text_page.get_text_range()).replace("\ufffe", _HYPHEN)
    if len(text) != count:  # characters beyond the basic plane, or without a meaning
        codes = (raw.FPDFText_GetUnicode(text_page, index) for index in range(count))
        text = "".join(chr(code) if code < 0x110000 else "\ufffd" for code in codes)
    return text


def _line(letters: _Letters, text: str, page: int, words: Sequence[Span], hyphen: bool) -> Line:
    """Measure a line. words: (first, last) character of each."""
    middle = words[len(words) // 2][0]
    samples = (words[0][0], middle, words[-1][1])
    boxes = [letters.box(index) for index in samples]
    is_bold = all(letters.is_bold(index) for index in samples)
    size = median(box.top - box.bottom for box in boxes)  # of three: a bracket or a raised digit is another
    gaps = tuple(_gaps(letters, words, 1.2 * size))
    return Line(text, page, boxes[0].left, boxes[-1].right, letters.baseline(middle), size, is_bold, hyphen, gaps)


def _apart(letters: _Letters, line: Line, first: Span) -> Line:
    """Set a note's number apart where it is printed raised, before the first word. first: that word's characters."""
    mark = _MARK.match(line.text)
    after = first[0] + mark.end() if mark else first[1] + 1
    if mark is None or after > first[1]:
        return line
    raised, letter = letters.box(first[0]), letters.box(after)
    is_raised = raised.top - raised.bottom < RAISED * (letter.top - letter.bottom)
    return as_note(line, mark[0], line.text[mark.end() :]) if is_raised else line


def _gaps(letters: _Letters, words: Sequence[Span], least: float) -> Iterator[Gap]:
    """Yield the gaps between words that are at least that wide."""
    for number, ((_, before), (after, _)) in enumerate(pairwise(words), start=1):
        left, right = letters.box(before).right, letters.box(after).left
        if right - left > least:
            yield Gap(number, left, right)


class Words:
    """The words of a document, which tell whether a hyphen at a line's end belongs to the word."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._hyphenated = {word for line in lines for word in re.findall(r"\w+-\w+", line)}

    def joined(self, paragraph: Paragraph) -> tuple[str, tuple[tuple[int, int], ...]]:
        """Join lines into the text that a person reads; also (offset, page) of each further page."""
        text, turns = "", list[Span]()
        starts = {id(item.lines[0]) for item in paragraph.joined}
        by_line = paragraph.by_line and not paragraph.joined
        for before, line in pairwise([None, *paragraph.lines]):
            if before is not None and line is not None:
                is_row = abs(before.y - line.y) < 0.3 * line.size and before.page == line.page
                ends = id(line) in starts or (by_line and not is_row)
                text += "\n" if ends else self._hyphen(text, line.text) if before.hyphen else _blank(before, line)
                if line.page != before.page:
                    turns.append((len(text), line.page))
            text += line.text if line else ""
        return text, tuple(turns)

    def _hyphen(self, before: str, after: str) -> str:
        """Return "-" where the joined word is written with it elsewhere, or is no word without it."""
        first, second = _WORD_BEFORE.search(before), _WORD_AFTER.match(after)
        if first is None or second is None:
            return "-"
        is_compound = f"{first.group()}-{second.group()}" in self._hyphenated
        return "-" if is_compound or not second.group()[0].islower() else ""


def _blank(before: Line, after: Line) -> str:
    """Return what stands between the words of two lines: nothing in Chinese and Japanese."""
    return "" if _WITHOUT_BLANKS.match(before.text[-1]) and _WITHOUT_BLANKS.match(after.text) else " "
