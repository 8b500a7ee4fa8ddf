"""Quotes that a person pinned, with what they wrote beside them, in the database of the conversations.

Nobody sees another's: every statement names the person. A quote stays as it was, whatever becomes of its document.
"""

import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ui.server.kept.conversations import made, opened

MOST_NOTES = 2000
LONGEST_NOTE = 20_000  # characters
_SCHEMA = """
CREATE TABLE IF NOT EXISTS notes (
    id TEXT PRIMARY KEY, person TEXT NOT NULL, added REAL NOT NULL, question TEXT NOT NULL, note TEXT NOT NULL,
    citation TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS notes_of_person ON notes (person, added);
"""


@dataclass(frozen=True, slots=True)
class Note:
    """A pinned quote: the question that it answered, what was written beside it, and the record of its citation."""

    id: str
    question: str
    note: str
    citation: Mapping[str, Any]


class Notebook:
    """The notes in one file, which is made, for its owner only, when the first is kept.

    path: None where there is no place for them: nothing is kept then, and nothing found.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path

    def pin(self, who: str, question: str, citation: Mapping[str, Any]) -> str:
        """Keep a quote and return its id; the one that has it already, and "" where nothing is kept for this person.

        ValueError where there are MOST_NOTES.
        """
        if self._path is None or not who:
            return ""
        made(self._path)
        record = json.dumps(citation, ensure_ascii=False, sort_keys=True)
        with opened(self._path, _SCHEMA) as database:
            held = database.execute("SELECT id FROM notes WHERE person = ? AND citation = ?", (who, record)).fetchone()
            if held:
                return str(held[0])
            if database.execute("SELECT count(*) FROM notes WHERE person = ?", (who,)).fetchone()[0] >= MOST_NOTES:
                raise ValueError(f"{MOST_NOTES:,} quotes are pinned; delete some first")
            name = secrets.token_hex(8)
            row = (name, who, time.time(), question, "", record)
            database.execute("INSERT INTO notes VALUES (?, ?, ?, ?, ?, ?)", row)
        return name

    def all(self, who: str) -> list[Note]:
        """Return a person's notes in the order in which they were pinned."""
        if self._path is None or not self._path.exists():
            return []
        with opened(self._path, _SCHEMA) as database:
            query = "SELECT id, question, note, citation FROM notes WHERE person = ? ORDER BY added, id"
            rows = database.execute(query, (who,)).fetchall()
        return [Note(name, question, note, json.loads(citation)) for name, question, note, citation in rows]

    def write(self, who: str, name: str, note: str) -> bool:
        """Write beside a quote, cut to size; False where it is not there for this person."""
        return self._changed("UPDATE notes SET note = ? WHERE id = ? AND person = ?", (note[:LONGEST_NOTE], name, who))

    def unpin(self, who: str, name: str) -> bool:
        """Delete a note; False where it is not there for this person."""
        return self._changed("DELETE FROM notes WHERE id = ? AND person = ?", (name, who))

    def _changed(self, statement: str, values: tuple[str, ...]) -> bool:
        if self._path is None or not self._path.exists():
            return False
        with opened(self._path, _SCHEMA) as database:
            return database.execute(statement, values).rowcount > 0
