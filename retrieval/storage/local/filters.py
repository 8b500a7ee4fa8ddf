"""Conditions as SQL over documents (d)."""

import json
from collections.abc import Iterable

from retrieval.records import Scalar
from retrieval.storage.filters import FIELDS, Condition

_ANY_OF = "IN (SELECT CAST(value AS TEXT) FROM json_each(?))"


def compiled(conditions: Iterable[Condition]) -> tuple[str, list[Scalar]]:
    """Return (SQL, parameters) that is true where a document meets every condition."""
    parts, parameters = ["1"], list[Scalar]()
    for condition in conditions:
        key = condition.key
        column = f"d.{key}" if key in FIELDS else "CAST(m.value AS TEXT)"
        matches, values = _matches(column, condition)
        if key in FIELDS:
            parts.append(matches)
            parameters += values
        else:
            parts.append(f"EXISTS (SELECT 1 FROM json_each(d.metadata) m WHERE m.key = ? AND {matches})")
            parameters += [key, *values]
    return " AND ".join(parts), parameters


def _matches(column: str, condition: Condition) -> tuple[str, list[Scalar]]:
    """Return SQL that is true where a column is one of the values, or within one of the ranges."""
    parts, parameters = [f"{column} {_ANY_OF}"], list[Scalar]([json.dumps(condition.values)])
    for dates in condition.ranges:
        parts.append(f"({column} GLOB '[0-9][0-9][0-9][0-9]*' AND {column} >= ? AND substr({column}, 1, ?) <= ?)")
        parameters += [dates.first, len(dates.last) or 1, dates.last or "9"]
    return f"({' OR '.join(parts)})", parameters
