"""Conditions as filters over passages, and the fields of a passage that they ask.

Values are hashed, so that no text of a document or a question is ever part of a filter.
"""

import hashlib
import json
import re
from collections.abc import Iterable
from typing import Any

from retrieval.records import Document, Scalar
from retrieval.storage.filters import Condition

_DATE_LENGTH = 10
_DATED = re.compile("[0-9]{4}")


def hashed(*parts: object) -> str:
    """Return 128 bits of SHA-256 of the parts, as hex digits."""
    return hashlib.sha256(json.dumps([str(part) for part in parts]).encode()).hexdigest()[:32]


def labels(document: Document) -> dict[str, Any]:
    """Return what `where` can ask for: a number for each value, and what begins like a date by its key."""
    values = {**document.metadata, "doc_id": document.doc_id, "source": document.source, "title": document.title}
    known = {key: _as_text(value) for key, value in values.items() if value is not None}
    dates = {_date_key(key): text[:_DATE_LENGTH] for key, text in known.items() if _DATED.match(text)}
    return {"facets": [_facet(key, text) for key, text in known.items()], "dates": dates}


def compiled(conditions: Iterable[Condition]) -> str:
    """Return the filter that finds what meets every condition; "" for none."""
    return " and ".join(map(_matches, conditions))


def _matches(condition: Condition) -> str:
    facets = [_facet(condition.key, _as_text(value)) for value in condition.values]
    parts = [f"array_contains_any(facets, {facets})"] if facets else ['id == ""']
    for dates in condition.ranges:
        field, last = f'dates["{_date_key(condition.key)}"]', dates.last
        behind = last[:-1] + chr(ord(last[-1]) + 1) if last else ":"  # the least text above all that begin like it
        parts.append(f'({field} >= "{dates.first or "0"}" and {field} < "{behind}")')
    return f"({' or '.join(parts)})"


def _as_text(value: Scalar) -> str:
    """Return a value as SQLite casts it to text."""
    return str(int(value)) if isinstance(value, bool) else str(value)


def _facet(key: str, text: str) -> int:
    return int(hashed(key, text)[:15], 16)


def _date_key(key: str) -> str:
    return f"k{hashed(key)[:15]}"
