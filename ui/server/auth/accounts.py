"""Users with their passwords, tokens of programs, and who logged out: in one file, which its owner alone may read.

Keeps hashes only, of passwords by scrypt (RFC 7914), of tokens, which nobody can guess, by SHA-256. Several pages and
commands may use the file at once; each opens it anew, so that what one changes is so for all at their next request.
"""

import hashlib
import hmac
import secrets
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import platformdirs

LONGEST_NAME = 80  # characters
SHORTEST_PASSWORD = 8  # characters
PREFIX = "pincite_"  # begins every token, so that people and scanners know one when they see it
_SECONDS = 5.0  # for which a statement waits for another process's
_SCHEMA = """
CREATE TABLE IF NOT EXISTS users (name TEXT PRIMARY KEY, salt BLOB NOT NULL, hash BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS tokens (name TEXT PRIMARY KEY, hash TEXT NOT NULL UNIQUE, made REAL NOT NULL);
CREATE TABLE IF NOT EXISTS epochs (name TEXT PRIMARY KEY, epoch TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS secrets (secret TEXT NOT NULL);
"""


@dataclass(frozen=True, slots=True)
class Password:
    """What is kept of a password: hash = scrypt of user and password with the salt."""

    salt: bytes
    hash: bytes

    @classmethod
    def of(cls, user: str, password: str, salt: bytes = b"") -> "Password":
        """Hash a password, with a salt at random where none is given."""
        salt = salt or secrets.token_bytes(16)
        return cls(salt, hashlib.scrypt(f"{user}\0{password}".encode(), salt=salt, n=2**14, r=8, p=1))

    def matches(self, user: str, password: str) -> bool:
        """Compare in constant time."""
        return hmac.compare_digest(Password.of(user, password, self.salt).hash, self.hash)


@dataclass(frozen=True, slots=True)
class Token:
    """One token. made: seconds since 1970."""

    name: str
    made: float


class Accounts:
    """Who there is, in a file that is made when somebody is added.

    path: None for a file that ends with this process. OSError, from every method, where the file cannot be used.
    """

    def __init__(self, path: Path | None) -> None:
        self._own = None if path else TemporaryDirectory(prefix="pincite-")
        self.path = path.expanduser().absolute() if path else Path(self._own.name) / "accounts.db"  # type: ignore[union-attr]

    @staticmethod
    def default_path() -> Path:
        """Return where the accounts of the person's own pages are, among their data."""
        return platformdirs.user_data_path("pincite", appauthor=False) / "accounts.db"

    # --- users

    def users(self) -> list[str]:
        """Return the names, in order."""
        return [name for (name,) in self._read("SELECT name FROM users ORDER BY name")]

    def known(self, user: str) -> tuple[Password | None, str]:
        """Return what is kept of a user: the password (None where there is none), the last log-out ("" where none)."""
        joined = "(SELECT ? AS name) LEFT JOIN users USING (name) LEFT JOIN epochs USING (name)"
        for salt, kept, epoch in self._read(f"SELECT salt, hash, epoch FROM {joined}", user):
            return Password(salt, kept) if salt else None, epoch or ""
        return None, ""

    def add_user(self, user: str, password: str) -> None:
        """Add a user, or give one another password, with which all sessions end. ValueError says what is wrong."""
        if len(password) < SHORTEST_PASSWORD:
            raise ValueError(f"the password has {len(password)} characters; choose one of at least {SHORTEST_PASSWORD}")
        kept = Password.of(checked_name(user), password)
        self._write("INSERT OR REPLACE INTO users VALUES (?, ?, ?)", user, kept.salt, kept.hash)

    def remove_user(self, user: str) -> bool:
        """Remove a user, who is logged out at once; tell whether there was one."""
        return self._is_there() and self._write("DELETE FROM users WHERE name = ?", user) > 0

    # --- logins

    def secret(self) -> str:
        """Return what logins are signed with, made at random the first time."""
        made = secrets.token_hex(32)
        self._write("INSERT INTO secrets SELECT ? WHERE NOT EXISTS (SELECT 1 FROM secrets)", made)
        return str(self._read("SELECT secret FROM secrets")[0][0])

    def end_sessions(self, user: str) -> None:
        """End all logins of a user until now."""
        self._write("INSERT OR REPLACE INTO epochs VALUES (?, ?)", user, secrets.token_hex(8))

    # --- tokens

    def tokens(self) -> list[Token]:
        """Return the tokens that are good, in order of their names."""
        return [Token(*row) for row in self._read("SELECT name, made FROM tokens ORDER BY name")]

    def create_token(self, name: str) -> str:
        """Make a token and return it, which cannot be had again; ValueError where the name is taken or none."""
        token = PREFIX + secrets.token_urlsafe(32)
        row = (checked_name(name), _digest(token), time.time())
        if not self._write("INSERT OR IGNORE INTO tokens VALUES (?, ?, ?)", *row):
            raise ValueError(f"there is a token {name!r} already; revoke it first, or choose another name")
        return token

    def revoke_token(self, name: str) -> bool:
        """Let a token be good no more; tell whether there was one."""
        return self._is_there() and self._write("DELETE FROM tokens WHERE name = ?", name) > 0

    def token_name(self, token: str) -> str:
        """Return the name of a token, "" for one that is not good."""
        rows = self._read("SELECT name FROM tokens WHERE hash = ?", _digest(token))
        return str(rows[0][0]) if rows else ""

    # --- the file

    def _is_there(self) -> bool:
        return self.path.exists()

    def _read(self, query: str, *values: object) -> list[Any]:
        if not self._is_there():
            return []
        with self._opened() as database:
            return database.execute(query, values).fetchall()

    def _write(self, statement: str, *values: object) -> int:
        """Return how many rows have changed."""
        if not self._is_there():
            try:
                self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                self.path.touch(mode=0o600)
            except OSError as error:
                raise self._unusable(error) from error
        with self._opened() as database:
            return database.execute(statement, values).rowcount

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        try:
            with closing(sqlite3.connect(self.path, timeout=_SECONDS, isolation_level=None)) as database:
                database.executescript(f"PRAGMA secure_delete = ON; {_SCHEMA}")
                yield database
        except sqlite3.Error as error:
            raise self._unusable(error) from error

    def _unusable(self, error: Exception) -> OSError:
        return OSError(f"the accounts in {self.path} cannot be used ({error}); --accounts names another file")


def checked_name(name: str) -> str:
    """Return a name; ValueError where it cannot be one of a user or token."""
    if not name or name != name.strip() or ":" in name or not name.isprintable():
        raise ValueError(f"{name!r} is no name; it has letters, and no colon and no blanks at its ends")
    if len(name) > LONGEST_NAME:
        raise ValueError(f"the name has {len(name)} characters; at most {LONGEST_NAME} fit")
    return name


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
