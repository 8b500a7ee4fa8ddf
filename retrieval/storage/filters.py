"""What `where` asks for, parsed; local/filters.py and milvus/filters.py compile it for their engines."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from retrieval.errors import QuestionError, wrong
from retrieval.records import Scalar

FIELDS = ("doc_id", "source", "title")  # of a document; every other key is of its metadata
_DATE = r"\d{4}(?:-\d\d(?:-\d\d)?)?"
_RANGE = re.compile(rf"({_DATE})?\.\.({_DATE})?")


@dataclass(frozen=True, slots=True)
class DateRange:
    """ISO dates from `first` to `last`, whatever begins like them included; "" where it is open."""

    first: str
    last: str


@dataclass(frozen=True, slots=True)
class Condition:
    """A field or metadata key has one of these values, or one within these ranges; none of either allow nothing."""

    key: str
    values: tuple[Scalar, ...]
    ranges: tuple[DateRange, ...]


def parse(where: Mapping[str, Any]) -> list[Condition]:
    """Return the conditions, all of which a document must meet; see Library.search for what they may be.

    A range of ISO dates, "2018-06..2018-07", "2018.." or "..2018-06-14", is a value too, for a field may hold it.
    Raises QuestionError for a value that cannot be compared.
    """
    return [_condition(key, value) for key, value in where.items()]


def _condition(key: str, value: Any) -> Condition:
    values = tuple(value) if isinstance(value, list | tuple | set | frozenset) else (value,)
    if not all(isinstance(each, Scalar) for each in values):
        expected = "text, a number, true or false, or a list of those"
        raise wrong(f"where[{key!r}]", value, expected, QuestionError)
    return Condition(key, values, tuple(filter(None, map(_date_range, values))))


def _date_range(value: Scalar) -> DateRange | None:
    found = _RANGE.fullmatch(value) if isinstance(value, str) and value != ".." else None
    return None if found is None else DateRange(found[1] or "", found[2] or "")
