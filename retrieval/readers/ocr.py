"""Scanned pages -> lines, where Tesseract is installed. Knows nothing about PDF beyond how to draw a page.

Tesseract (Smith, ICDAR 2007) is the only other program that a reader starts; it gets a picture and answers with words.
"""

import csv
import io
import shutil
import subprocess
import time
from collections.abc import Iterable, Iterator
from itertools import groupby
from statistics import mean, median
from typing import Any

from retrieval.blocks import one_line, printable
from retrieval.readers.printed import Line

_SECONDS = 40.0  # for all pages of a file, within what the sandbox allows
_DOTS = 200  # an inch; Tesseract wants letters of 20 dots and more
_POINT = 72 / _DOTS
_MOST_DOTS = 12_000_000  # of a picture; a page of A4 has 4 million
_SURE = 40.0  # percent; a line of less is a pattern or a stain
_LIKE = (0.6, 1.6)  # heights in which the lines of a page count as of one size: they depend on the letters in them


def recognized(document: Any, numbers: Iterable[int]) -> dict[int, list[Line]]:
    """Return page number -> lines of the pages that could be recognized in time; {} where Tesseract is not there."""
    program, ends = shutil.which("tesseract"), time.monotonic() + _SECONDS
    found: dict[int, list[Line]] = {}
    for number in numbers if program else ():
        left = ends - time.monotonic()
        if left <= 0:
            break
        lines = _page(str(program), document, number, left)
        if lines:
            found[number] = lines
    return found


def _page(program: str, document: Any, number: int, seconds: float) -> list[Line]:
    try:
        page = document[number - 1]
    except RuntimeError:  # PDFium's: damaged; the other pages go on
        return []
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
    lines = list(_lines(done.stdout.decode("utf-8", "replace"), number, height))
    usual = median(line.size for line in lines) if lines else 0.0
    return [_resized(line, usual) for line in lines]


def _lines(table: str, number: int, height: float) -> Iterator[Line]:
    """Yield the lines of Tesseract's table of words that it is sure of."""
    rows = csv.DictReader(io.StringIO(table), delimiter="\t", quoting=csv.QUOTE_NONE)
    words = (row for row in rows if row["level"] == "5" and row["text"].strip())
    for _, group in groupby(words, lambda row: (row["block_num"], row["par_num"], row["line_num"])):
        line = list(group)
        if mean(float(word["conf"]) for word in line) < _SURE:
            continue
        text = one_line(printable(" ".join(word["text"] for word in line)))
        left, right = int(line[0]["left"]), int(line[-1]["left"]) + int(line[-1]["width"])
        top, bottom = (
            min(int(word["top"]) for word in line),
            max(int(word["top"]) + int(word["height"]) for word in line),
        )
        is_cut = len(text) > 1 and text.endswith("-") and text[-2].isalpha()
        size, y = (bottom - top) * _POINT, height - bottom * _POINT
        yield Line(text[:-1] if is_cut else text, number, left * _POINT, right * _POINT, y, size, hyphen=is_cut)


def _resized(line: Line, usual: float) -> Line:
    low, high = _LIKE
    is_usual = low * usual < line.size < high * usual
    return Line(
        line.text, line.page, line.left, line.right, line.y, usual if is_usual else line.size, hyphen=line.hyphen
    )
