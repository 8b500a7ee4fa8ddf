"""Scanned pages -> lines. Knows nothing about PDF beyond how to draw a page.

RapidOCR runs PP-OCR (Cui et al., 2025) in ONNX Runtime; its package has the weights. A page takes 1 to 3 s on one core.
Beside Tesseract with English data on lines in five languages of Latin script: 1.00 of the letters against .63 to 1.00.
"""

import re
import time
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from statistics import median
from typing import Any, NamedTuple

from retrieval.parsers.pdf.lines import Box, Line, Page
from retrieval.text import MONTHS, one_line, printable

_SECONDS = 40.0  # for all pages of a file, within what the sandbox allows
_DOTS = 250  # an inch; letters are then 25 dots high and more
_POINT = 72 / _DOTS
_MOST_DOTS = 12_000_000  # of a picture; a page of A4 has 6 million
_LIKE = (0.6, 1.3)  # heights in which the lines of a page count as of one size: they depend on the letters in them
_SMALL_L = re.compile(r"(?<=[^\W\d_A-Z])I\b")  # "BrandI" is "Brandl"
_DATE_BLANK = re.compile(rf"\b(?:(\d{{1,2}})(?=(?:{'|'.join(MONTHS)})\b)|({'|'.join(MONTHS)})(?=\d))")
_ENGINE = {
    "EngineConfig.onnxruntime.intra_op_num_threads": 1,
    "EngineConfig.onnxruntime.inter_op_num_threads": 1,
    "Global.use_cls": False,  # lines are not upside down
    "Global.log_level": "critical",
}


class Word(NamedTuple):
    """A word and its box, in dots from the picture's left top corner or in shares of the page."""

    text: str
    left: float
    top: float
    right: float
    bottom: float


@cache
def _engine() -> Any:
    import cv2
    from rapidocr import RapidOCR

    cv2.setNumThreads(1)
    return RapidOCR(params=_ENGINE)


def recognized(document: Any, numbers: Iterable[int]) -> dict[int, Page]:
    """Return page number -> the pages that could be recognized in time."""
    ends = time.monotonic() + _SECONDS
    found: dict[int, Page] = {}
    for number in numbers:
        if time.monotonic() > ends:
            break
        page = _page(document, number)
        if page is not None:
            found[number] = page
    return found


def recognized_words(page: Any) -> list[list[Word]]:
    """Return the words of a page, line by line, each with its box in shares of the page as it is shown."""
    width, height = page.get_size()
    across, down = width / _POINT, height / _POINT
    return [
        [
            Word(text, left / across, top / down, right / across, bottom / down)
            for text, left, top, right, bottom in words
        ]
        for _, words in _read(page)
    ]


def _page(document: Any, number: int) -> Page | None:
    try:
        page = document[number - 1]
    except RuntimeError:  # PDFium's: damaged; the other pages go on
        return None
    width, height = page.get_size()
    lines = [_line(text, words, number, height) for text, words in _read(page)]
    usual = median(line.size for line in lines) if lines else 0.0
    return Page(number, [_resized(line, usual) for line in lines], Box(0, 0, width, height)) if lines else None


def _read(page: Any) -> Iterator[tuple[str, list[Word]]]:
    """Yield each line that is seen on a page, and its words, in dots."""
    width, height = page.get_size()
    if width * height / _POINT**2 > _MOST_DOTS:
        return
    picture = page.render(scale=1 / _POINT, grayscale=True).to_numpy()
    found = _engine()(picture.reshape(picture.shape[:2]), return_word_box=True)
    for text, own in zip(found.txts or (), found.word_results or (), strict=False):
        words = [_word(word, corners) for word, _, corners in own if word.strip() and corners]
        if text.strip() and words:
            yield text, words


def with_blanks(text: str) -> str:
    """Put the blanks back that a recognized date has lost: "October2027", "17October"."""
    return _DATE_BLANK.sub(r"\g<0> ", text)


def _word(text: str, corners: Sequence[Sequence[float]]) -> Word:
    xs, ys = zip(*corners, strict=True)
    return Word(text, float(min(xs)), float(min(ys)), float(max(xs)), float(max(ys)))


def _line(text: str, words: Sequence[Word], number: int, height: float) -> Line:
    """Return what was read as a line. height: of the page, in points."""
    text = with_blanks(_SMALL_L.sub("l", one_line(printable(text))))
    left, right = min(word.left for word in words), max(word.right for word in words)
    top, bottom = min(word.top for word in words), max(word.bottom for word in words)
    is_cut = len(text) > 1 and text.endswith("-") and text[-2].isalpha()
    size, y = (bottom - top) * _POINT, height - bottom * _POINT
    return Line(text[:-1] if is_cut else text, number, left * _POINT, right * _POINT, y, size, hyphen=is_cut)


def _resized(line: Line, usual: float) -> Line:
    low, high = _LIKE
    is_usual = low * usual < line.size < high * usual
    return Line(
        line.text, line.page, line.left, line.right, line.y, usual if is_usual else line.size, hyphen=line.hyphen
    )
