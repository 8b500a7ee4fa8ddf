"""The libraries of a data folder, by the names that people gave them. Knows nothing of what is in them.

A library's folder stays where it is, whatever it is called and whether it is in sight: the files that it quotes are
in it. Each call opens the database anew, so several copies of a page may use it.
"""

import re
import secrets
import sqlite3
import time
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from retrieval.errors import ArgumentError, StorageError
from ui.server.kept.conversations import made, opened
from ui.words import one_line

LONGEST_NAME = 80  # characters
_SCHEMA = """
CREATE TABLE IF NOT EXISTS libraries (
    folder TEXT PRIMARY KEY, name TEXT NOT NULL, key TEXT NOT NULL UNIQUE, archived INTEGER NOT NULL DEFAULT 0,
    added REAL NOT NULL);
"""


class Shelf:
    """The named libraries in one folder, which is made, with the file of their names, for the first of them."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._path = folder, folder / "libraries.db"

    def names(self, archived: bool = False) -> list[str]:
        """Return the names of the libraries that are in sight, or of those that are archived, by alphabet."""
        if not self._path.exists():
            return []
        with self._opened() as database:
            rows = database.execute("SELECT name FROM libraries WHERE archived = ? ORDER BY key", (archived,))
            return [str(name) for (name,) in rows]

    def folder(self, name: str) -> Path | None:
        """Return where the library of this name is, if it is in sight. Case makes no difference."""
        if not self._path.exists():
            return None
        with self._opened() as database:
            query = "SELECT folder FROM libraries WHERE key = ? AND NOT archived"
            row = database.execute(query, (folded(name),)).fetchone()
        return self._folder / str(row[0]) if row else None

    def add(self, name: str) -> Path:
        """Choose a folder for a new library, and return it. ArgumentError for a name that is taken, or none."""
        name = checked(name)
        stem = re.sub(r"\W+", "-", name).strip("-")[:40]
        folder = f"{stem}-{secrets.token_hex(3)}.pincite".lstrip("-")
        made(self._path)
        with self._opened(name) as database:
            row = (folder, name, folded(name), time.time())
            database.execute("INSERT INTO libraries (folder, name, key, added) VALUES (?, ?, ?, ?)", row)
        return self._folder / folder

    def rename(self, name: str, new: str) -> None:
        """Give a library another name. ArgumentError as for `add`, and where there is no such library."""
        new = checked(new)
        self._change("UPDATE libraries SET name = ?, key = ? WHERE key = ?", new, (new, folded(new), folded(name)))

    def archive(self, name: str, archived: bool = True) -> None:
        """Take a library out of sight, or bring it back; nothing of it is lost. ArgumentError where there is none."""
        self._change("UPDATE libraries SET archived = ? WHERE key = ?", name, (archived, folded(name)))

    def _change(self, statement: str, name: str, values: tuple[object, ...]) -> None:
        if not self._path.exists():
            raise unknown(name)
        with self._opened(name) as database:
            if not database.execute(statement, values).rowcount:
                raise unknown(name)

    @contextmanager
    def _opened(self, name: str = "") -> Iterator[sqlite3.Connection]:
        try:
            with opened(self._path, _SCHEMA) as database:
                yield database
        except sqlite3.IntegrityError:
            raise taken(name) from None
        except (sqlite3.Error, OSError) as error:
            raise StorageError(
                f"the names of the libraries, {self._path}, cannot be read or written: {error}"
            ) from error


def checked(name: str) -> str:
    """Return a name as it is kept, on one line; ArgumentError where it is empty or too long."""
    name = one_line(name)
    if not folded(name):
        raise ArgumentError("A library needs a name.")
    if len(name) > LONGEST_NAME:
        raise ArgumentError(f"A name has at most {LONGEST_NAME} characters; this one has {len(name)}.")
    return name


def folded(name: str) -> str:
    """Return what names have in common that people would take for the same."""
    seen = (sign for sign in unicodedata.normalize("NFKC", one_line(name)) if unicodedata.category(sign) != "Cf")
    return " ".join("".join(seen).casefold().split())


def taken(name: str) -> ArgumentError:
    """Return what to say where a name is another library's."""
    return ArgumentError(f"There is a library “{name}” already, perhaps among those that are archived.")


def unknown(name: str) -> ArgumentError:
    """Return what to say where there is no library of a name, or it is out of sight."""
    return ArgumentError(f"There is no library “{one_line(name)}” here.")
