"""A library in a folder: `library.db`, the truth, and `vectors.faiss`, a cache of it."""

import json
import os
import shutil
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from retrieval.errors import LibraryError, StorageError
from retrieval.files import new_file
from retrieval.storage.base import Judgement
from retrieval.storage.copying import backed_up
from retrieval.storage.local.database import Database, next_generation
from retrieval.storage.local.documents import MOST_VERSIONS, Documents, Files, Versions
from retrieval.storage.local.fulltext import reindex
from retrieval.storage.local.passages import Passages
from retrieval.text import WORDS, Analysis

_OWN = ("library.db", "vectors.faiss", "conversations.db", "uploads")  # begin the names of what a library makes


class LocalBackend:
    """A database, and over it documents, files, passages with their indexes, and facts; see storage.base.Backend."""

    def __init__(self, folder: Path, create: bool = True, most_versions: int = MOST_VERSIONS) -> None:
        """Open or create a folder; LibraryError where there is none and none is to be made, or it is no library's.

        most_versions: bytes of all earlier versions that are kept.
        """
        if os.path.lexists(folder) and not os.path.isdir(folder):  # noqa: PTH112  # no error without permission
            raise LibraryError(f"{folder} is a file; a library is a folder")
        is_there = os.path.lexists(folder / "library.db")
        if create and not is_there and (other := _others(folder)):
            hint = "a library is made in a new folder, or an empty one"
            raise LibraryError(f"{folder} holds no library, but {other}; {hint}")
        if not create and not is_there:
            raise LibraryError(f"{folder} holds no library; make one with: pincite add --library {folder} PATH…")
        self.folder = folder
        self.database = Database(folder / "library.db")
        self.passages = Passages(self.database, folder / "vectors.faiss")
        self.documents = Documents(self.database, self.passages, most_versions)
        self.files = Files(self.database, self.passages, most_versions)
        self.versions = Versions(self.database, most_versions)
        self.facts = Facts(self.database)

    @property
    def name(self) -> str:
        """The folder."""
        return str(self.folder)

    def analyse(self, analysis: Analysis) -> None:
        """Find passages by the terms of an analysis; those indexed otherwise are indexed anew, if that can be."""
        if (self.facts.get("analysis") or WORDS.version) != analysis.version:
            if self.database.is_frozen:
                return
            try:
                with self.database.writing() as connection:
                    next_generation(connection)
                    reindex(connection, analysis)
            except StorageError:  # it may be read only: then its words are searched as before
                return
        self.passages.analysis = analysis

    def check(self) -> None:
        """Read the whole file; LibraryDamagedError where SQLite finds damage, or what is not as it was written."""
        self.database.check()
        self.documents.check()

    def backup(self, target: Path) -> Path:
        """Copy the folder; see Library.backup.

        The index goes first: it then covers no more than the database does, and is caught up on opening.
        """
        with backed_up(self.name, target) as folder:
            with suppress(FileNotFoundError):
                shutil.copy(self.folder / "vectors.faiss", folder)
            self.database.copy(folder / "library.db")
            copied = LocalBackend(folder)
            copied.check()
            copied.close()
        return target

    @classmethod
    def restore(cls, backup: Path, folder: Path) -> None:
        """Make the library in a folder what a backup is; see Library.restore."""
        source = cls(backup, create=False)
        try:
            source.check()
            if folder.exists() and folder.samefile(backup):
                raise LibraryError(f"{folder} is the backup itself; name the library to restore")
            with suppress(LibraryError):  # what its log holds is brought into the file that is replaced
                cls(folder, create=False).close()
            with new_file(folder / "library.db") as copied:
                source.database.copy(copied)
                for name in ("library.db-wal", "library.db-shm", "vectors.faiss"):  # of what is replaced
                    (folder / name).unlink(missing_ok=True)
        except OSError as error:
            raise StorageError(f"{folder} was not restored: {error}") from error
        finally:
            source.close()

    def save(self) -> None:
        """Write the index's snapshot where it is behind."""
        self.passages.save()

    def close(self) -> None:
        """Write the index's snapshot where it is behind, and close the files."""
        self.passages.close()
        self.database.close()


def _others(folder: Path) -> str:
    """Return the name of something in a folder that no library has made, "" where there is nothing."""
    with suppress(OSError):  # said when the database is opened
        for path in sorted(folder.iterdir()):
            if not path.name.startswith((*_OWN, ".")):
                return path.name
    return ""


class Facts:
    """What is kept of the library as a whole; see storage.base.Facts."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, key: str) -> str | None:
        """Return a fact, or None."""
        return self._database.meta(key)

    def record(self, key: str, value: str) -> None:
        """Record a fact unless one is there already."""
        self._database.set_meta(key, value)

    def generation(self) -> int:
        """Return the number of the last write; it only grows."""
        return self._database.generation()

    def size(self) -> int:
        """Return the bytes of the folder's files."""
        return sum(file.stat().st_size for file in self._database.path.parent.iterdir() if file.is_file())

    def add_feedback(self, question: str, found: bool, quotes: Sequence[str], good: bool, note: str) -> None:
        """Keep one judgement of an answer."""
        with self._database.writing() as connection:
            connection.execute(
                "INSERT INTO feedback (question, found, quotes, good, note) VALUES (?, ?, ?, ?, ?)",
                (question, found, json.dumps(list(quotes)), good, note),
            )

    def feedback(self) -> list[Judgement]:
        """Return (id, question, found, quotes, good, note) of every judgement, oldest first."""
        with self._database.reading() as connection:
            query = "SELECT id, question, found, quotes, good, note FROM feedback ORDER BY id"
            rows = connection.execute(query).fetchall()
            return [(row[0], row[1], bool(row[2]), json.loads(row[3]), bool(row[4]), row[5]) for row in rows]
