"""Accents that are printed over letters as signs of their own -> letters with accents. Knows nothing about PDF.

TeX draws "é" as "´" and "e" unless a font with such letters is asked for; most papers that it made do not ask.
"""

import re
import unicodedata
from collections.abc import Callable
from typing import Any

DROPPED = "\u200b"  # what stands for an accent that is now in its letter; no reader sees it
_COMBINING = dict(
    zip("´`¨ˆ˜ˇ˚¸˝˙¯˘", "\u0301\u0300\u0308\u0302\u0303\u030c\u030a\u0327\u030b\u0307\u0304\u0306", strict=True)
)
_ACCENT = re.compile("[´`¨ˆ˜ˇ˚¸˝˙¯˘]")
_DOTLESS = str.maketrans("ıȷ", "ij")


def composed(text: str, box: Callable[[int], Any]) -> str:
    """Put each accent into the letter under or above it; the text keeps its length.

    box: index of a character -> its left, right, bottom and top, in points, ascent and descent included.
    """
    signs = list(text)
    for found in _ACCENT.finditer(text):
        at = found.start()
        letter = _under(text, at, box)
        whole = unicodedata.normalize("NFC", text[letter].translate(_DOTLESS) + _COMBINING[found[0]])
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
