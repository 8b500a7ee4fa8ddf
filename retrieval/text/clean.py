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
_UNSEEN_IN_WORDS = re.compile("[\u00ad\u200b\u2060\ufeff]")
_LINE_END = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_HALF = re.compile("[\ud800-\udfff]")


def printable(text: str) -> str:
    """Remove what nobody sees on a page, make every line end a newline, and mark halves of surrogate pairs."""
    return _HALF.sub("\ufffd", _UNSEEN.sub("", _LINE_END.sub("\n", text)))


# What is one word to people and another to a computer: ligatures, full and half width, presentation forms.
_FORMS = (
    "\u0132\u0133\u0140\u2103\u2109\u2113\u2126\u212a\u212b\u2160-\u217f\ufb00-\ufb4f\ufb50-\ufdff\ufe70-\ufefc"
    "\uff01-\uffdc\U0001d400-\U0001d7ff"
)
_FORM = re.compile(f"[{_FORMS}]")
_FIGURE = re.compile("[\u00b2\u00b3\u00b9\u2070-\u209c]")  # raised and lowered
_RAISED = re.compile("(?<=[0-9])(?=[\u00b2\u00b3\u00b9\u2070-\u207f])")


def has_forms(text: str) -> bool:
    """Tell whether a text holds letters in forms that a model does not know: ﬁ, ｆ, 𝐟."""
    return not text.isascii() and _FORM.search(text) is not None


def searchable(text: str) -> str:
    """Return a text as it is searched, never as it is quoted: one form for each letter and figure, nothing unseen.

    NFKC for what looks like other signs ("ﬁ" is "fi", "CO₂" is "CO2"); 10⁶ becomes "10^6", which is not 106.
    """
    if text.isascii():
        return text
    text = _UNSEEN_IN_WORDS.sub("", text)
    if _FIGURE.search(text):
        text = _FIGURE.sub(_folded, _RAISED.sub("^", text))
    return _FORM.sub(_folded, text) if _FORM.search(text) else text


def _folded(match: re.Match[str]) -> str:
    return unicodedata.normalize("NFKC", match.group())


def one_line(text: str) -> str:
    """Make every run of white space one blank."""
    return " ".join(text.split())


def composed(text: str) -> str:
    """Return text with every letter and its accents as one character (NFC), as most programs but macOS write it."""
    return unicodedata.normalize("NFC", text)


def title_of(path: Path) -> str:
    """Return the title of a file that has none of its own: its name."""
    return composed(one_line(printable(path.stem)))
