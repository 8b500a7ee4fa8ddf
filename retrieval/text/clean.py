"""Text as people see it: without what no page shows, on one line, without white space at its ends."""

import re
import unicodedata
from pathlib import Path

from retrieval.records import Span


def trimmed(text: str, start: int, end: int) -> Span:
    """Shrink a span so that it neither begins nor ends with white space."""
    part = text[start:end]
    return start + len(part) - len(part.lstrip()), end - len(part) + len(part.rstrip())


_UNSEEN = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u200b\u2060\ufeff]")  # controls, signs without width
_LINE_END = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_HALF = re.compile("[\ud800-\udfff]")


def printable(text: str) -> str:
    """Remove what nobody sees on a page, make every line end a newline, and mark halves of surrogate pairs."""
    return _HALF.sub("\ufffd", _UNSEEN.sub("", _LINE_END.sub("\n", text)))


def one_line(text: str) -> str:
    """Make every run of white space one blank."""
    return " ".join(text.split())


def composed(text: str) -> str:
    """Return text with every letter and its accents as one character (NFC), as most programs but macOS write it."""
    return unicodedata.normalize("NFC", text)


def title_of(path: Path) -> str:
    """Return the title of a file that has none of its own: its name."""
    return composed(one_line(printable(path.stem)))
