"""Dates that a text names, as numbers that can be put in order: English, and figures as they are written everywhere."""

import re
from typing import NamedTuple

from retrieval.records import Span
from retrieval.text.patterns import MONTHS

_MONTH = rf"(?P<month>(?:{'|'.join(MONTHS)})|(?:jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)\b\.?)"
_DAY = r"(?P<day>[12]\d|3[01]|0?[1-9])"
_YEAR = r"(?P<year>1[0-9]{3}|20[0-9]{2})"
_FORMS = [
    re.compile(form, re.IGNORECASE)
    for form in (
        rf"(?<![\d-]){_YEAR}-(?P<month>0[1-9]|1[0-2])-{_DAY}(?![\d-])",
        rf"(?<![\d.]){_DAY}\.\s?(?P<month>0?[1-9]|1[0-2])\.\s?{_YEAR}(?!\d)",
        rf"(?<!\d){_DAY}(?:st|nd|rd|th)?\s+(?:of\s+)?{_MONTH},?\s+{_YEAR}(?!\d)",
        rf"\b{_MONTH}\s+{_DAY}(?:st|nd|rd|th)?,?\s+{_YEAR}(?!\d)",
        rf"\b{_MONTH},?\s+{_YEAR}(?!\d)",
        rf"(?<!\d){_DAY}(?:st|nd|rd|th)?\s+(?:of\s+)?{_MONTH}(?!\w)",
        rf"\b{_MONTH}\s+{_DAY}(?:st|nd|rd|th)?(?![\d:])",
        r"(?<![\w.,$€£-])(?<!\d )(?<!\b(?-i:[A-Z]{2}) )"  # nor of a flight, "EZ 1873"
        rf"{_YEAR}(?![\w%]|[.,]\d|-\d|\s*(?:kg|km|euros?|dollars?|people|hours|litres?)\b)",
        rf"\b(?:(?:in|by|since|until|before|after|from|during|of|mid|early|late|last|next)[\s-]+){_MONTH}\b",
    )
]


class Date(NamedTuple):
    """A date as far as it is named: 0 for what is not. span: characters into the text."""

    year: int
    month: int
    day: int
    span: Span

    @property
    def order(self) -> tuple[int, int, int]:
        """What dates are sorted by; a year stands before its months, a month before its days."""
        return self.year, self.month, self.day


def find_dates(text: str) -> list[Date]:
    """Return the dates in a text in the order in which they stand there, none inside another."""
    found: list[Date] = []
    for form in _FORMS:
        for match in form.finditer(text):
            start, end = match.span()
            if not any(start < date.span[1] and date.span[0] < end for date in found):
                parts = match.groupdict()
                found.append(Date(int(parts.get("year") or 0), _month(parts), int(parts.get("day") or 0), (start, end)))
    return sorted(found, key=lambda date: date.span)


def with_years(dates: list[Date], year: int) -> list[Date]:
    """Return dates with the year that some of them lack."""
    return [date if date.year else date._replace(year=year) for date in dates]


def _month(parts: dict[str, str | None]) -> int:
    named = (parts.get("month") or "").lower().rstrip(".")
    if not named or named.isdigit():
        return int(named or 0)
    return 1 + next(number for number, month in enumerate(MONTHS) if month.lower().startswith(named[:3]))
