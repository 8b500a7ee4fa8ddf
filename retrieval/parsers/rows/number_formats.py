"""Numbers as format codes of sheets show them (ECMA-376, 18.8.31): 0.125 is 13% by "0%", 5551234 is 555-1234.

Days are ISO 8601, because 03/04 is one day here and another there.
"""

import re
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

DAYS_1900, DAYS_1904 = datetime(1899, 12, 30), datetime(1904, 1, 1)
_QUOTED = re.compile(r'"([^"]*)"|\\(.)|\[\$([^\]-]*)(?:-[^\]]*)?\]|\[[^\]]*\]|_.|\*.')
_TOKEN = re.compile(
    rf"(?P<literal>{_QUOTED.pattern})|(?P<place>[#0?])|(?P<point>\.)|(?P<comma>,)|(?P<other>.)", re.DOTALL
)
_CONDITION = re.compile(r"(?:\[[A-Za-z]+\d*\])*\[(<=|>=|<>|[<>=])(-?\d+(?:\.\d+)?)\]")
_FRACTION = re.compile(r"([#0?]*)\s*([#0?]+)/([#0?]+|\d+)")
_SCIENTIFIC = re.compile(r"0(?:\.([#0?]*))?E[+-](0+)", re.IGNORECASE)
_MOST_PLACES = 30
_LONGEST = 255  # characters of a code, as in Excel


def formatted(value: float, code: str, day_zero: datetime = DAYS_1900) -> str:
    """Return a number by a format code; as programs write it by themselves where the code is not understood."""
    value, code = float(value), code[:_LONGEST]
    if not abs(value) < 1e15:
        return _general(value)
    section, is_own = _section(value, code)
    is_span = re.search(r"\[[hms]+\]", section, re.IGNORECASE) is not None
    bare = _QUOTED.sub("", re.sub(r"\[([hms]+)\]", r"\1", section, flags=re.IGNORECASE))
    if re.search(r"[yd]|m{3}|h|s", bare, re.IGNORECASE) and not re.search(r"[#0?]{2}|General|E\\+", bare):
        return _moment(value, bare, is_span, day_zero)
    sign = "-" if value < 0 and not is_own else ""
    if scientific := _SCIENTIFIC.search(bare):
        mantissa, _, power = f"{abs(value):.{len(scientific[1] or '')}E}".partition("E")
        return f"{sign}{mantissa}E{power[0]}{power[1:].lstrip('0').zfill(len(scientific[2]))}"
    if fraction := _FRACTION.search(bare):
        return sign + _fraction(Fraction(str(abs(value))), fraction)
    if not re.search(r"[#0?]", bare):
        literal = _QUOTED.sub(_literal, section).strip()
        return _general(value) if (not bare.strip() and not literal) or re.search(r"general|@", bare, re.I) else literal
    if not re.fullmatch(r"[#0?.,%()\s€$£¥+\-–−:/]*", bare):
        return _general(value)
    return _placed(Decimal(f"{abs(value):.15g}"), section, sign)


def _section(value: float, code: str) -> tuple[str, bool]:
    """Return the part of a code that a number is shown by, and whether that says by itself that it is negative."""
    sections = code.split(";")
    conditions = [_CONDITION.match(part) for part in sections]
    if any(conditions):
        for part, found in zip(sections, conditions, strict=True):
            if found is None or _holds(value, found[1], float(found[2])):
                return part, found is not None and value < 0 and found[1] in ("<", "<=")
        return "General", False
    if value < 0 and len(sections) > 1 and sections[1].strip():
        return sections[1], True
    return (sections[2], False) if value == 0 and len(sections) > 2 and sections[2].strip() else (sections[0], False)


def _holds(value: float, sign: str, other: float) -> bool:
    is_equal, is_less = value == other, value < other
    return {"=": is_equal, "<>": not is_equal, "<": is_less, ">": not (is_less or is_equal),
            "<=": is_less or is_equal, ">=": not is_less}[sign]  # fmt: skip


def _literal(found: re.Match[str]) -> str:
    """Return what a quoted part of a code prints."""
    return found[1] or found[2] or found[3] or ""


def _placed(number: Decimal, code: str, sign: str) -> str:
    """Return a number with its figures in the places of a code, and what stands between them."""
    tokens = [(found.lastgroup, found) for found in _TOKEN.finditer(code)]
    kinds = ["literal" if found["literal"] else kind for kind, found in tokens]
    places = [number for number, kind in enumerate(kinds) if kind == "place"]
    point = next((number for number, kind in enumerate(kinds) if kind == "point"), len(kinds))
    whole, behind = [at for at in places if at < point], [at for at in places if at > point][:_MOST_PLACES]
    commas = [number for number, kind in enumerate(kinds) if kind == "comma"]
    is_grouped = any(whole and whole[0] < at < whole[-1] for at in commas)
    thousands = sum(at > places[-1] or (whole != [] and whole[-1] < at < point) for at in commas)
    percents = sum(found["other"] == "%" for _, found in tokens)
    scaled = number.scaleb(2 * percents - 3 * thousands)
    rounded = scaled.quantize(Decimal(1).scaleb(-len(behind)), ROUND_HALF_UP)
    before, _, after = f"{rounded:f}".partition(".")
    before = before.lstrip("0")
    zeros = next((len(whole) - n for n, at in enumerate(whole) if code[tokens[at][1].start()] == "0"), 0)
    before = before.zfill(zeros)
    if not whole or not any(kinds[at] in ("literal", "other") for at in range(whole[0], whole[-1])):
        figures = dict.fromkeys(whole[:1], before)
        if is_grouped and before:
            figures[whole[0]] = re.sub(r"(?<=\d)(?=(?:\d{3})+$)", ",", before)
    else:  # 000-0000: the first place takes what is left
        shown = before.rjust(len(whole))
        cut = len(shown) - len(whole) + 1
        figures = dict(zip(whole, [shown[:cut].strip(), *map(str.strip, shown[cut:])], strict=True))
    kept = len(behind)
    while kept and code[tokens[behind[kept - 1]][1].start()] != "0" and after[kept - 1] == "0":
        kept -= 1
    figures |= {at: after[n] if n < kept else "" for n, at in enumerate(behind)}
    parts = []
    for at, ((_, found), kind) in enumerate(zip(tokens, kinds, strict=True)):
        if kind == "literal":
            parts.append(_QUOTED.sub(_literal, found.group()))
        elif kind == "place":
            parts.append(figures.get(at, ""))
        elif kind == "point":
            parts.append("." if kept or (not behind and not whole) else "")
        elif kind == "other":
            parts.append(found.group())
    return f"{sign if rounded else ''}{''.join(parts)}".strip()


def _fraction(number: Fraction, form: re.Match[str]) -> str:
    """Return a number as a whole and a fraction, as "# ?/?" shows 1.5 as 1 1/2."""
    denominator = int(form[3]) if form[3].isdigit() and form[3] != "0" * len(form[3]) else 0
    whole = number.numerator // number.denominator if form[1] else 0
    rest = number - whole
    near = (
        Fraction(round(rest * denominator), denominator)
        if denominator
        else rest.limit_denominator(10 ** len(form[3]) - 1)
    )
    if near == 1 and form[1]:
        whole, near = whole + 1, Fraction(0)
    over = denominator or near.denominator
    part = f"{near * over}/{over}" if near or not form[1] else ""
    return " ".join(filter(None, (str(whole) if whole or not part else "", part)))


def _general(value: float) -> str:
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else f"{value:.15g}".replace("e", "E")


def _moment(value: float, code: str, is_span: bool, day_zero: datetime) -> str:
    """Return a day, a time or both; a year or a month alone where no more is shown."""
    seconds = round(value * 86_400)
    moment = day_zero + timedelta(seconds=seconds)
    code = code.lower()
    has_time, half = "h" in code or "s" in code, re.search(r"am/pm|a/p", code)
    if not re.search(r"[yd]|m{3}", code):
        return _time(seconds if is_span else seconds % 86_400, code, half is not None)
    if "d" not in code and not has_time:
        if "m" not in code:
            return str(moment.year)
        month = f"{moment:%B}" if "mmmm" in code else f"{moment:%b}"
        return f"{moment:%Y-%m}" if "mmm" not in code else f"{month} {moment.year}" if "y" in code else month
    if not has_time or moment.time() == datetime.min.time():
        return str(moment.date())
    return moment.isoformat(" ", "seconds" if "s" in code else "minutes")


def _time(seconds: int, code: str, is_halved: bool) -> str:
    hours, rest = divmod(seconds, 3600)
    minutes, rest = divmod(rest, 60)
    behind = f":{rest:02}" if "s" in code else ""
    if "h" not in code:
        return f"{60 * hours + minutes:02}{behind}" if "m" in code else str(seconds)
    if is_halved:
        return f"{(hours % 12) or 12}:{minutes:02}{behind} {'PM' if hours % 24 >= 12 else 'AM'}"
    return f"{hours:02}:{minutes:02}{behind}"
