"""What stands inside the text of Office files besides letters: symbols, raised figures, equations, charts."""

import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from retrieval.parsers.tables import Cell
from retrieval.text import one_line

_SUPERSCRIPT = str.maketrans("0123456789+-−–=()n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁻⁼⁽⁾ⁿ")
_FIGURES = re.compile(r"[\d+−–()=n-]*\d[\d+−–()=n-]*")
_SYMBOL = " !∀#∃%&∋()∗+,−./0123456789:;<=>?≅ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖ[∴]⊥_‾αβχδεφγηιϕκλμνοπθρστυϖωξψζ{|}∼"  # from 0x20
_SYMBOL_HIGH = "€ϒ′≤⁄∞ƒ♣♦♥♠↔←↑→↓°±″≥×∝∂•÷≠≡≈…⏐⎯↵ℵℑℜ℘⊗⊕∅∩∪⊃⊇⊄⊂⊆∈∉∠∇®©™∏√⋅¬∧∨⇔⇐⇑⇒⇓◊〈®©™∑"  # from 0xA0
_WINGDINGS = {
    0x28: "☎", 0x2A: "✉", 0x3E: "✇", 0x4A: "☺", 0x4C: "☹", 0x6C: "●", 0x6E: "■", 0x6F: "☐", 0x71: "❑", 0x72: "❒",
    0x75: "◆", 0x76: "❖", 0x77: "◆", 0x9F: "•", 0xA1: "○", 0xA7: "▪", 0xA8: "☐", 0xD8: "➢", 0xDF: "←", 0xE0: "→",
    0xE1: "↑", 0xE2: "↓", 0xE8: "➔", 0xF0: "⇨", 0xFB: "✗", 0xFC: "✓", 0xFD: "☒", 0xFE: "☑",
}  # fmt: skip
_WINGDINGS_2 = {0x4F: "✗", 0x50: "✓", 0x51: "☒", 0x52: "☑", 0x53: "☒", 0x54: "☒", 0xA3: "☐"}


def symbol(code: int, font: str) -> str:
    """Return the character that a code shows in a symbol font; "•" for bullets and ornaments that have none."""
    low = code - 0xF000 if 0xF000 <= code <= 0xF0FF else code
    name = font.casefold()
    if name == "symbol" or (not name and code != low):
        if 0x20 <= low < 0x20 + len(_SYMBOL):
            return _SYMBOL[low - 0x20]
        return _SYMBOL_HIGH[low - 0xA0] if 0xA0 <= low < 0xA0 + len(_SYMBOL_HIGH) else "•"
    if name == "wingdings 2":
        return _WINGDINGS_2.get(low, "•")
    if name.startswith("wingdings") or name == "webdings":
        return _WINGDINGS.get(low, "•")
    return chr(low) if code != low or 0x20 <= code < 0xD800 else "•"


def in_font(text: str, font: str, private: str = "Symbol") -> str:
    """Return text that is set in a symbol font as it is seen; private characters of any font too, in `private`."""
    if font.casefold() in ("symbol", "wingdings", "wingdings 2", "wingdings 3", "webdings"):
        return "".join(sign if sign.isspace() else symbol(ord(sign), font) for sign in text)
    return "".join(symbol(ord(sign), private) if 0xF020 <= ord(sign) <= 0xF0FF else sign for sign in text)


def raised(text: str) -> str:
    """Return raised figures as such: 10⁶ is not 106; letters as they are ("1st")."""
    return text.translate(_SUPERSCRIPT) if _FIGURES.fullmatch(text.strip()) else text


# --- equations (OMML)


def local(element: Any) -> str:
    """Return an element's name without its namespace; "" for comments and the like."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def equation(element: Any) -> str:
    """Return an equation on one line: a/b for fractions, r² and x^(n+1) for powers, √(…) for roots."""
    tag = local(element)
    if tag == "t":
        return element.text or ""
    if tag.endswith("Pr") or not tag:
        return ""
    parts = {local(child): equation(child) for child in element}
    if tag == "f":
        return f"{_grouped(parts.get('num', ''))}/{_grouped(parts.get('den', ''))}"
    if tag in ("sSup", "sSub", "sSubSup", "sPre"):
        low = f"_{_grouped(parts['sub'])}" if parts.get("sub") else ""
        return parts.get("e", "") + low + (_power(parts["sup"]) if parts.get("sup") else "")
    if tag == "rad":
        degree = parts.get("deg", "")
        return f"{raised(degree)}√({parts.get('e', '')})"
    if tag == "d":
        return f"({', '.join(equation(child) for child in element if local(child) == 'e')})"
    if tag == "nary":
        sign = next((child.get(key) for child in element.iter("{*}chr") for key in child.attrib), "∫")
        limits = "".join(f"_{_grouped(parts['sub'])}" if name == "sub" else _power(parts["sup"])
                         for name in ("sub", "sup") if parts.get(name))  # fmt: skip
        return f"{sign}{limits} {parts.get('e', '')}"
    if tag == "mr":
        return ", ".join(equation(child) for child in element if local(child) == "e") + "; "
    if tag == "func":
        return f"{parts.get('fName', '')} {parts.get('e', '')}"
    fractions = (" " if local(child) == "f" and child.getnext() is not None else "" for child in element)
    return "".join(equation(child) + blank for child, blank in zip(element, fractions, strict=True))


def _grouped(text: str) -> str:
    text = text.strip()
    return text if re.fullmatch(r"[\w.]+", text) else f"({text})"


def _power(text: str) -> str:
    up = raised(text.strip())
    return up if up != text.strip() else f"^{_grouped(text)}"


# --- drawings


def chart(root: Any) -> tuple[str, list[list[Cell]]]:
    """Return a chart's title, and its figures as rows under the names of its series; no rows where it keeps none."""
    title = one_line(
        " ".join(t.text or "" for each in root.iterfind(".//{*}chart/{*}title") for t in each.iter("{*}t"))
    )
    series = list(root.iter("{*}ser"))[:50]
    if not series:
        return title, []
    names = [_points(each, "tx") for each in series]
    categories = next((found for each in series if (found := _points(each, "cat") or _points(each, "xVal"))), {})
    values = [_points(each, "val") or _points(each, "yVal") for each in series]
    places = sorted({*categories, *(place for each in values for place in each)})[:2000]
    head = ["Category", *(" ".join(each.values()) or f"Series {n}" for n, each in enumerate(names, start=1))]
    rows = [[categories.get(at, ""), *(own.get(at, "") for own in values)] for at in places]
    return title, [[Cell(text, is_head=True) for text in head], *([Cell(text) for text in row] for row in rows)]


def _points(series: Any, name: str) -> dict[int, str]:
    """Return the kept points of a series by their place; figures without what is only an error of binary numbers."""
    found: dict[int, str] = {}
    for part in series.findall(f"{{*}}{name}"):
        for point in part.iter("{*}pt"):
            text = one_line("".join(v.text or "" for v in point.iter("{*}v")))
            with suppress(ValueError):
                text = f"{float(text):.10g}" if "." in text or "E" in text else text
            index = point.get("idx", "")
            found[int(index) if index.isdigit() else len(found)] = text
    return found


def diagram(root: Any) -> Iterator[str]:
    """Yield the words of a SmartArt drawing, a shape at a time."""
    for point in root.iter("{*}pt"):
        if point.get("type", "node") in ("node", "asst"):
            text = one_line(" ".join("".join(t.text or "" for t in p.iter("{*}t")) for p in point.iter("{*}p")))
            if text:
                yield text
