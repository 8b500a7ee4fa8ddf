"""Full-text scores of words, and how frequent words are, from SQLite's FTS5.

BM25 adds up over words, so what one word gives each passage is read from SQLite's index once for a generation and
kept: a frequent word costs 0.7 ms for a thousand passages the first time and next to nothing from then on.
"""

import json
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from retrieval.storage import rules
from retrieval.storage.local.database import Connection, Database
from retrieval.text import WORDS, Analysis, stem

COUNTED_WORDS = 100_000
KEPT_SCORES = 2_000_000  # 16 bytes each
SCORED_MOST = 10_000  # passages whose BM25 is computed
Scores = tuple[NDArray[np.int64], NDArray[np.float64]]


@dataclass(slots=True)
class _Known:
    """What was read in one generation: number of passages, stem -> passages with it, part of a query -> its BM25."""

    generation: int = -1
    passages: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    scores: dict[str, Scores] = field(default_factory=dict)
    kept: int = 0  # about so many scores

    def is_full(self) -> bool:
        """Tell whether it is time to begin anew."""
        return len(self.counts) > COUNTED_WORDS or self.kept > KEPT_SCORES


class Fulltext:
    """The full-text index over title, heading and text of passages, stemmed and without accents."""

    def __init__(self, database: Database, scored_most: int = SCORED_MOST) -> None:
        """Read from a database. scored_most: passages whose BM25 is computed."""
        self._database = database
        self._scored_most = scored_most
        self._known = _Known()

    def bm25(self, words: Sequence[str], limit: int, allowed: NDArray[np.int64] | None = None) -> Scores:
        """Return (ids, BM25, higher is better) of the best `limit` passages with any of the words, best first.

        Where that would score more than `scored_most` passages, the most frequent words are not asked for. allowed:
        ids to choose from.
        """
        known = self._counted([stem(word) for word in words])
        parts = [self._scores(known, part) for part in self._parts(known, words)]
        if not parts:
            return np.zeros(0, np.int64), np.zeros(0)
        ids, rows = np.unique(np.concatenate([own for own, _ in parts]), return_inverse=True)
        totals = np.bincount(rows, np.concatenate([scores for _, scores in parts])).astype(np.float64)
        if allowed is not None:
            mask = np.isin(ids, allowed)
            ids, totals = ids[mask], totals[mask]
        best = np.argsort(-totals, kind="stable")[:limit]
        return ids[best], totals[best]

    def _parts(self, known: _Known, words: Sequence[str]) -> list[str]:
        return _parts({word: known.counts[stem(word)] for word in words}, self._scored_most)

    def _scores(self, known: _Known, part: str) -> Scores:
        """Return (ids, BM25) of all passages that match a part of a query."""
        if part not in known.scores:
            query = "SELECT rowid, -bm25(fulltext) FROM fulltext WHERE fulltext MATCH ?"
            with self._database.reading() as connection:
                rows = connection.execute(query, (part,)).fetchall()
            ids, scores = zip(*rows, strict=True) if rows else ((), ())
            known.scores[part] = np.array(ids, np.int64), np.array(scores, np.float64)
            known.kept += len(rows)
        return known.scores[part]

    def idf(self, words: Sequence[str]) -> dict[str, float]:
        """Return stem -> inverse document frequency over all passages; see `rules.idf`."""
        terms = list(dict.fromkeys(map(stem, words)))
        known = self._counted(terms)
        return rules.idf(known.passages, {term: known.counts[term] for term in terms})

    def document_frequencies(self, terms: Iterable[str]) -> dict[str, int]:
        """Return stem -> number of passages that hold it, of those that any passage holds."""
        wanted = list(terms)
        counts = self._counted(wanted).counts
        return {term: counts[term] for term in wanted if counts[term]}

    def _counted(self, terms: Sequence[str]) -> _Known:
        """Return what is known of this generation, with the counts of these terms.

        Counting takes as long as a word is frequent: 20 ms for the words of a question to a million passages.
        """
        generation, known = self._database.generation(), self._known
        if known.generation != generation or known.is_full():
            known = self._known = _Known(generation, self._passages())
        missing = [term for term in terms if term not in known.counts]
        if missing:
            query = "SELECT term, doc FROM terms WHERE term IN (SELECT value FROM json_each(?))"
            with self._database.reading() as connection:
                found = dict(connection.execute(query, (json.dumps(missing),)).fetchall())
            known.counts.update({term: found.get(term, 0) for term in missing})
        return known

    def _passages(self) -> int:
        with self._database.reading() as connection:
            return int(connection.execute("SELECT count(*) FROM passages").fetchone()[0])


def _parts(counts: Mapping[str, int], most: int) -> list[str]:
    """Return the full-text queries, the rarest first, for words with their numbers of passages: any of them.

    As many as score no more than `most` passages; where that leaves out all that were counted, passages with both of
    the two rarest.
    """
    ordered = sorted(counts, key=lambda word: counts[word])
    totals = np.cumsum([counts[word] for word in ordered])
    few = [f'"{word}"' for word in ordered[: int(np.searchsorted(totals, most, side="right"))]]
    common = [f'"{word}"' for word in ordered[len(few) : len(few) + 2]]
    if common and not any(counts[word] for word in ordered[: len(few)]):
        few.append(" AND ".join(common))
    return few


Texts = Iterable[tuple[int, str, str]]  # id, heading and text of passages
_INSERT = "INSERT INTO fulltext (rowid, title, text) VALUES (?, ?, ?)"
_DELETE = "INSERT INTO fulltext (fulltext, rowid, title, text) VALUES ('delete', ?, ?, ?)"


def index_texts(connection: Connection, analysis: Analysis, title: str, passages: Texts) -> None:
    """Make passages of a document found by their terms, in the running transaction."""
    rows = _columns(analysis, title, passages)
    connection.executemany(_INSERT, rows)
    if analysis.version != WORDS.version:  # the index asks for them when they are deleted
        packed = [(row, zlib.compress(json.dumps(texts).encode())) for row, *texts in rows]
        connection.executemany("INSERT INTO indexed (id, texts) VALUES (?, ?)", packed)


def unindex_texts(connection: Connection, title: str, passages: Texts) -> None:
    """Undo `index_texts`, which was given the same."""
    rows = {row: (row, title, text) for row, title, text in _columns(WORDS, title, passages)}
    listed = (json.dumps(list(rows)),)
    query = "FROM indexed WHERE id IN (SELECT value FROM json_each(?))"
    for row, packed in connection.execute(f"SELECT id, texts {query}", listed):
        rows[row] = (row, *json.loads(zlib.decompress(packed)))
    connection.executemany(_DELETE, rows.values())
    connection.execute(f"DELETE {query}", listed)


def reindex(connection: Connection, analysis: Analysis) -> None:
    """Index all passages anew, in the running transaction; the analysis is recorded as a fact of the library."""
    connection.execute("INSERT INTO fulltext (fulltext) VALUES ('delete-all')")
    connection.execute("DELETE FROM indexed")
    query = "SELECT d.id, d.title, p.id, p.heading, p.text FROM documents d JOIN passages p ON p.document = d.id"
    rows = connection.execute(f"{query} ORDER BY d.id")
    for (_, title), own in groupby(rows, key=lambda row: row[:2]):
        index_texts(connection, analysis, title, [row[2:] for row in own])
    connection.execute("INSERT OR REPLACE INTO meta VALUES ('analysis', ?)", (analysis.version,))


def _columns(analysis: Analysis, title: str, passages: Texts) -> list[tuple[int, str, str]]:
    return [(row, analysis.indexed(f"{title}\n{heading}"), analysis.indexed(text)) for row, heading, text in passages]
