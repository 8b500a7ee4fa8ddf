"""Reads from the database what ranking needs: candidates, tokens, vectors. Ranks nothing, writes nothing."""

import json
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from retrieval.embedding import Floats
from retrieval.parallel import side_by_side
from retrieval.records import Passage
from retrieval.storage.base import Tokens, decoded_tokens
from retrieval.storage.candidates import Candidate, Candidates, Shelves, decoded_passage
from retrieval.storage.local.fulltext import Fulltext

SAMPLED = 40  # passages that tell whether the others are to be waited for:
DISK_SECONDS = 1e-4  # each; from memory it is a third of it
READERS = 4  # connections that wait for the disk at once
KEPT_TOKENS = 4096  # passages whose tokens stay in memory, about 4 KB each
_PASSAGE = 'd.doc_id, p.number, p.start, p."end", p.text, p.sentences, p.page, p.heading, p.place'
_TOUCHED = """
SELECT total(instr(p.sentence_vectors, x'00') + length(d.doc_id))
FROM passages p JOIN documents d ON d.id = p.document WHERE p.id IN (SELECT value FROM json_each(?))
"""
_NO_TOKENS = decoded_tokens(b"", b"")
_CANDIDATES = f"""
SELECT p.id, {_PASSAGE}, p.vector, p.sentence_vectors
FROM passages p JOIN documents d ON d.id = p.document WHERE p.id IN (SELECT value FROM json_each(?))
"""


class Lookup(Fulltext):
    """The reading half of the store."""

    def __init__(self, path: Path) -> None:
        """Open or create; see Database."""
        super().__init__(path)
        self._shelves = Shelves()
        self._tokens: dict[int, Tokens] = {}
        self._keeping = threading.Lock()

    # --- vectors

    def dim(self) -> int:
        """Return the dimensions of the passage vectors, 0 where there are none yet."""
        with self._reading() as connection:
            row = connection.execute("SELECT length(vector) / 4 FROM passages LIMIT 1").fetchone()
            return int(row[0]) if row else 0

    def count_between(self, after: int, until: int) -> int:
        """Count the passages added after one generation, up to another."""
        with self._reading() as connection:
            query = "SELECT count(*) FROM passages WHERE generation > ? AND generation <= ?"
            return int(connection.execute(query, (after, until)).fetchone()[0])

    def vectors_between(self, after: int, until: int, dim: int) -> Iterator[tuple[NDArray[np.int64], Floats]]:
        """Yield (ids, (n, dim) vectors) of passages added after one generation, up to another, in blocks of 4,096."""
        with self._reading() as connection:
            cursor = connection.execute(
                "SELECT id, vector FROM passages WHERE generation > ? AND generation <= ? ORDER BY generation, id",
                (after, until),
            )
            while rows := cursor.fetchmany(4096):
                vectors = np.frombuffer(b"".join(row[1] for row in rows), np.float32)
                yield np.array([row[0] for row in rows], np.int64), vectors.reshape(len(rows), dim)

    def sample_vectors(self, count: int, dim: int) -> Floats:
        """Return (n, dim) vectors of about `count` passages, or all if there are fewer, spread evenly over all."""
        with self._reading() as connection:
            ids = [row[0] for row in connection.execute("SELECT id FROM passages")]
            chosen = json.dumps(ids[:: max(1, len(ids) // count)])
            query = "SELECT vector FROM passages WHERE id IN (SELECT value FROM json_each(?))"
            found = b"".join(row[0] for row in connection.execute(query, (chosen,)))
            return np.frombuffer(found, np.float32).reshape(-1, dim)

    def removed_since(self, generation: int) -> list[tuple[int, int]]:
        """Return (first, last) ids of the passages removed after a generation."""
        with self._reading() as connection:
            return connection.execute("SELECT first, last FROM removed WHERE generation > ?", (generation,)).fetchall()

    # --- candidates

    def candidates(self, ids: Iterable[int]) -> Candidates:
        """Return passages by id with their vectors; ids that are gone are left out.

        A passage never changes and its id is never used again, so the ones read last are kept decoded.
        """
        return self._shelves.get(ids, self._read_candidates)

    def _read_candidates(self, ids: list[int]) -> list[Candidate]:
        wanted = list(map(int, ids))
        began = time.perf_counter()
        found = self._decoded(wanted[:SAMPLED])
        rest = wanted[SAMPLED:]
        if rest and time.perf_counter() - began > DISK_SECONDS * SAMPLED:
            self._read_ahead(rest)
        for first in range(SAMPLED, len(wanted), 500):
            found += self._decoded(wanted[first : first + 500])
        return found

    def _decoded(self, ids: list[int]) -> list[Candidate]:
        with self._reading() as connection:
            rows = connection.execute(_CANDIDATES, (json.dumps(ids),)).fetchall()
            with np.errstate(over="ignore", invalid="ignore"):  # damaged vectors; 5 µs, so not for each
                return list(map(Candidate, rows))

    def _read_ahead(self, ids: list[int]) -> None:
        """Let several threads wait for the disk at once: a question to a million passages takes half as long then.

        Each in one step of SQLite: where rows are handed to Python one by one, threads wait for each other instead.
        """

        def touch(part: list[int]) -> None:
            with self._reading() as connection:
                connection.execute(_TOUCHED, (json.dumps(part),)).fetchone()

        list(side_by_side(touch, [ids[first::READERS] for first in range(READERS)], READERS))

    def passages(self, doc_id: str, start: int, end: int | None) -> list[Passage]:
        """Return a document's passages that reach into [start, end), in order; end: None for the end of the text."""
        with self._reading() as connection:
            rows = connection.execute(
                f"""SELECT {_PASSAGE} FROM passages p JOIN documents d ON d.id = p.document
                   WHERE d.doc_id = ? AND p."end" > ? AND (? IS NULL OR p.start < ?) ORDER BY p.id""",
                (doc_id, start, end, end),
            ).fetchall()
            return [decoded_passage(*row) for row in rows]

    def paragraphs(self) -> dict[str, int]:
        """Return doc_id -> its number of paragraphs."""
        with self._reading() as connection:
            return dict(
                connection.execute(
                    "SELECT d.doc_id, max(p.number) FROM passages p JOIN documents d ON d.id = p.document GROUP BY d.id"
                ).fetchall()
            )

    def tokens(self, ids: Sequence[int]) -> dict[int, Tokens]:
        """Return passage id -> (token bits, sentence of each token); see PassageVectors; none where it is gone."""
        wanted = [int(value) for value in ids]
        found = {value: held for value in wanted if (held := self._tokens.get(value))}
        if missing := [value for value in wanted if value not in found]:
            found |= (new := self._read_tokens(missing))
            with self._keeping:
                self._tokens |= new
                while len(self._tokens) > KEPT_TOKENS:
                    del self._tokens[next(iter(self._tokens))]
        return dict.fromkeys(wanted, _NO_TOKENS) | found

    def _read_tokens(self, ids: list[int]) -> dict[int, Tokens]:
        with self._reading() as connection:
            query = "SELECT id, sentences, bits FROM tokens WHERE id IN (SELECT value FROM json_each(?))"
            rows = connection.execute(query, (json.dumps(ids),)).fetchall()
            return {row[0]: decoded_tokens(row[1], row[2]) for row in rows}
