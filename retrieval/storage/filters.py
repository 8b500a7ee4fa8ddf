"""What `where` asks for: its values and ranges, and SQL over documents (d). Knows nothing about passages or ranking."""

import json
import re
from collections.abc import Mapping
from typing import Any

from retrieval.errors import QuestionError
from retrieval.records import Scalar

_COLUMNS = ("doc_id", "source", "title")
_DATE = r"\d{4}(?:-\d\d(?:-\d\d)?)?"
_RANGE = re.compile(rf"({_DATE})?\.\.({_DATE})?")
_ANY_OF = "IN (SELECT CAST(value AS TEXT) FROM json_each(?))"


def conditions(where: Mapping[str, Any]) -> tuple[str, list[Scalar]]:
    """Return (SQL, parameters) for {"doc_id", "source", "title" or a metadata key: a value, or a list of any of them}.

    A range of ISO dates is a value too, and both ends are inside: "2018-06..2018-07", "2018..", "..2018-06-14".
    Raises QuestionError for a value that cannot be compared.
    """
    parts, parameters = ["1"], list[Scalar]()
    for key, value in where.items():
        column = f"d.{key}" if key in _COLUMNS else "CAST(m.value AS TEXT)"
        matches, values = _matches(column, options(key, value))
        if key in _COLUMNS:
            parts.append(matches)
            parameters += values
        else:
            parts.append(f"EXISTS (SELECT 1 FROM json_each(d.metadata) m WHERE m.key = ? AND {matches})")
            parameters += [key, *values]
    return " AND ".join(parts), parameters


def options(key: str, value: Any) -> list[Scalar]:
    """Return the values that a condition allows; QuestionError names one that cannot be compared."""
    options = list(value) if isinstance(value, list | tuple | set | frozenset) else [value]
    wrong = [option for option in options if not isinstance(option, Scalar)]
    if wrong:
        raise QuestionError(f"where[{key!r}] is {value!r}; expected text, a number, true or false, or a list of those")
    return options


def date_range(option: Scalar) -> tuple[str, str] | None:
    """Return the ends of a range of dates, "" for one that is open, or None where a value is no range."""
    found = _RANGE.fullmatch(option) if isinstance(option, str) and option != ".." else None
    return None if found is None else (found[1] or "", found[2] or "")


def _matches(column: str, options: list[Scalar]) -> tuple[str, list[Scalar]]:
    """Return SQL that is true where a column is one of these values, or within one of these ranges."""
    parts, parameters = [f"{column} {_ANY_OF}"], list[Scalar]([json.dumps(options)])
    for option in options:
        if found := date_range(option):
            first, last = found
            parts.append(f"({column} GLOB '[0-9][0-9][0-9][0-9]*' AND {column} >= ? AND substr({column}, 1, ?) <= ?)")
            parameters += [first, len(last) or 1, last or "9"]
    return f"({' OR '.join(parts)})", parameters
