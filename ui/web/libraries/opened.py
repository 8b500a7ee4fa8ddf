"""The libraries of one page, each with its Service. People, tokens and limits are the page's, all else a library's."""

import threading
from collections.abc import Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import Any

from retrieval.errors import ArgumentError
from retrieval.files import absolute
from ui.web import render
from ui.web import validation as incoming
from ui.web.libraries.shelf import LONGEST_NAME, Shelf, folded, taken, unknown
from ui.web.service import Service
from ui.words import one_line

OWN = "My documents"  # the page's own library, which begins with the shipped article
_GIVEN = "The page was started with --library, and shows the libraries that were named there and no others."


class Libraries:
    """Libraries by name; the first is meant where none is named. Safe to use from several threads.

    places: folders or addresses, the first library's before the others, all named by the last part of them.
    shelf: more, which people create, rename and archive on the page; each is opened when somebody first asks for it.
    """

    def __init__(self, first: Service, places: Sequence[str | Path] = (), shelf: Shelf | None = None) -> None:
        self.first = first
        self._names = _named(places) if places else [OWN]
        self._shelf = shelf
        self._lock = threading.Lock()
        self._opened = {self._names[0]: first}
        self._opened |= {
            name: _warming(first.another(at)) for name, at in zip(self._names[1:], places[1:], strict=True)
        }

    def names(self) -> list[str]:
        """Return the names of all libraries that can be asked, the first one's first."""
        return [*self._names, *(self._shelf.names() if self._shelf else ())]

    def service(self, name: Any = "") -> Service:
        """Return the service of a library, the first one's for ""; ArgumentError where there is none of this name."""
        if not name:
            return self.first
        key = folded(incoming.text(name))
        for known in self._names:
            if folded(known) == key:
                return self._opened[known]
        folder = self._shelf.folder(name) if self._shelf else None
        if folder is None:
            raise unknown(name)
        with self._lock:
            if str(folder) not in self._opened:
                self._opened[str(folder)] = _warming(self.first.another(folder))
            return self._opened[str(folder)]

    def close(self) -> None:
        """Close all libraries but the first, once they are no longer being made ready."""
        for service in self._opened.values():
            service.readiness.wait()  # the interpreter must not end under a thread that loads a model
            if service is not self.first:
                service.library.close()

    # --- what the page calls

    def libraries(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """List the libraries, {"library"} being shown: {"html", "name"}; "html" is "" where there is no choice."""
        chosen = folded(incoming.text(asked.get("library") or ""))
        names = self.names()
        name = next((each for each in names if folded(each) == chosen), "") if chosen else names[0]
        if len(names) == 1 and not self._shelf:
            return {"html": "", "name": name}
        own = bool(self._shelf) and name not in ("", *self._names)
        archived = self._shelf.names(archived=True) if self._shelf else None
        return {"html": render.libraries(names, name, own, archived), "name": name}

    def new_library(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Create an empty library {"name"}: {"name"} as it is kept."""
        shelf, name = self._own(), one_line(incoming.text(asked["name"]))
        self._free(name)
        shelf.add(name)
        self.service(name)
        return {"name": name}

    def rename_library(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Give the library {"from"} the name {"name"}: {"name"} as it is kept."""
        shelf, name, before = self._own(), one_line(incoming.text(asked["name"])), incoming.text(asked["from"])
        self._movable(before)
        self._free(name)
        shelf.rename(before, name)
        return {"name": name}

    def archive_library(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Take the library {"name"} out of sight; nothing of it is lost."""
        shelf, name = self._own(), incoming.text(asked["name"])
        self._movable(name)
        shelf.archive(name)
        return {"archived": True}

    def restore_library(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Bring the archived library {"name"} back."""
        self._own().archive(incoming.text(asked["name"]), archived=False)
        return {"restored": True}

    def _own(self) -> Shelf:
        if self._shelf is None:
            raise ArgumentError(_GIVEN)
        return self._shelf

    def _movable(self, name: str) -> None:
        if folded(name) in map(folded, self._names):
            raise ArgumentError(f"“{self._names[0]}” is what the page begins with, and stays as it is.")

    def _free(self, name: str) -> None:
        if folded(name) in map(folded, self._names):
            raise taken(name)


def _warming(service: Service) -> Service:
    """Let a library get ready meanwhile; calls of it wait."""
    threading.Thread(target=service.warm, daemon=True).start()
    return service


def _named(places: Sequence[str | Path]) -> list[str]:
    """Name libraries by the last part of their folders or addresses, with a number where two are called the same."""
    names: list[str] = []
    for place in map(str, places):
        last = place.rstrip("/").rpartition("/")[2] if "://" in place else absolute(place).name
        name = one_line(last.removesuffix(".pincite"))[:LONGEST_NAME] or "library"
        numbered = (name if number == 1 else f"{name} ({number})" for number in count(1))
        names.append(next(each for each in numbered if folded(each) not in map(folded, names)))
    return names
