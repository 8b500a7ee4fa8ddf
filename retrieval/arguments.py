"""What is given to a public call is checked at the door: errors name the argument, what was given, what is expected."""

import math
import operator
import reprlib
from collections.abc import Iterable, Mapping
from typing import Any

from retrieval.errors import ArgumentError


def wrong(name: str, value: object, expected: str, kind: type[Exception] = TypeError) -> Exception:
    """Return the error that says what an argument was and what it can be."""
    return kind(f"{name} is {reprlib.repr(value)}; expected {expected}")


def text(name: str, value: object) -> str:
    """Return text; TypeError where it is none, ArgumentError where it holds half of a surrogate pair."""
    if not isinstance(value, str):
        raise wrong(name, value, "text")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise wrong(name, value, "text without halves of surrogate pairs", ArgumentError) from None
    return value


def whole(name: str, value: Any, least: int = 0, most: int = 2**63 - 1, kind: type[Exception] = ArgumentError) -> int:
    """Return a whole number from `least` to `most`; TypeError, or an error of this kind."""
    expected = f"a whole number from {least} to {most}"
    try:
        number = operator.index(value)
    except TypeError:
        raise wrong(name, value, expected) from None
    if isinstance(value, bool) or not least <= number <= most:
        raise wrong(name, value, expected, TypeError if isinstance(value, bool) else kind)
    return number


def number(name: str, value: Any, least: float = 0.0, most: float = math.inf) -> float:
    """Return a finite number from `least` to `most`; TypeError or ArgumentError."""
    expected = f"a number from {least:g} to {most:g}" if most < math.inf else f"a number of {least:g} or more"
    if isinstance(value, bool | str | bytes | bytearray) or not hasattr(value, "__float__"):
        raise wrong(name, value, expected)
    try:
        found = float(value)
    except (TypeError, ValueError, OverflowError):
        raise wrong(name, value, expected, ArgumentError) from None
    if not math.isfinite(found) or not least <= found <= most:
        raise wrong(name, value, expected, ArgumentError)
    return found


def mapping(name: str, value: Any) -> Mapping[str, Any]:
    """Return a mapping, an empty one for None; TypeError."""
    if not isinstance(value, Mapping | None):
        raise wrong(name, value, "a mapping, or None")
    return value or {}


def several(name: str, value: Any, kind: type | tuple[type, ...], expected: str) -> list[Any]:
    """Return a list of things of a kind; TypeError, also for one of them alone that could be gone through."""
    if isinstance(value, str | bytes | bytearray | Mapping) or not isinstance(value, Iterable):
        raise wrong(name, value, f"a list of {expected}")
    items = list(value)
    for each in items:
        if not isinstance(each, kind):
            raise wrong(f"one of {name}", each, expected)
    return items
