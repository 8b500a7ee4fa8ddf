"""Numbers as a spreadsheet shows them by their format codes (ECMA-376, part 1, 18.8.31); days as ISO 8601."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction

DAYS_1900, DAYS_1904 = datetime(1899, 12, 30), datetime(1904, 1, 1)
BUILT_IN = {
    1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00", 5: "#,##0;(#,##0)", 6: "#,##0;(#,##0)", 7: "#,##0.00;(#,##0.00)",
    8: "#,##0.00;(#,##0.00)", 9: "0%", 10: "0.00%", 11: "0.00E+00", 12: "# ?/?", 13: "# ??/??",
    14: "yyyy-mm-dd", 15: "d-mmm-yy", 16: "d-mmm", 17: "mmm-yy", 18: "h:mm AM/PM", 19: "h:mm:ss AM/PM", 20: "h:mm",
    21: "h:mm:ss", 22: "yyyy-mm-dd h:mm", 37: "#,##0;(#,##0)", 38: "#,##0;(#,##0)", 39: "#,##0.00;(#,##0.00)",
    40: "#,##0.00;(#,##0.00)", 41: "#,##0;(#,##0)", 43: "#,##0.00;(#,##0.00)", 45: "mm:ss", 46: "[h]:mm:ss",
    47: "mm:ss.0", 48: "##0.0E+0",
}  # fmt: skip
_TOKEN = re.compile(
    r'"(?P<quoted>[^"]*)"?|\\(?P<escaped>.)|\[\$(?P<currency>[^\]-]*)[^\]]*\]|\[(?P<span>h+|m+|s+)\]|\[[^\]]*\]|[_*].'
    r"|(?P<time>AM/PM|A/P|y+|d+|m+|h+|s+(?:\.0+)?)|(?P<power>E[+-]0*)|(?P<sign>[#0?.,%])|(?P<other>.)",
    re.IGNORECASE | re.DOTALL,
)
_SECTIONS = re.compile(r'(?:"[^"]*"|\\.|\[[^\]]*\]|[^;"\\\[]|["\\\[])+|(?<=;)(?=;|$)|^(?=;)')
_CONDITION = re.compile(r"\[(<=|>=|<>|<|>|=)\s*(-?[\d.]+)\]")
_FRACTION = re.compile(r"(?:([#0?]+)\s+)?([#0?]+)\s?/\s?(?:(\d*[1-9]\d*)|([#0?]+))")
_LONGEST = 255  # characters of a code, as in Excel
_Token = tuple[str, str]  # kind, text


def formatted(value: float, code: str, day_zero: datetime = DAYS_1900) -> str:
    """Return a number as its code shows it; a day as ISO 8601, because 03/04 is one day here and another there."""
    code = code[:_LONGEST]
    with localcontext(prec=400):
        number = Decimal(f"{value:.15g}")
        section, is_signed = _section(number, code)
        tokens = [
            (str(found.lastgroup or ""), found[found.lastgroup] if found.lastgroup else "")
            for found in _TOKEN.finditer(section)
        ]
        kinds = {kind for kind, _ in tokens}
        shows_digits = any(kind == "sign" and text in "#0?" for kind, text in tokens)
        if code.strip() and not section.strip():
            return ""
        if "general" in section.lower() or not tokens or "@" in section:
            return _general(float(value))
        if kinds & {"time", "span"} and not shows_digits and "power" not in kinds:
            return _moment(float(value), tokens, day_zero)
        minus = "-" if is_signed and number < 0 else ""
        part = _FRACTION.search(section)
        if part and '"' not in part.group():
            before, after = _literal(section[: part.start()]), _literal(section[part.end() :])
            return f"{minus}{before}{_fraction(abs(number), part)}{after}".strip()
        if not shows_digits:
            return f"{minus}{_literal(section)}".strip()
        shown = _number(abs(number), tokens)
        return (minus if re.search("[1-9]", shown) else "") + shown


def _section(value: Decimal, code: str) -> tuple[str, bool]:
    """Return the section of a code that holds for a value, and whether a minus stands before what it shows."""
    sections = [found.group() for found in _SECTIONS.finditer(code)][:3] or [""]
    conditions = [_CONDITION.search(each) for each in sections]
    if any(conditions):
        for number, (each, stated) in enumerate(zip(sections, conditions, strict=True)):
            if stated and _holds(value, stated[1], Decimal(stated[2])):
                return each, not (stated[1].startswith("<") and Decimal(stated[2]) <= 0)
            if not stated and (number != 1 or len(sections) < 3 or value < 0):
                return each, True
        return "General", True
    if value < 0 and len(sections) > 1 and (sections[1].strip() or len(sections) > 2):
        return sections[1], False
    return (sections[2] if value == 0 and len(sections) > 2 else sections[0]), True


def _holds(value: Decimal, sign: str, limit: Decimal) -> bool:
    return ("<" in sign and value < limit) or (">" in sign and value > limit) or ("=" in sign and value == limit)


def _literal(code: str) -> str:
    """Return what a part of a format code prints as it stands."""
    kinds = ("quoted", "escaped", "currency", "other")
    return "".join(found[found.lastgroup] for found in _TOKEN.finditer(code) if found.lastgroup in kinds)


def _general(value: float) -> str:
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else f"{value:.15g}".replace("e", "E")


def _rounded(value: Decimal, places: int) -> tuple[str, str]:
    """Return the digits before and behind the point, halves rounded up; "" before it for zero."""
    whole, _, rest = f"{value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP):f}".partition(".")
    return whole.lstrip("0"), rest


def _fraction(value: Decimal, code: re.Match[str]) -> str:
    whole = int(value) if code[1] else 0
    rest = Fraction(value) - whole
    if code[3]:
        below = int(code[3])
        above = int((Decimal(rest.numerator) / rest.denominator * below).quantize(Decimal(1), ROUND_HALF_UP))
    else:
        near = rest.limit_denominator(10 ** len(code[4]) - 1)
        above, below = near.numerator, near.denominator
    if code[1] and above == below:
        whole, above = whole + 1, 0
    if code[1] and not above:
        return str(whole)
    return f"{whole} {above}/{below}" if whole else f"{above}/{below}"


def _number(value: Decimal, tokens: Sequence[_Token]) -> str:
    """Put the digits of a number in their places, what else the code prints between them."""
    digits = [at for at, (kind, text) in enumerate(tokens) if kind == "sign" and text in "#0?"]
    points = [at for at, token in enumerate(tokens) if token == ("sign", ".")]
    point = points[0] if points else digits[-1] + 1
    before, behind = ([at for at in digits if (at < point) is is_before] for is_before in (True, False))
    commas = [at for at, token in enumerate(tokens) if token == ("sign", ",")]
    is_grouped = any(before and before[0] < at < before[-1] for at in commas)
    value *= Decimal(100) ** sum(token == ("sign", "%") for token in tokens)
    value /= Decimal(1000) ** sum(not before or at > before[-1] for at in commas)
    power = 0
    has_power = any(kind == "power" for kind, _ in tokens)
    if has_power:
        value, power = _scaled(value, len(before), len(behind))
    whole, rest = _rounded(value, len(behind))
    shown = dict(zip(behind, rest, strict=True))
    for at in reversed(behind):
        if tokens[at][1] == "0" or shown[at] != "0":
            break
        shown[at] = ""
    shown |= _placed(whole, [(at, tokens[at][1]) for at in before], is_grouped)
    parts = []
    for at, (kind, text) in enumerate(tokens):
        if at in shown:
            parts.append(shown[at])
        elif at in points[:1]:
            parts.append((whole if not before else "") + ("." if any(shown[each] for each in behind) else ""))
        elif kind == "power":
            sign = "-" if power < 0 else "+" if "+" in text else ""
            parts.append(f"E{sign}{abs(power):0{text.count('0')}}" if "0" in text else f"E{sign}{abs(power)}")
        elif kind != "sign" or text == "%":
            parts.append(text if kind != "span" else "")
    return "".join(parts).strip()


def _scaled(value: Decimal, size: int, places: int) -> tuple[Decimal, int]:
    """Return a number as what stands before its power of ten, and the power. size: digits before the point."""
    if not value:
        return value, 0
    size = max(1, size)
    for _ in range(2):  # 9.99 may become 10.0
        power = value.adjusted() // size * size
        whole, rest = _rounded(value.scaleb(-power), places)
        value = Decimal(f"{whole or 0}.{rest or 0}").scaleb(power)
    return value.scaleb(-power), power


def _placed(whole: str, places: Sequence[tuple[int, str]], is_grouped: bool) -> dict[int, str]:
    """Return what stands in each place before the point; the first takes all digits that are left."""
    found: dict[int, str] = {}
    count = 0
    for number, (at, sign) in reversed(list(enumerate(places))):
        own = whole[-1:] or ("0" if sign == "0" else "")
        whole, own = ("", whole or own) if number == 0 else (whole[:-1], own)
        made = ""
        for digit in reversed(own):
            made = digit + ("," if is_grouped and count and count % 3 == 0 else "") + made
            count += 1
        found[at] = made
    return found


def _moment(value: float, tokens: Sequence[_Token], day_zero: datetime) -> str:
    """Return a day, a month, a year, a time or both, no more of it than is shown."""
    clock = _clock(tokens)
    days = {text[0].lower(): text for kind, text in clock if kind == "day"}
    times = [at for at, (kind, _) in enumerate(clock) if kind in ("clock", "span")]
    if not days and not times:
        return _literal("".join(text for _, text in tokens))
    smallest = max((len(text.partition(".")[2]) for _, text in clock if text.lower().startswith("s")), default=0)
    moment = day_zero + timedelta(seconds=round(value * 86_400, smallest)) if days else day_zero
    day = _day(moment, days)
    if not times or (days and moment.time() == datetime.min.time()):
        return day
    if days:
        clock = clock[times[0] : times[-1] + 1]
    return f"{day} {_time(round(value * 86_400, smallest), clock)}".strip()


def _clock(tokens: Sequence[_Token]) -> list[_Token]:
    """Tell days from times among the tokens: m beside hours or seconds is minutes."""
    marks = [at for at, (kind, _) in enumerate(tokens) if kind in ("time", "span")]
    made = list(tokens)
    for place, at in enumerate(marks):
        text = tokens[at][1].lower()
        before = tokens[marks[place - 1]][1].lower()[0] if place else ""
        after = tokens[marks[place + 1]][1].lower()[0] if place + 1 < len(marks) else ""
        is_clock = text[0] in "hsa" or (text[0] == "m" and len(text) < 3 and (before == "h" or after == "s"))
        if tokens[at][0] == "time":
            made[at] = ("clock" if is_clock else "day", text)
    return made


def _day(moment: datetime, days: dict[str, str]) -> str:
    year, month, day = days.get("y"), days.get("m"), days.get("d")
    if year and month and day:
        return str(moment.date())
    name = f"{moment:%B}" if month and len(month) == 4 else f"{moment:%b}"
    if day and len(day) > 2:
        weekday = f"{moment:%A}" if len(day) > 3 else f"{moment:%a}"
        return weekday if not month else f"{weekday} {moment.day} {name}"
    if day:
        return f"{moment.day} {name}" if month else str(moment.day)
    if year and month:
        return f"{name} {moment.year}" if len(month) > 2 else f"{moment:%Y-%m}"
    if month:
        return name if len(month) > 2 else str(moment.month)
    return str(moment.year) if year else ""


def _time(seconds: float, clock: Sequence[_Token]) -> str:
    """Return a time as its code writes it; hours with two digits, which sort, unless they are of half a day."""
    halves = next((text for kind, text in clock if kind == "clock" and text.startswith("a")), "")
    spans = {text[0].lower() for kind, text in clock if kind == "span"}
    minus, seconds = ("-", -seconds) if seconds < 0 else ("", seconds)
    minutes, hours = int(seconds // 60), int(seconds // 3600)
    parts = []
    for kind, text in clock:
        first = text[:1].lower()
        if kind not in ("clock", "span"):
            parts.append(text)
        elif first == "h":
            shown = hours if "h" in spans else hours % 24
            parts.append(f"{(shown % 12 or 12):0{len(text)}}" if halves else f"{shown:02}")
        elif first == "m":
            parts.append(f"{minutes if 'm' in spans else minutes % 60:0{len(text)}}")
        elif first == "s":
            own = seconds if "s" in spans else seconds % 60
            places = len(text.partition(".")[2])
            parts.append(f"{own:0{places + 3}.{places}f}" if places else f"{int(own):0{len(text)}}")
        else:
            half = "AM" if hours % 24 < 12 else "PM"
            parts.append(half if len(text) > 3 else half[0])
    return minus + "".join(parts).strip()
