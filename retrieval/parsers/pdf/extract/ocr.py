"""Scanned pages -> lines, where Tesseract is installed. Knows nothing about PDF beyond how to draw a page.

Tesseract (Smith, ICDAR 2007) is the only other program that a reader starts; it gets a picture and answers with words.
"""

import csv
import io
import shutil
import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from statistics import mean, median
from typing import Any

from retrieval.parsers.pdf.lines import Box, Line, Page
from retrieval.text import one_line, printable

_SECONDS = 40.0  # for all pages of a file, within what the sandbox allows
_DOTS = 200  # an inch; Tesseract wants letters of 20 dots and more
_POINT = 72 / _DOTS
_MOST_DOTS = 12_000_000  # of a picture; a page of A4 has 4 million
_SURE = 40.0  # percent; a line of less is a pattern or a stain
Word = Mapping[str, str]  # a row of Tesseract's table
Shares = tuple[float, float, float, float]  # left, top, right, bottom
_LIKE = (0.6, 1.6)  # heights in which the lines of a page count as of one size: they depend on the letters in them


def recognized(document: Any, numbers: Iterable[int]) -> dict[int, Page]:
    """Return page number -> the pages that could be recognized in time; {} where Tesseract is not there."""
    program, ends = shutil.which("tesseract"), time.monotonic() + _SECONDS
    found: dict[int, Page] = {}
    for number in numbers if program else ():
        left = ends - time.monotonic()
        if left <= 0:
            break
        page = _page(str(program), document, number, left)
        if page is not None:
            found[number] = page
    return found


def recognized_words(page: Any, seconds: float) -> list[list[tuple[str, Shares]]]:
    """Return the words of a page, line by line, each with its box on the page as it is shown; [] without Tesseract."""
    program = shutil.which("tesseract")
    width, height = page.get_size()
    across, down = width / _POINT, height / _POINT
    lines = _words(program, page, seconds) if program else []
    return [[(word["text"], _shares(word, across, down)) for word in line] for line in lines]


def _page(program: str, document: Any, number: int, seconds: float) -> Page | None:
    try:
        page = document[number - 1]
    except RuntimeError:  # PDFium's: damaged; the other pages go on
        return None
    width, height = page.get_size()
    lines = [_line(words, number, height) for words in _words(program, page, seconds)]
    usual = median(line.size for line in lines) if lines else 0.0
    return Page(number, [_resized(line, usual) for line in lines], Box(0, 0, width, height)) if lines else None


def _words(program: str, page: Any, seconds: float) -> list[list[Word]]:
    """Return Tesseract's rows of words, line by line, of lines that it is sure of; [] where it fails."""
    width, height = page.get_size()
    if width * height / _POINT**2 > _MOST_DOTS:
        return []
    picture = page.render(scale=1 / _POINT, grayscale=True).to_numpy()
    header = b"P5 %d %d 255\n" % (picture.shape[1], picture.shape[0])
    command = [program, "stdin", "stdout", "--dpi", str(_DOTS), "tsv"]
    try:
        done = subprocess.run(
            command, input=header + picture.tobytes(), capture_output=True, timeout=seconds, check=True
        )
    except (subprocess.SubprocessError, OSError):
        return []
    table = done.stdout.decode("utf-8", "replace")
    rows = csv.DictReader(io.StringIO(table), delimiter="\t", quoting=csv.QUOTE_NONE)
    words = (row for row in rows if row["level"] == "5" and row["text"].strip())
    groups = groupby(words, lambda row: (row["block_num"], row["par_num"], row["line_num"]))
    lines: list[list[Word]] = [list(group) for _, group in groups]
    return [line for line in lines if mean(float(word["conf"]) for word in line) >= _SURE]


def _line(words: Sequence[Word], number: int, height: float) -> Line:
    """Return words as a line. height: of the page, in points."""
    text = one_line(printable(" ".join(word["text"] for word in words)))
    left, right = int(words[0]["left"]), int(words[-1]["left"]) + int(words[-1]["width"])
    top = min(int(word["top"]) for word in words)
    bottom = max(int(word["top"]) + int(word["height"]) for word in words)
    is_cut = len(text) > 1 and text.endswith("-") and text[-2].isalpha()
    size, y = (bottom - top) * _POINT, height - bottom * _POINT
    return Line(text[:-1] if is_cut else text, number, left * _POINT, right * _POINT, y, size, hyphen=is_cut)


def _shares(word: Word, across: float, down: float) -> Shares:
    """Return a word's box in shares of the page. across, down: the page in dots."""
    left, top, width, height = (int(word[name]) for name in ("left", "top", "width", "height"))
    return left / across, top / down, (left + width) / across, (top + height) / down


def _resized(line: Line, usual: float) -> Line:
    low, high = _LIKE
    is_usual = low * usual < line.size < high * usual
    return Line(
        line.text, line.page, line.left, line.right, line.y, usual if is_usual else line.size, hyphen=line.hyphen
    )
