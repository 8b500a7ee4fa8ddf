"""The SQLite file: connections, transactions, generations, and its errors as ours.

Every write raises the generation by one and stamps it with a random number: the same generation with another stamp is
another history, as after the file was deleted or restored from a backup.

A process that was forked must not use its parent's connections, nor open new ones beside them: SQLite would take the
parent's locks for its own, and what the child then acknowledges is gone when the parent closes. So all connections are
closed before a fork, and opened anew on both sides.
"""

import os
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from weakref import WeakSet

import numpy as np

from retrieval.errors import LibraryDamagedError, LibraryError, StorageError
from retrieval.storage.local.schema import SCHEMA_VERSION, TABLES, UPGRADED, upgrade

Connection = sqlite3.Connection
BUSY_SECONDS = 60.0  # that a write waits for another
PAGE_BYTES = 8192  # with 4096, 265 passages take 3 % more and 14,000 take 7 %; with 16384, 6 % more and 6 % less
FORK_SECONDS = 20.0  # that a fork waits for other threads to be done with what they read or write
_BUSY = "another program is writing to it; try again when that is done"
_DENIED = "check the permissions of the file and its folder"
_FULL = "free some space or choose another folder; what was added before is kept"
# SQLite's primary error codes that are about the disk and not about what the file holds.
_STORAGE_HINTS = {
    "AUTH": _DENIED,
    "BUSY": _BUSY,
    "CANTOPEN": _DENIED,
    "CONSTRAINT": "another program changed it meanwhile; try again",
    "FULL": _FULL,
    "IOERR": _FULL,
    "LOCKED": _BUSY,
    "NOMEM": "close other programs to free memory",
    "PERM": _DENIED,
    "PROTOCOL": _BUSY,
    "READONLY": _DENIED,
    "TOOBIG": "split the document into smaller ones",
}


class _Lending:
    """Counts the connections that threads use, in all databases of this process, and holds them back for a fork."""

    def __init__(self) -> None:
        self.databases: WeakSet[Database] = WeakSet()
        self._changed = threading.Condition()
        self._used = Counter[int]()  # thread -> connections
        self._forking = False
        self._torn = False

    def begin(self) -> None:
        """Let the calling thread use one more; StorageError in a process whose parent used some as it was forked."""
        if self._torn:
            hint = "fork when no thread reads or writes one, or start processes by spawn"
            raise StorageError(f"libraries cannot be used here: another was being read or written at the fork; {hint}")
        own = threading.get_ident()
        with self._changed:
            while self._forking and not self._used[own]:
                self._changed.wait()
            self._used[own] += 1

    def end(self) -> None:
        """Take one back."""
        own = threading.get_ident()
        with self._changed:
            self._used[own] -= 1
            if not self._used[own]:
                del self._used[own]
                self._changed.notify_all()

    def before_fork(self) -> None:
        """Wait until no thread uses any, and close all."""
        self._changed.acquire()
        self._forking = True
        self._changed.wait_for(lambda: not self._used.keys() - {threading.get_ident()}, FORK_SECONDS)
        if not self._used:
            for database in self.databases:
                database.close()

    def in_parent(self) -> None:
        """Go on."""
        self._forking = False
        self._changed.notify_all()
        self._changed.release()

    def in_child(self) -> None:
        """Go on without the other threads."""
        self._changed, self._forking, self._torn = threading.Condition(), False, bool(self._used)


_lending = _Lending()
if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(
        before=_lending.before_fork, after_in_parent=_lending.in_parent, after_in_child=_lending.in_child
    )


class Database:
    """Connections to one file: as many as are used at once. Several processes may read while one writes."""

    def __init__(self, path: Path, busy_seconds: float = BUSY_SECONDS) -> None:
        """Open or create; LibraryDamagedError where the file is not a library's, and the file stays as it is."""
        self.path = path
        self._busy_seconds = busy_seconds
        self._idle: list[Connection] = []
        self._frozen = False
        self._file: tuple[int, int] | None = None  # device and inode, once it is there
        _lending.databases.add(self)
        with self._errors():
            path.parent.mkdir(parents=True, exist_ok=True)
            size = path.stat().st_size if path.exists() else None
            if size == 0 and (path.parent / "vectors.faiss").exists():
                raise LibraryDamagedError(f"{path} is empty although the library was not; restore it from a backup")
            if size and size < 512:  # which SQLite would take for a new one
                raise self.damaged(f"it has {size} bytes")
            if size is None and path.parent.is_dir():
                _make_private(path)
            with self.reading() as connection:
                empty = _is_empty(connection)
            self._file = _identity(path)
        if empty:
            self._create()
        if self.meta("schema") == str(UPGRADED):
            self._upgrade()
        found = self.meta("schema")
        if found != str(SCHEMA_VERSION):
            hint = "add your documents to a new library"
            raise LibraryError(f"{path} has schema {found}, and this pincite reads schema {SCHEMA_VERSION}; {hint}")

    def _create(self) -> None:
        with self.writing() as connection:
            if _is_empty(connection):  # else another process was first
                for statement in TABLES.split(";\n"):
                    connection.execute(statement)
                connection.execute("INSERT INTO meta VALUES ('schema', ?)", (SCHEMA_VERSION,))

    def _upgrade(self) -> None:
        """Bring the file to the present schema, once; StorageError where it cannot be written."""
        try:
            with self.writing() as connection, np.errstate(over="ignore", invalid="ignore"):
                if connection.execute("SELECT value FROM meta WHERE key = 'schema'").fetchone() == (str(UPGRADED),):
                    upgrade(connection)  # else another process was first
        except (ValueError, TypeError) as error:
            raise self.damaged(error) from error
        except StorageError as error:
            hint = "open it, or a copy of its folder, once where it can be written"
            message = f"{self.path} was made by an earlier pincite and must be rewritten; {hint}"
            raise StorageError(f"{message} ({error})") from error
        with suppress(LibraryError), self._lent() as connection:  # else what was freed is used by what is added next
            for statement in ("PRAGMA journal_mode = DELETE", f"PRAGMA page_size = {PAGE_BYTES}", "VACUUM"):
                connection.execute(statement)  # pages of another size cannot be written ahead
            _use_wal(connection, self._busy_seconds)

    @property
    def is_frozen(self) -> bool:
        """Whether it can only be read."""
        return self._frozen

    def _connect(self) -> Connection:
        """Open the file, or where nothing can be written beside it, read it as one that does not change."""
        try:
            connection, self._frozen = _configured(str(self.path), self._busy_seconds), False
        except sqlite3.OperationalError as error:
            if not self._cannot_be_written(error):
                raise
            connection, self._frozen = _configured(f"{self.path.as_uri()}?immutable=1", self._busy_seconds), True
        return connection

    def _cannot_be_written(self, error: sqlite3.OperationalError) -> bool:
        """Tell whether an error is of read-only media; StorageError where what is there cannot be read from them."""
        code = error.sqlite_errorname.split("_")[1]
        if code not in ("CANTOPEN", "READONLY") or not os.access(self.path, os.R_OK):
            return False
        log = self.path.with_name(f"{self.path.name}-wal")
        if log.exists() and log.stat().st_size:
            hint = "copy the folder to where it can be written, or open it there once"
            raise StorageError(f"{log} holds changes that cannot be read without writing; {hint}")
        return True

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """Turn SQLite's errors into ours, which name the file and say what to do."""
        try:
            yield
        except sqlite3.Error as error:
            raise self._explained(error) from error
        except OSError as error:
            raise StorageError(f"{self.path.parent} cannot be used: {error.strerror or error}") from error

    def _explained(self, error: sqlite3.Error) -> LibraryError:
        """Tell trouble with the disk, which SQLite gives a code of its own, from damage."""
        code = getattr(error, "sqlite_errorname", "SQLITE_CORRUPT").split("_")[1]  # no code: text that is not UTF-8
        if code not in _STORAGE_HINTS:
            return self.damaged(error)
        return StorageError(f"{self.path} cannot be read or written: {error} ({_STORAGE_HINTS[code]})")

    def damaged(self, reason: object) -> LibraryDamagedError:
        """Return the error that says that this file is damaged, and what to do."""
        hint = "restore it from a backup, or add your documents to a new library; this file was left as it is"
        return LibraryDamagedError(f"{self.path} is damaged ({reason}); {hint}")

    def _check_is_there(self) -> None:
        """StorageError where the file was removed or replaced since: what is written to it would be lost."""
        if self._file is not None and _identity(self.path) != self._file:
            raise StorageError(f"{self.path} was removed or replaced while it was open; open the library again")

    @contextmanager
    def _lent(self) -> Iterator[Connection]:
        """Lend a connection that nobody else uses meanwhile."""
        _lending.begin()
        try:
            with self._errors(), self._connected() as connection:
                yield connection
        finally:
            _lending.end()

    @contextmanager
    def _connected(self) -> Iterator[Connection]:
        self._check_is_there()
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = self._connect()
        try:
            yield connection
        finally:
            if self._frozen:  # whoever may write could begin to: what was read is not to be read again from memory
                connection.close()
            else:
                self._idle.append(connection)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Lend a connection; what cannot be decoded while it is lent counts as damage."""
        with self._lent() as connection:
            try:
                yield connection
            except (ValueError, TypeError) as error:
                raise self.damaged(error) from error

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One transaction, rolled back whole on any error."""
        with self._lent() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                self._check_is_there()
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    def close(self) -> None:
        """Close the connections; using the database again opens new ones."""
        while self._idle:
            self._idle.pop().close()

    def copy(self, path: Path) -> None:
        """Write what is there now to a new file, by SQLite's online backup: others may read and write meanwhile."""
        _make_private(path)
        with self.reading() as connection, closing(sqlite3.connect(path)) as copied:
            connection.backup(copied)

    def check(self) -> None:
        """Read the whole file; LibraryDamagedError where SQLite finds damage, also in its full-text index."""
        with self.reading() as connection:
            found = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
            query = "SELECT count(*) FROM {} WHERE id NOT IN (SELECT id FROM {})"
            names = ("passages", "fulltext_docsize")
            apart = sum(connection.execute(query.format(*each)).fetchone()[0] for each in (names, names[::-1]))
        if found != "ok" or apart:
            raise self.damaged(f"{apart} passages differ from the full-text index" if found == "ok" else found)
        if os.access(self.path, os.W_OK) and not self._frozen:
            with self.writing() as connection:
                connection.execute("INSERT INTO fulltext (fulltext) VALUES ('integrity-check')")

    def meta(self, key: str) -> str | None:
        """Return a fact about the library as a whole, or None."""
        with self.reading() as connection:
            row = connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
            return None if row is None else str(row[0])

    def set_meta(self, key: str, value: str) -> None:
        """Record a fact unless one is there already."""
        with self.writing() as connection:
            connection.execute("INSERT OR IGNORE INTO meta VALUES (?, ?)", (key, value))

    def generation(self) -> int:
        """Return the number of the last write; it only grows."""
        with self.reading() as connection:
            return int(connection.execute("SELECT coalesce(max(generation), 0) FROM writes").fetchone()[0])

    def stamp(self, generation: int) -> int | None:
        """Return the random number of a write, or None where there was no such write."""
        with self.reading() as connection:
            row = connection.execute("SELECT stamp FROM writes WHERE generation = ?", (generation,)).fetchone()
            return None if row is None else int(row[0])


def _make_private(path: Path) -> None:
    """Make an empty file for its owner alone, where there is none; what SQLite puts beside it is as private."""
    with suppress(OSError):  # SQLite says why
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))


def _identity(path: Path) -> tuple[int, int] | None:
    """Return what tells a file from others of its name, or None where there is none."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _configured(name: str, busy_seconds: float) -> Connection:
    """Connect to a path or, where it begins with "file:", a URI."""
    connection = sqlite3.connect(
        name, timeout=busy_seconds, isolation_level=None, check_same_thread=False, uri=name.startswith("file:")
    )
    try:
        connection.execute(f"PRAGMA page_size = {PAGE_BYTES}")  # of a new file
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA cache_size = -16000")  # the inner pages of a million passages; a third off reading
        _use_wal(connection, busy_seconds)
    except BaseException:
        connection.close()
        raise
    return connection


def _use_wal(connection: Connection, busy_seconds: float) -> None:
    """Switch to write-ahead logging, once for a file. SQLite does not wait for other processes here, so this does."""
    deadline = time.monotonic() + busy_seconds
    while connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if not error.sqlite_errorname.startswith("SQLITE_BUSY") or time.monotonic() > deadline:
                raise
            time.sleep(0.01)


def _is_empty(connection: Connection) -> bool:
    return connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'meta'").fetchone() is None


def next_generation(connection: Connection) -> int:
    """Begin a generation in the running transaction and return its number."""
    return int(connection.execute("INSERT INTO writes (stamp) VALUES (random())").lastrowid or 0)
