"""Reads from the database what ranking needs: candidates, full-text scores, vectors. Ranks nothing, writes nothing."""

import json
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retrieval.backend import Candidate, Content, Tokens, content, decoded_passage, decoded_tokens
from retrieval.conditions import conditions
from retrieval.database import Database
from retrieval.encoder import Floats, PassageVectors
from retrieval.records import Passage
from retrieval.terms import stem

DECODED_PASSAGES = 4096  # kept in memory, about 10 KB each
COUNTED_WORDS = 100_000
SCORED_MOST = 10_000  # passages whose BM25 is computed: 0.7 ms for a thousand
_PASSAGE = 'd.doc_id, p.number, p.start, p."end", p.text, p.sentences, p.page, p.heading, p.place'
_CANDIDATES = f"""
SELECT p.id, {_PASSAGE}, p.vector, p.sentence_vectors
FROM passages p JOIN documents d ON d.id = p.document WHERE p.id IN (SELECT value FROM json_each(?))
"""


class Lookup(Database):
    """The reading half of the store."""

    def __init__(self, path: Path) -> None:
        """Open or create; see Database."""
        super().__init__(path)
        self._decoded: dict[int, Candidate] = {}
        self._decoding = threading.Lock()
        self._counted: tuple[int, int, dict[str, int]] = (-1, 0, {})

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

    def allowed(self, where: Mapping[str, Any]) -> NDArray[np.int64]:
        """Return the sorted ids of passages whose document matches every condition."""
        condition, values = conditions(where)
        with self._reading() as connection:
            rows = connection.execute(
                f"SELECT p.id FROM passages p JOIN documents d ON d.id = p.document WHERE {condition} ORDER BY p.id",
                values,
            ).fetchall()
            return np.array([row[0] for row in rows], np.int64)

    def fulltext(self, words: Sequence[str], limit: int, where: Mapping[str, Any]) -> dict[int, float]:
        """Return passage id -> BM25 (higher is better) of the best `limit` passages with any of the words.

        Where that would score more than SCORED_MOST passages, the most frequent words are not asked for.
        """
        if not words:
            return {}
        condition, values = conditions(where)
        within = f"AND rowid IN (SELECT p.id FROM passages p JOIN documents d ON d.id = p.document WHERE {condition})"
        # FTS5's own ORDER BY rank gives the same in a third more time: it keeps all rows, with their positions.
        query = f"""SELECT rowid, -bm25(fulltext) AS score FROM fulltext WHERE fulltext MATCH ?
                    {within if where else ""} ORDER BY score DESC, rowid LIMIT {int(limit)}"""
        _, counts = self._counts([stem(word) for word in words])
        match = _match({word: counts[stem(word)] for word in words})
        with self._reading() as connection:
            return dict(connection.execute(query, (match, *(values if where else ()))).fetchall())

    def rarity(self, words: Sequence[str]) -> dict[str, float]:
        """Return stem -> inverse document frequency (Robertson's, never negative) over all passages."""
        terms = list(dict.fromkeys(map(stem, words)))
        total, known = self._counts(terms)
        return {term: float(np.log1p((total - n + 0.5) / (n + 0.5))) for term in terms for n in [known[term]]}

    def frequencies(self, terms: Iterable[str]) -> dict[str, int]:
        """Return stem -> number of passages that hold it, of those that any passage holds."""
        wanted = list(terms)
        _, known = self._counts(wanted)
        return {term: known[term] for term in wanted if known[term]}

    def _counts(self, terms: Sequence[str]) -> tuple[int, dict[str, int]]:
        """Return the number of passages, and stem -> passages with it of at least these; kept for one generation.

        Counting takes as long as a word is frequent: 20 ms for the words of a question to a million passages.
        """
        generation = self.generation()
        if self._counted[0] != generation or len(self._counted[2]) > COUNTED_WORDS:
            self._counted = (generation, self.count_between(0, generation), {})
        _, total, known = self._counted
        missing = [term for term in terms if term not in known]
        if missing:
            query = "SELECT term, doc FROM terms WHERE term IN (SELECT value FROM json_each(?))"
            with self._reading() as connection:
                found = dict(connection.execute(query, (json.dumps(missing),)).fetchall())
            known.update({term: found.get(term, 0) for term in missing})
        return total, known

    def candidates(self, ids: Iterable[int]) -> list[Candidate]:
        """Return passages by id with their vectors; ids that are gone are left out.

        A passage never changes and its id is never used again, so the ones read last are kept decoded.
        """
        wanted = [int(value) for value in ids]
        found = {value: held for value in wanted if (held := self._decoded.get(value))}
        missing = [value for value in wanted if value not in found]
        for first in range(0, len(missing), 500):
            with self._reading() as connection:
                rows = connection.execute(_CANDIDATES, (json.dumps(missing[first : first + 500]),)).fetchall()
                with np.errstate(over="ignore", invalid="ignore"):  # damaged vectors; 5 µs, so not for each
                    found |= {row[0]: Candidate(row) for row in rows}
        if missing:
            with self._decoding:
                self._decoded |= found
                while len(self._decoded) > DECODED_PASSAGES:
                    del self._decoded[next(iter(self._decoded))]
        return [found[value] for value in wanted if value in found]

    def vectors_of(self, doc_id: str) -> dict[Content, PassageVectors]:
        """Return what the vectors of a document's passages depend on, and the vectors; those of sentences to 1/127."""
        with self._reading() as connection:
            rows = connection.execute(
                "SELECT p.id, d.title FROM passages p JOIN documents d ON d.id = p.document WHERE d.doc_id = ?",
                (doc_id,),
            ).fetchall()
        titles = dict(rows)
        tokens = self.tokens(list(titles))
        return {
            content(found.passage, titles[found.id]): PassageVectors(
                found.vector, found.sentence_vectors, *tokens[found.id]
            )
            for found in self.candidates(titles)
        }

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
        found = dict.fromkeys(map(int, ids), decoded_tokens(b"", b""))
        with self._reading() as connection:
            rows = connection.execute(
                "SELECT id, sentences, bits FROM tokens WHERE id IN (SELECT value FROM json_each(?))",
                (json.dumps(list(found)),),
            ).fetchall()
            return found | {row[0]: decoded_tokens(row[1], row[2]) for row in rows}


def _match(counts: Mapping[str, int]) -> str:
    """Return the full-text query for words with their numbers of passages: any of them, the rarest first.

    As many as SCORED_MOST allows; where that leaves out all that were counted, passages with both of the two rarest.
    """
    ordered = sorted(counts, key=lambda word: counts[word])
    totals = np.cumsum([counts[word] for word in ordered])
    few = [f'"{word}"' for word in ordered[: int(np.searchsorted(totals, SCORED_MOST, side="right"))]]
    common = [f'"{word}"' for word in ordered[len(few) : len(few) + 2]]
    if common and not any(counts[word] for word in ordered[: len(few)]):
        few.append(f"({' AND '.join(common)})")
    return " OR ".join(few)
