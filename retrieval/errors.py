"""Every error that Pincite raises on purpose, and the checks of arguments at the door of public calls.

PinciteError
├── ArgumentError        a value cannot be used
├── QuestionError        the question itself cannot be asked
├── DocumentError        one document or file cannot be read or stored
│   └── ContentError     until the file changes
│       └── EmptyError   for there is no text in it
├── SyncError            a folder cannot be followed
├── ModelError           the embedding model cannot be found, checked or loaded
├── ClusterError         the machines that encode cannot be had or lose work
└── LibraryError         the library as a whole
    ├── LibraryDamagedError
    ├── EncoderMismatchError
    ├── StorageError
    └── UnreachableError a server that holds it
"""

import math
import operator
import reprlib
from collections.abc import Iterable, Mapping
from typing import Any


class PinciteError(Exception):
    """Base of all; people see it in the terminal or on the page, so its text says what to do."""


class ArgumentError(PinciteError, ValueError):
    """Seen by whoever calls: names the argument, what was given and what is expected; nothing was done."""


class QuestionError(PinciteError):
    """Seen by whoever asks: the question is empty or longer than the limit."""


class DocumentError(PinciteError):
    """Seen in the report of an add: names the file or doc_id; the other documents go on."""

    def __init__(self, source: str, reason: str) -> None:
        super().__init__(f"{source}: {reason}")
        self.source = source
        self.reason = reason


class ContentError(DocumentError):
    """Seen as its base is: what the file holds cannot be read. size, mtime_ns: the file's state at that time."""

    def __init__(self, source: str, reason: str, size: int, mtime_ns: int) -> None:
        super().__init__(source, reason)
        self.size = size
        self.mtime_ns = mtime_ns


class EmptyError(ContentError):
    """Seen as its base is: the file holds no text, so what it held before answers no more."""


class SyncError(PinciteError):
    """Seen on sync: the folder is not there, or so little is left in it that it may not be whole; nothing changed."""


class ModelError(PinciteError):
    """Seen on first use: the weights are missing, altered, or of a kind that cannot be used."""


class ClusterError(PinciteError):
    """Seen on an add with a Ray cluster: Ray is missing, cannot be reached or failed; what was stored is kept."""


class LibraryError(PinciteError):
    """Seen on open or write: the library folder is missing, unreadable or not a library."""


class LibraryDamagedError(LibraryError):
    """Seen on open, search or write: library.db is damaged; the file is left as it is."""


class EncoderMismatchError(LibraryError):
    """Seen on add or search: the library was built with another encoder; says how to go on."""


class UnreachableError(LibraryError):
    """Seen on any use: a server does not answer or refuses the token; names it. Nothing was half done."""


class StorageError(LibraryError):
    """Seen on write: the disk is full, read-only or locked; what was acknowledged is kept."""


# --- arguments: an error names the argument, what was given, what is expected


def wrong(name: str, value: object, expected: str, kind: type[Exception] = TypeError) -> Exception:
    """Return the error that says what an argument was and what it can be."""
    return kind(f"{name} is {reprlib.repr(value)}; expected {expected}")


def check_text(name: str, value: object) -> str:
    """Return text; TypeError where it is none, ArgumentError where it holds half of a surrogate pair."""
    if not isinstance(value, str):
        raise wrong(name, value, "text")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise wrong(name, value, "text without halves of surrogate pairs", ArgumentError) from None
    return value


def check_whole(
    name: str, value: Any, least: int = 0, most: int = 2**63 - 1, kind: type[Exception] = ArgumentError
) -> int:
    """Return a whole number from `least` to `most`; TypeError, or an error of this kind."""
    expected = f"a whole number from {least} to {most}"
    try:
        number = operator.index(value)
    except TypeError:
        raise wrong(name, value, expected) from None
    if isinstance(value, bool) or not least <= number <= most:
        raise wrong(name, value, expected, TypeError if isinstance(value, bool) else kind)
    return number


def check_number(name: str, value: Any, least: float = 0.0, most: float = math.inf) -> float:
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


def check_mapping(name: str, value: Any) -> Mapping[str, Any]:
    """Return a mapping, an empty one for None; TypeError."""
    if not isinstance(value, Mapping | None):
        raise wrong(name, value, "a mapping, or None")
    return value or {}


def check_several(name: str, value: Any, kind: type | tuple[type, ...], expected: str) -> list[Any]:
    """Return a list of things of a kind; TypeError, also for one of them alone that could be gone through."""
    if isinstance(value, str | bytes | bytearray | Mapping) or not isinstance(value, Iterable):
        raise wrong(name, value, f"a list of {expected}")
    items = list(value)
    for each in items:
        if not isinstance(each, kind):
            raise wrong(f"one of {name}", each, expected)
    return items
