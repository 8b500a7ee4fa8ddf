"""Signs that stand higher, lower or counted on a page, written in a line: powers, marks of notes, list numbers.

51 with a raised 2 is 51² or 51[2], never 512.
"""

import re

_RAISED = str.maketrans("0123456789+-−=()n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ⁿ")
_LOWERED = str.maketrans("0123456789+-−=()", "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎")
_POWER = re.compile(r"[-+−]?[\dn]+|\d*[-+−]")
_ROMAN = ((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl"), (10, "x"),
          (9, "ix"), (5, "v"), (4, "iv"), (1, "i"))  # fmt: skip
_LETTERS = 26


def raised(text: str, *, is_mark: bool = False, before: str = "") -> str:
    """Return raised text as it can stand in a line: "10⁶", "51[2]" for the mark of a note, "5th", "2^(n+1)".

    before: what stands before it; a letter or sign in front of a raised figure makes a unit or formula of both.
    """
    shown = text.strip()
    if not shown:
        return text
    if is_mark:
        return f"[{shown.strip('[]()')}]"
    if _POWER.fullmatch(shown):
        return shown.translate(_RAISED)
    if shown.isalpha() or not any(map(str.isdigit, shown)):
        return text  # 5th, M.lle, ®
    separated = shown.replace(" ", "").replace(",", "").isdigit()  # "1, 2": marks
    return f"[{shown}]" if separated and not before[-1:].isdigit() else f"^({shown})"


def lowered(text: str) -> str:
    """Return lowered text as it can stand in a line: "x₂", "x_max"; for formulas, where H2O need not be found."""
    shown = text.strip()
    if shown.translate(_LOWERED) != shown and all(sign in "0123456789+-−=()" for sign in shown):
        return shown.translate(_LOWERED)
    return f"_{shown}" if len(shown) == 1 or shown.isalnum() else f"_({shown})"


def fraction(above: str, below: str) -> str:
    """Return a fraction in one line: "1/2", "(a + b)/2"."""
    parts = (part.strip() for part in (above, below))
    return " {}/{} ".format(*(part if part.replace(".", "").isalnum() else f"({part})" for part in parts))


def numbered(number: int, style: str) -> str:
    """Return a list's number as printed. style: "1", "a", "A", "i" or "I", as in HTML; "01" with a zero before it."""
    if style in ("i", "I") and 0 < number < 4000:
        shown = _roman(number)
    elif style in ("a", "A") and number > 0:
        shown = _letters(number)
    else:
        return f"{number:02}" if style == "01" else str(number)
    return shown.upper() if style.isupper() else shown


def _roman(number: int) -> str:
    parts = []
    for value, sign in _ROMAN:
        count, number = divmod(number, value)
        parts.append(sign * count)
    return "".join(parts)


def _letters(number: int) -> str:
    """Return a, b, … z, aa, ab, …"""
    signs = ""
    while number:
        number, place = divmod(number - 1, _LETTERS)
        signs = chr(ord("a") + place) + signs
    return signs
