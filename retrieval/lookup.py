"""Reads from the database what ranking needs: candidates, full-text scores, vectors. Ranks nothing, writes nothing."""

import json
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retrieval.conditions import conditions
from retrieval.database import Database
from retrieval.encoder import Floats, PassageVectors
from retrieval.records import Passage, Span
from retrieval.terms import stem, stems

DECODED_PASSAGES = 4096  # kept in memory, about 10 KB each
COUNTED_WORDS = 100_000
SCORED_MOST = 10_000  # passages whose BM25 is computed: 0.7 ms for a thousand
Content = tuple[str, str, str, tuple[Span, ...]]
_PASSAGE = 'd.doc_id, p.number, p.start, p."end", p.text, p.sentences, p.page, p.heading, p.place'
_CANDIDATES = f"""
SELECT p.id, {_PASSAGE}, p.vector, p.sentence_vectors
FROM passages p JOIN documents d ON d.id = p.document WHERE p.id IN (SELECT value FROM json_each(?))
"""


class Candidate:
    """A passage with what ranking needs. sentence_vectors: (s, dim) float32, rows of about unit length."""

    def __init__(self, row: tuple[Any, ...]) -> None:
        """Decode a row of `Lookup.candidates`; ValueError where its parts do not fit each other."""
        self.id, *passage, vector, quantized = row
        self.passage = _passage(*passage)
        sentences = self.passage.sentences
        self.vector: Floats = np.frombuffer(vector, np.float32)
        scales = np.frombuffer(quantized, np.float32, len(sentences))
        rows = np.frombuffer(quantized, np.int8, offset=scales.nbytes).reshape(len(sentences), -1)
        if len(self.vector) != rows.shape[1] or not _is_unit(self.vector) or not np.abs(scales).max(initial=0) < 0.008:
            raise ValueError(f"the vectors of passage {self.id} do not fit")
        self.sentence_vectors: Floats = rows * scales[:, None]

    @cached_property
    def sentence_stems(self) -> list[set[str]]:
        """The distinct stems of each sentence."""
        start = self.passage.start
        return [stems(self.passage.text[a - start : b - start]) for a, b in self.passage.sentences]


def _passage(
    doc_id: str, number: int, start: int, end: int, text: str, spans: bytes, page: int | None, heading: str, place: str
) -> Passage:
    """Decode a passage; ValueError where it and its sentences do not fit."""
    offsets = np.frombuffer(spans, np.uint32).reshape(-1, 2)
    if len(text) != end - start or not len(offsets) or int(offsets.max()) > len(text):
        raise ValueError(f"passage {start} to {end} of {doc_id} and its sentences do not fit")
    sentences = tuple((a + start, b + start) for a, b in offsets.tolist())
    return Passage(doc_id, number, start, end, text, sentences, page, heading, place)


def content(passage: Passage, title: str) -> Content:
    """Return all that a passage's vectors depend on: title, heading, text, and spans of sentences in it."""
    spans = tuple((a - passage.start, b - passage.start) for a, b in passage.sentences)
    return title, passage.heading, passage.text, spans


def _is_unit(vector: Floats) -> bool:
    """Tell whether a vector has length one, or zero where nothing was encoded."""
    squared = float(vector @ vector)
    return squared == 0 or 0.99 < squared < 1.01


class Lookup(Database):
    """The reading half of the store."""

    def __init__(self, path: Path) -> None:
        """Open or create; see Database."""
        super().__init__(path)
        self._decoded: dict[int, Candidate] = {}
        self._decoding = threading.Lock()
        self._counted: tuple[int, int, dict[str, int]] = (-1, 0, {})

    # --- vectors

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
            return [_passage(*row) for row in rows]

    def paragraphs(self) -> dict[str, int]:
        """Return doc_id -> its number of paragraphs."""
        with self._reading() as connection:
            return dict(
                connection.execute(
                    "SELECT d.doc_id, max(p.number) FROM passages p JOIN documents d ON d.id = p.document GROUP BY d.id"
                ).fetchall()
            )

    def tokens(self, ids: Sequence[int]) -> dict[int, tuple[NDArray[np.uint8], NDArray[np.uint16]]]:
        """Return passage id -> (token bits, sentence of each token); see PassageVectors; none where it is gone."""
        found = dict.fromkeys(map(int, ids), _tokens(b"", b""))
        with self._reading() as connection:
            rows = connection.execute(
                "SELECT id, sentences, bits FROM tokens WHERE id IN (SELECT value FROM json_each(?))",
                (json.dumps(list(found)),),
            ).fetchall()
            return found | {row[0]: _tokens(row[1], row[2]) for row in rows}


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


def _tokens(sentences: bytes, bits: bytes) -> tuple[NDArray[np.uint8], NDArray[np.uint16]]:
    numbers = np.frombuffer(sentences, np.uint16)
    width = len(bits) // len(numbers) if len(numbers) else 0
    return np.frombuffer(bits, np.uint8).reshape(len(numbers), width), numbers
