"""Numbers, measures and days in the cells of a table, made comparable."""

import re
from collections.abc import Mapping

from retrieval.text import WEEKDAYS

NUMBER = r"[-−]?\d+(?:[.,  ]\d{3})*(?:[.,]\d+)?"
EMPTY = re.compile(r"(?:0+(?:[.,]0+)?|none|no|sold out|out of stock|unavailable|n/?a|[-–—])\b\W*$", re.IGNORECASE)
# Units of one measure, by the smallest: "1 h 20 min" is 80, "1.2 kg" is 1,200.
UNITS: Mapping[str, float] = {
    unit: size
    for size, units in (
        (1 / 60, "s sec secs second seconds"),
        (1, "min mins minute minutes g gram grams mm millimetre millimetres"),
        (10, "cm centimetre centimetres"),
        (60, "h hr hrs hour hours"),
        (1000, "kg kilo kilos kilogram kilograms metre metres meter meters"),
        (1440, "day days"),
        (10_080, "week weeks"),
        (1e6, "km kilometre kilometres kilometer kilometers tonne tonnes"),
    )
    for unit in units.split()
}
_NUMBER = re.compile(NUMBER)
_MEASURE = re.compile(rf"({NUMBER})\s*({'|'.join(sorted(UNITS, key=len, reverse=True))})\b", re.IGNORECASE)
_DAY_NAMES = [day[:3].lower() for day in WEEKDAYS]
_NAMED_DAYS = {"daily": range(7), "every day": range(7), "weekday": range(5), "weekend": range(5, 7)}
_DAY = rf"(?:{'|'.join(f'{day[:3]}(?:{day[3:]}|s|rs|nes)?' for day in map(str.lower, WEEKDAYS))})"
WEEK = rf"(?:{_DAY}|{'|'.join(_NAMED_DAYS)})"
_DAYS = re.compile(
    rf"(?:(?P<all>(?:{'|'.join(_NAMED_DAYS)})s?)|"
    rf"(?P<first>{_DAY})s?\.?(?:\s?(?:-|–|to|until|through)\s?(?P<last>{_DAY})s?\.?)?)(?: only)?"
)
CLOCK = re.compile(r"\W{0,2}([01]?\d|2[0-4]):([0-5]\d)\b")
_ISO_DATE = re.compile(r"\b(\d{4})-(\d\d)-(\d\d)\b")


def days(value: str) -> set[int]:
    """Return the days of the week that a cell names, 0 for Monday: "Mon-Fri", "Sat, Sun", "daily"; else none."""
    said, found = value.lower().strip(), set[int]()
    for part in re.split(r"\s*(?:,|;|/|&|\+|\band\b)\s*", said):
        match = _DAYS.fullmatch(part)
        if match is None:
            return set()
        if match["all"]:
            found |= set(_NAMED_DAYS[match["all"].rstrip("s")])
        else:
            first = _DAY_NAMES.index(match["first"][:3])
            last = _DAY_NAMES.index(match["last"][:3]) if match["last"] else first
            found |= {(first + step) % 7 for step in range((last - first) % 7 + 1)}
    return found


def is_number(value: str) -> bool:
    """Tell whether a cell begins with a number."""
    return bool(re.match(r"\W{0,3}\d", value))


def measured(value: str, unit: str = "") -> float:
    """Return the number in a text; of a measure with its units, in the smallest of its kind, or in a given unit."""
    measures = _MEASURE.findall(value)
    if not measures:
        return number(value)
    return sum(number(amount) * UNITS[name.lower()] for amount, name in measures) / UNITS.get(unit.lower(), 1.0)


def number(value: str) -> float:
    """Return the first number in a text: 1,280.50, 1.280,50, 18.40 €; of a day 20240903, of a time its minutes.

    NaN where there is none.
    """
    if time := CLOCK.match(value):
        return 60 * float(time[1]) + float(time[2])
    if date := _ISO_DATE.search(value):
        return float("".join(date.groups()))
    found = _NUMBER.search(value)
    if not found:
        return float("nan")
    digits = re.sub(r"[  ]", "", found[0]).replace("−", "-")
    if re.fullmatch(r"-?\d{1,3}(?:,\d{3})+(?:\.\d+)?", digits):
        return float(digits.replace(",", ""))
    if re.fullmatch(r"-?\d{1,3}(?:\.\d{3})+,\d+|-?\d{1,3}(?:\.\d{3}){2,}|-?\d+,\d+", digits):
        return float(digits.replace(".", "").replace(",", "."))
    return float(digits.replace(",", ""))
