"""Conversations that are kept for the person who had them, in a database of their own beside the library.

Nobody sees another's: every statement names the person. Answers stay as they were shown, whatever becomes of the
documents; each copy of a page opens the database anew for each call, so several may use it.
"""

import json
import secrets
import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any

person: ContextVar[str] = ContextVar("person", default="")  # who sent the request that is being answered; "" for nobody
LONGEST_TITLE = 80  # characters
SHOWN = 200  # conversations in a list
_SECONDS = 20.0  # for which a write waits for another copy's
_SCHEMA = """
CREATE TABLE IF NOT EXISTS conversations (
    id TEXT PRIMARY KEY, person TEXT NOT NULL, title TEXT NOT NULL, changed REAL NOT NULL);
CREATE INDEX IF NOT EXISTS of_person ON conversations (person, changed);
CREATE TABLE IF NOT EXISTS turns (
    conversation TEXT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE, number INTEGER NOT NULL,
    question TEXT NOT NULL, turn TEXT NOT NULL, PRIMARY KEY (conversation, number)) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class Conversation:
    """One of a person's conversations. changed: seconds since 1970."""

    id: str
    title: str
    changed: float
    turns: int


class Conversations:
    """The conversations in one file, which is made, for its owner only, when the first is kept.

    path: None where there is no place for them: nothing is kept then, and nothing found.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path

    def keeps(self, who: str) -> bool:
        """Tell whether what this person asks is kept."""
        return self._path is not None and who != ""

    def keep(self, who: str, conversation: str, turn: Mapping[str, Any], number: int | None = None) -> tuple[str, int]:
        """Keep a turn, {"question", …}, and return its conversation and its number, from 1; ("", 0) where none is kept.

        conversation: "" for a new one, which begins with its question as title. number: of the turn that this one
        replaces; those behind it go. KeyError where the conversation is not this person's.
        """
        if self._path is None or not self.keeps(who):
            return "", 0
        question = str(turn["question"])
        made(self._path)
        with opened(self._path, _SCHEMA) as database:
            if conversation:
                self._check(database, who, conversation)
            else:
                conversation = secrets.token_hex(8)
                title = " ".join(question.split())[:LONGEST_TITLE]
                row = (conversation, who, title, time.time())
                database.execute("INSERT INTO conversations VALUES (?, ?, ?, ?)", row)
            last = database.execute("SELECT max(number) FROM turns WHERE conversation = ?", (conversation,)).fetchone()
            end = (last[0] or 0) + 1
            place = end if number is None else min(max(number, 1), end)
            database.execute("DELETE FROM turns WHERE conversation = ? AND number >= ?", (conversation, place))
            shown = json.dumps(turn, ensure_ascii=False)
            database.execute("INSERT INTO turns VALUES (?, ?, ?, ?)", (conversation, place, question, shown))
            database.execute("UPDATE conversations SET changed = ? WHERE id = ?", (time.time(), conversation))
        return conversation, place

    def find(self, who: str, words: str = "") -> list[Conversation]:
        """Return a person's conversations, the last used first: those with these words in title or a question."""
        if not self._is_there():
            return []
        pattern = "%" + words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        with opened(self._path, _SCHEMA) as database:
            rows = database.execute(
                "SELECT id, title, changed, (SELECT count(*) FROM turns WHERE conversation = id) FROM conversations "
                "WHERE person = ? AND (title LIKE ? ESCAPE '\\' OR EXISTS "
                "(SELECT 1 FROM turns WHERE conversation = id AND question LIKE ? ESCAPE '\\')) "
                "ORDER BY changed DESC, id LIMIT ?",
                (who, pattern, pattern, SHOWN),
            ).fetchall()
        return [Conversation(*row) for row in rows]

    def turns(self, who: str, conversation: str, before: int | None = None, count: int = -1) -> list[dict[str, Any]]:
        """Return a conversation's turns in order, each with its "number": the last `count` ones before a number.

        KeyError where the conversation is not this person's.
        """
        if not self._is_there():
            raise KeyError(conversation)
        with opened(self._path, _SCHEMA) as database:
            self._check(database, who, conversation)
            rows = database.execute(
                "SELECT number, turn FROM turns WHERE conversation = ? AND number < ? ORDER BY number DESC LIMIT ?",
                (conversation, 2**62 if before is None else before, count),
            ).fetchall()
        return [{**json.loads(turn), "number": number} for number, turn in reversed(rows)]

    def title(self, who: str, conversation: str) -> str:
        """Return a conversation's title; KeyError where it is not this person's."""
        if not self._is_there():
            raise KeyError(conversation)
        with opened(self._path, _SCHEMA) as database:
            return self._check(database, who, conversation)

    def rename(self, who: str, conversation: str, title: str) -> None:
        """Give a conversation another title, cut to size; KeyError where it is not this person's."""
        self.title(who, conversation)
        named = " ".join(title.split())[:LONGEST_TITLE]
        with opened(self._path, _SCHEMA) as database:
            database.execute("UPDATE conversations SET title = ? WHERE id = ?", (named, conversation))

    def delete(self, who: str, conversation: str) -> None:
        """Delete a conversation with all that was asked in it; KeyError where it is not this person's."""
        self.title(who, conversation)
        with opened(self._path, _SCHEMA) as database:
            database.execute("DELETE FROM conversations WHERE id = ?", (conversation,))

    def _is_there(self) -> bool:
        return self._path is not None and self._path.exists()

    @staticmethod
    def _check(database: sqlite3.Connection, who: str, conversation: str) -> str:
        """Return the title of a person's conversation."""
        query = "SELECT title FROM conversations WHERE id = ? AND person = ?"
        row = database.execute(query, (conversation, who)).fetchone()
        if row is None:
            raise KeyError(conversation)
        return str(row[0])


def made(path: Path) -> None:
    """Make the file of a database for its owner only, unless it is there."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)


@contextmanager
def opened(path: Path | None, schema: str) -> Iterator[sqlite3.Connection]:
    """Open a database for one transaction, which nobody else's write comes between. schema: made where it is not there.

    FileNotFoundError where there is no path.
    """
    if path is None:
        raise FileNotFoundError("there is no place for what people keep")
    with closing(sqlite3.connect(path, timeout=_SECONDS, isolation_level=None)) as database:
        database.executescript(f"PRAGMA secure_delete = ON; PRAGMA foreign_keys = ON; {schema}")
        database.execute("BEGIN IMMEDIATE")
        try:
            yield database
        except BaseException:
            database.execute("ROLLBACK")
            raise
        database.execute("COMMIT")
