"""Full-text scores of words, and how frequent words are, from the database. Knows nothing about vectors or ranking.

BM25 adds up over words, so what one word gives each passage is read from SQLite's index once for a generation and
kept: a frequent word costs 0.7 ms for a thousand passages the first time and next to nothing from then on.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retrieval.storage.filters import conditions
from retrieval.storage.local.database import Database
from retrieval.text import stem

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


class Fulltext(Database):
    """What the full-text index knows."""

    def __init__(self, path: Path) -> None:
        """Open or create; see Database."""
        super().__init__(path)
        self._known = _Known()

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
        ids, scores = self.bm25(words, limit, self.allowed(where) if where else None)
        return dict(zip(ids.tolist(), scores.tolist(), strict=True))

    def bm25(self, words: Sequence[str], limit: int, allowed: NDArray[np.int64] | None = None) -> Scores:
        """Return (ids, BM25) as `fulltext` does, best first; allowed: ids to choose from."""
        known = self._counted([stem(word) for word in words])
        parts = [self._scores(known, part) for part in _parts({word: known.counts[stem(word)] for word in words})]
        if not parts:
            return np.zeros(0, np.int64), np.zeros(0)
        ids, rows = np.unique(np.concatenate([own for own, _ in parts]), return_inverse=True)
        totals = np.bincount(rows, np.concatenate([scores for _, scores in parts])).astype(np.float64)
        if allowed is not None:
            mask = np.isin(ids, allowed)
            ids, totals = ids[mask], totals[mask]
        best = np.argsort(-totals, kind="stable")[:limit]
        return ids[best], totals[best]

    def _scores(self, known: _Known, part: str) -> Scores:
        """Return (ids, BM25) of all passages that match a part of a query."""
        if part not in known.scores:
            query = "SELECT rowid, -bm25(fulltext) FROM fulltext WHERE fulltext MATCH ?"
            with self._reading() as connection:
                rows = connection.execute(query, (part,)).fetchall()
            ids, scores = zip(*rows, strict=True) if rows else ((), ())
            known.scores[part] = np.array(ids, np.int64), np.array(scores, np.float64)
            known.kept += len(rows)
        return known.scores[part]

    def rarity(self, words: Sequence[str]) -> dict[str, float]:
        """Return stem -> inverse document frequency (Robertson's, never negative) over all passages."""
        terms = list(dict.fromkeys(map(stem, words)))
        known = self._counted(terms)
        counts = [known.counts[term] for term in terms]
        return {
            term: float(np.log1p((known.passages - n + 0.5) / (n + 0.5))) for term, n in zip(terms, counts, strict=True)
        }

    def frequencies(self, terms: Iterable[str]) -> dict[str, int]:
        """Return stem -> number of passages that hold it, of those that any passage holds."""
        wanted = list(terms)
        counts = self._counted(wanted).counts
        return {term: counts[term] for term in wanted if counts[term]}

    def _counted(self, terms: Sequence[str]) -> _Known:
        """Return what is known of this generation, with the counts of these terms.

        Counting takes as long as a word is frequent: 20 ms for the words of a question to a million passages.
        """
        generation, known = self.generation(), self._known
        if known.generation != generation or known.is_full():
            known = self._known = _Known(generation, self._passages())
        missing = [term for term in terms if term not in known.counts]
        if missing:
            query = "SELECT term, doc FROM terms WHERE term IN (SELECT value FROM json_each(?))"
            with self._reading() as connection:
                found = dict(connection.execute(query, (json.dumps(missing),)).fetchall())
            known.counts.update({term: found.get(term, 0) for term in missing})
        return known

    def _passages(self) -> int:
        with self._reading() as connection:
            return int(connection.execute("SELECT count(*) FROM passages").fetchone()[0])


def _parts(counts: Mapping[str, int]) -> list[str]:
    """Return the full-text queries, the rarest first, for words with their numbers of passages: any of them.

    As many as SCORED_MOST allows; where that leaves out all that were counted, passages with both of the two rarest.
    """
    ordered = sorted(counts, key=lambda word: counts[word])
    totals = np.cumsum([counts[word] for word in ordered])
    few = [f'"{word}"' for word in ordered[: int(np.searchsorted(totals, SCORED_MOST, side="right"))]]
    common = [f'"{word}"' for word in ordered[len(few) : len(few) + 2]]
    if common and not any(counts[word] for word in ordered[: len(few)]):
        few.append(" AND ".join(common))
    return few
