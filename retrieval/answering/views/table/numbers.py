"""Numbers, measures and days in the cells of a table, made comparable."""

import re
from collections.abc import Mapping

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
_ISO_DATE = re.compile(r"\b(\d{4})-(\d\d)-(\d\d)\b")


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
    """Return the first number in a text: 1,280.50, 1.280,50, 18.40 €; of a day 20240903. NaN where there is none."""
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
