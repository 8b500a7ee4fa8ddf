"""Passages as rows of the database, and what ranking asks of them: candidates by vector and by word, and tokens."""

import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from retrieval.embedding import Floats, PassageVectors
from retrieval.errors import StorageError
from retrieval.parallel import new_lock, side_by_side
from retrieval.records import Passage
from retrieval.storage.cache import PassageCache
from retrieval.storage.candidates import Candidate, Candidates
from retrieval.storage.codec import (
    NO_TOKENS,
    Tokens,
    checksum,
    decode_passage,
    decode_rows,
    decode_tokens,
    decode_vector,
    derived_checksum,
    encode_rows,
    encode_spans,
    encode_tokens,
    encode_vector,
)
from retrieval.storage.filters import parse
from retrieval.storage.local.database import Connection, Database
from retrieval.storage.local.filters import compiled
from retrieval.storage.local.fulltext import Fulltext, index_texts
from retrieval.text import WORDS, Analysis

if TYPE_CHECKING:
    from retrieval.storage.local.faiss_index import FaissIndex

ATTEMPTS = 25  # at asking what is replaced meanwhile; 5 were too few on a busy machine, with two that write
LARGE = 20_000  # passages, from which on both indexes are asked at once: 62 -> 53 ms at a million
BM25_ROWS = 2000  # scores kept for candidates that only the vectors found
SAMPLED = 40  # passages that tell whether the others are to be waited for:
DISK_SECONDS = 1e-4  # each; from memory it is a third of it
READERS = 4  # connections that wait for the disk at once
KEPT_TOKENS = 4096  # passages whose tokens stay in memory, about 2 KB each
_LANGUAGE = "coalesce(json_extract(d.metadata, '$.language'), '')"
_PASSAGE = f'd.doc_id, p.number, p.start, p."end", p.text, p.sentences, p.page, p.heading, p.place, {_LANGUAGE}'
_OF_DOCUMENTS = "passages p JOIN documents d ON d.id = p.document"
_LISTED = "IN (SELECT value FROM json_each(?))"
_TOUCHED = f"""
SELECT total(instr(p.sentence_vectors, x'00') + length(d.doc_id)) FROM {_OF_DOCUMENTS} WHERE p.id {_LISTED}
"""


class Passages:
    """The passages, a full-text index and a FAISS index over them, and a cache of those read last."""

    def __init__(
        self, database: Database, snapshot: Path, *, large: int = LARGE, disk_seconds: float = DISK_SECONDS,
        cache: PassageCache | None = None,
    ) -> None:  # fmt: skip
        """Read from a database. snapshot: file of the FAISS index, which is opened when first needed.

        large: passages from which on both indexes are asked at once. disk_seconds: what reading one takes where
        several threads are to wait for the disk.
        """
        self.fulltext = Fulltext(database)
        self.analysis: Analysis = WORDS
        self._database, self._snapshot = database, snapshot
        self._large, self._disk_seconds = large, disk_seconds
        self._cache = cache or PassageCache()
        self._tokens: dict[int, Tokens] = {}
        self._keeping = new_lock()
        self._index: FaissIndex | None = None
        self._opening = new_lock()

    def count(self) -> int:
        """Count the passages."""
        with self._database.reading() as connection:
            return int(connection.execute("SELECT count(*) FROM passages").fetchone()[0])

    # --- the FAISS index

    def index(self, dim: int) -> "FaissIndex":
        """Return the index over all passage vectors, of `dim` dimensions each."""
        with self._opening:
            if self._index is None:
                from retrieval.storage.local.faiss_index import FaissIndex  # faiss takes 0.2 s to import

                self._index = FaissIndex(self._database, self._snapshot, dim)
            return self._index

    def save(self) -> None:
        """Write the index's snapshot where it is behind."""
        with self._database.reading() as connection:
            row = connection.execute("SELECT vector FROM passages LIMIT 1").fetchone()
        if row:
            self.index(len(decode_vector(row[0]))).save()

    def close(self) -> None:
        """Write the index's snapshot where it is behind, and let go of the index."""
        with self._opening:
            index, self._index = self._index, None
            if index is not None:
                with suppress(StorageError):  # nothing is lost without it
                    index.save()

    # --- found

    def find(
        self, words: Sequence[str], vector: Floats, count: int, where: Mapping[str, Any]
    ) -> tuple[Candidates, dict[int, float]]:
        """See PassageIndex.find; BM25 of the best 2,000 is returned, found or not.

        Each index sees the library as it is when that is asked: where a document was replaced meanwhile, so that both
        of its versions were found, or neither, all is asked again.
        """
        index = self.index(len(vector))
        for _ in range(ATTEMPTS):
            generation = self._database.generation()
            allowed = self.allowed(where) if where else None
            asked: list[Callable[[], Any]] = [
                partial(self.fulltext.bm25, words, max(BM25_ROWS, count), allowed),
                partial(index.nearest, vector, count, allowed),
            ]
            (ids, scores), nearest = side_by_side(lambda ask: ask(), asked, 2 if len(index) > self._large else 1)
            wanted = list(dict.fromkeys([*nearest, *ids[:count].tolist()]))
            found = self.candidates(wanted)
            there = wanted if self._database.generation() == generation else self._there(wanted)
            if len(there) == len(wanted):
                break
        else:
            found = self.candidates(there)
        return found, dict(zip(ids.tolist(), scores.tolist(), strict=True))

    def _there(self, ids: Sequence[int]) -> list[int]:
        """Return those of the ids that are there at one moment, in order."""
        with self._database.reading() as connection:
            rows = connection.execute(f"SELECT id FROM passages WHERE id {_LISTED}", (json.dumps(ids),)).fetchall()
        there = {row[0] for row in rows}
        return [number for number in ids if number in there]

    def bm25(self, words: Sequence[str], limit: int, where: Mapping[str, Any]) -> dict[int, float]:
        """Return passage id -> BM25 of the best `limit` passages; see PassageIndex.bm25 and Fulltext.bm25."""
        ids, scores = self.fulltext.bm25(words, limit, self.allowed(where) if where else None)
        return dict(zip(ids.tolist(), scores.tolist(), strict=True))

    def idf(self, words: Sequence[str]) -> dict[str, float]:
        """Return stem -> inverse document frequency over all passages."""
        return self.fulltext.idf(words)

    def document_frequencies(self, terms: Iterable[str]) -> dict[str, int]:
        """Return stem -> number of passages that hold it, of those that any passage holds."""
        return self.fulltext.document_frequencies(terms)

    def allowed(self, where: Mapping[str, Any]) -> NDArray[np.int64]:
        """Return the sorted ids of passages whose document matches every condition."""
        condition, values = compiled(parse(where))
        with self._database.reading() as connection:
            query = f"SELECT p.id FROM {_OF_DOCUMENTS} WHERE {condition} ORDER BY p.id"
            return np.array([row[0] for row in connection.execute(query, values).fetchall()], np.int64)

    # --- read

    def candidates(self, ids: Iterable[int]) -> Candidates:
        """Return passages by id with their vectors; ids that are gone are left out.

        A passage never changes and its id is never used again, so the ones read last are kept decoded.
        """
        return self._cache.get(ids, self._read)

    def _read(self, ids: list[int]) -> list[Candidate]:
        wanted = list(map(int, ids))
        began = time.perf_counter()
        found = self._decoded(wanted[:SAMPLED])
        rest = wanted[SAMPLED:]
        if rest and time.perf_counter() - began > self._disk_seconds * SAMPLED:
            self._read_ahead(rest)
        for first in range(SAMPLED, len(wanted), 500):
            found += self._decoded(wanted[first : first + 500])
        return found

    def _decoded(self, ids: list[int]) -> list[Candidate]:
        query = f"SELECT p.id, {_PASSAGE}, p.vector, p.sentence_vectors, p.checksum"
        query = f"{query} FROM {_OF_DOCUMENTS} WHERE p.id {_LISTED}"
        with self._database.reading() as connection:
            rows = connection.execute(query, (json.dumps(ids),)).fetchall()
            with np.errstate(over="ignore", invalid="ignore"):  # damaged vectors; 5 µs, so not for each
                found = [_candidate(*row[:-1]) for row in rows]
        for candidate, row in zip(found, rows, strict=True):
            candidate.check = partial(self._check, candidate.passage, row[6], row[-1])
        return found

    def _check(self, passage: Passage, spans: bytes, expected: int | None) -> None:
        """LibraryDamagedError where what a passage shows is not as it was written; None: it has no checksum."""
        if expected is not None and checksum(passage, spans) != expected:
            raise self._database.damaged(f"a passage of {passage.doc_id} is not as it was written")

    def check(self, doc_id: str) -> None:
        """Read all of a document's passages, vectors and tokens; LibraryDamagedError where they are not as written."""
        derived = "p.vector, p.sentence_vectors, t.sentences, t.bits, p.behind, p.derived"
        query = f"SELECT {derived} FROM {_OF_DOCUMENTS} LEFT JOIN tokens t ON t.id = p.id WHERE d.doc_id = ?"
        with self._database.reading() as connection:
            for *parts, expected in connection.execute(query, (doc_id,)):
                if None in parts or expected not in (None, derived_checksum(*parts)):
                    raise ValueError(f"vectors, tokens or text of {doc_id} are not as they were written")
        self.of_document(doc_id)

    def _read_ahead(self, ids: list[int]) -> None:
        """Let several threads wait for the disk at once: a question to a million passages takes half as long then.

        Each in one step of SQLite: where rows are handed to Python one by one, threads wait for each other instead.
        """

        def touch(part: list[int]) -> None:
            with self._database.reading() as connection:
                connection.execute(_TOUCHED, (json.dumps(part),)).fetchone()

        list(side_by_side(touch, [ids[first::READERS] for first in range(READERS)], READERS))

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
        return dict.fromkeys(wanted, NO_TOKENS) | found

    def _read_tokens(self, ids: list[int]) -> dict[int, Tokens]:
        with self._database.reading() as connection:
            query = f"SELECT id, sentences, bits FROM tokens WHERE id {_LISTED}"
            rows = connection.execute(query, (json.dumps(ids),)).fetchall()
            return {row[0]: decode_tokens(row[1], row[2]) for row in rows}

    def of_document(self, doc_id: str, start: int = 0, end: int | None = None) -> list[Passage]:
        """Return a document's passages that reach into [start, end), in order; end: None for the end of the text."""
        with self._database.reading() as connection:
            rows = connection.execute(
                f"""SELECT {_PASSAGE}, p.checksum FROM {_OF_DOCUMENTS}
                   WHERE d.doc_id = ? AND p."end" > ? AND (? IS NULL OR p.start < ?) ORDER BY p.id""",
                (doc_id, start, end, end),
            ).fetchall()
            found = [decode_passage(*row[:-1]) for row in rows]
            for passage, row in zip(found, rows, strict=True):
                self._check(passage, row[5], row[-1])
            return found

    def ids_of(self, doc_id: str) -> list[int]:
        """Return the ids of a document's passages in order."""
        with self._database.reading() as connection:
            query = f"SELECT p.id FROM {_OF_DOCUMENTS} WHERE d.doc_id = ? ORDER BY p.id"
            return [row[0] for row in connection.execute(query, (doc_id,)).fetchall()]

    def paragraphs(self) -> dict[str, int]:
        """Return doc_id -> its number of paragraphs."""
        with self._database.reading() as connection:
            query = f"SELECT d.doc_id, max(p.number) FROM {_OF_DOCUMENTS} GROUP BY d.id"
            return dict(connection.execute(query).fetchall())


def _candidate(id: int, *fields: Any) -> Candidate:
    """Make a candidate of an id, _PASSAGE, a vector and rows as they are stored."""
    *columns, stored, rows = fields
    passage, vector = decode_passage(*columns), decode_vector(stored)
    return Candidate(id, passage, vector, decode_rows(rows, len(passage.sentences), len(vector)))


def insert_passage(
    connection: Connection, document: int, title: str, generation: int, p: Passage, behind: tuple[str, int],
    vectors: PassageVectors, analysis: Analysis,
) -> None:  # fmt: skip
    """Write a passage of a document, its tokens and its full text, in the running transaction.

    behind: of it, as `codec.apart` has it.
    """
    spans, tokens = encode_spans(p), encode_tokens(vectors)
    made = encode_vector(vectors.vector), encode_rows(vectors.sentences)
    row = connection.execute(
        """INSERT INTO passages (document, generation, number, start, "end", page, heading, place, text, behind, reach,
           sentences, vector, sentence_vectors, checksum, derived)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
        (document, generation, p.number, p.start, p.end, p.page, p.heading, p.place, p.text, *behind, spans, *made,
         checksum(p, spans), derived_checksum(*made, *tokens, behind[0])),
    ).lastrowid or 0  # fmt: skip
    connection.execute("INSERT INTO tokens (id, sentences, bits) VALUES (?, ?, ?)", (row, *tokens))
    index_texts(connection, analysis, title, [(row, p.heading, p.text)])
