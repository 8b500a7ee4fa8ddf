"""Fields that files state about themselves, brought to common names and forms. Knows nothing about file formats.

The common names: author, publication, date (ISO 8601), language (BCP 47 as given), publisher, url, and whatever else.
"""

import re
from collections.abc import Iterable, Mapping
from email.utils import parsedate_to_datetime
from typing import Any

from retrieval.records import Scalar
from retrieval.text import one_line, printable

_LONGEST_VALUE = 500  # characters
_NAMES = {
    name: known
    for known, names in {
        "author": "authors creator byline by",
        "date": "published pubdate publication_date publication-date",
        "publication": "journal sitename",
        "language": "lang",
        "url": "link",
    }.items()
    for name in names.split()
}
_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
_MONTH_NAME = (
    "(?P<name>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|"
    "oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
_YEAR = r"(?P<year>1[0-9]{3}|20[0-9]{2})"
_FORMS = [
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"(?:D:)?{_YEAR}-?(?P<month>0[1-9]|1[0-2])(?:-?(?P<day>0[1-9]|[12]\d|3[01]))(?:[T\s\d].*)?",
        rf"(?:D:)?{_YEAR}(?:-(?P<month>0[1-9]|1[0-2]))?",
        rf"{_YEAR}/(?P<month>\d\d?)/(?P<day>\d\d?)",
        rf"(?P<day>\d\d?)(?:st|nd|rd|th)?\.?\s{_MONTH_NAME}\.?,?\s{_YEAR}",
        rf"{_MONTH_NAME}\.?\s(?P<day>\d\d?)(?:st|nd|rd|th)?,?\s{_YEAR}",
        rf"{_MONTH_NAME}\.?,?\s{_YEAR}",
        rf"(?P<day>\d\d?)\.(?P<month>\d\d?)\.{_YEAR}",
    )
]


def iso_date(text: str) -> str:
    """Return "2018", "2018-06" or "2018-06-14" for a date in a usual form; "" for anything else.

    "03/04/2018" is not read, because it is one day in Europe and another in the United States.
    """
    text = one_line(text)
    for form in _FORMS:
        found = form.fullmatch(text)
        if found:
            return _joined(found.groupdict())
    try:
        return parsedate_to_datetime(text).date().isoformat()  # as in e-mail
    except (ValueError, TypeError, IndexError, OverflowError):
        return ""


def _joined(parts: Mapping[str, str | None]) -> str:
    """Join year, month and day that make a date; "" where they do not."""
    name = (parts.get("name") or "").lower()[:3]
    month = _MONTHS.index(name) + 1 if name else int(parts.get("month") or 0)
    day = int(parts.get("day") or 0)
    if month > 12 or day > 31:
        return ""
    return "-".join([str(parts["year"]), *(f"{part:02}" for part in (month, day) if part)])


def common(fields: Mapping[str, Any] | Iterable[tuple[str, Any]]) -> dict[str, Scalar]:
    """Bring fields to common names and forms; what is empty or no scalar is left out, lists are joined by "; "."""
    found: dict[str, Scalar] = {}
    for key, value in dict(fields).items():
        name = str(key).strip().lower()
        name = _NAMES.get(name, name)
        scalar = _scalar(value)
        if name == "date" and not isinstance(scalar, bool):
            scalar = iso_date(str(scalar)) or scalar
        if scalar != "" and name not in found:
            found[name] = scalar
    return found


def _scalar(value: Any) -> Scalar:
    """Return one value as text, number or truth; "" for what is none of them."""
    if isinstance(value, list | tuple):  # one level: YAML's references make deeper ones explode
        flat = (_scalar(part) for part in value[:100] if not isinstance(part, list | tuple))
        return "; ".join(str(part) for part in flat if part != "")[:_LONGEST_VALUE]
    if isinstance(value, bool | int | float):
        return value if abs(value) < 2**63 else ""  # neither infinite, nor no number at all: SQLite's JSON has none
    if isinstance(value, str):
        return one_line(printable(value))[:_LONGEST_VALUE]
    return str(value) if hasattr(value, "isoformat") else ""
