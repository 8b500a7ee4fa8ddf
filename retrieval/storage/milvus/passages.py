"""Candidates from Milvus, and how well a passage's words match. Ranks nothing, writes nothing.

Milvus gives candidates only: its BM25 knows the document frequencies of one segment, and how rows fall into segments
must not change an answer. BM25 is worked out again here, from the frequencies in the whole library.
"""

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from retrieval.embedding import Floats
from retrieval.storage.candidates import Candidate, Candidates, Shelves
from retrieval.storage.milvus.client import Server
from retrieval.storage.milvus.documents import ATTEMPTS, PASSAGE, MilvusRecords, Moment
from retrieval.storage.milvus.rows import Row, condition, searchable
from retrieval.text import stem

MOST_ROWS = 16_384  # that Milvus returns at once
SAMPLE = 16_384  # passages whose mean length stands for all; keys are hashes, so any of them are a random sample
SMALL = 5_000  # passages up to which all their terms are read after a write: 3 MB
LARGE = 100_000  # passages from which on words are counted again only
COUNTED_SECONDS = 60  # so long after the last time, while the library is written to
K1, B = 1.2, 0.75
_FOUND = ("doc", "version", "length", "terms")


@dataclass(slots=True)
class _Statistics:
    """Numbers over all passages: how many, terms in one on average, and stem -> passages that hold it.

    held: the last for every stem, as written in a row; None where they are too many to be read.
    """

    generation: int
    total: int = 0
    mean: float = 0.0
    held: Counter[str] | None = field(default_factory=Counter)
    counts: dict[str, int] = field(default_factory=dict)
    made: float = field(default_factory=time.monotonic)

    def is_kept(self, generation: int) -> bool:
        """Tell whether they may be used at a generation."""
        age = time.monotonic() - self.made
        return generation == self.generation or (self.total > LARGE and age < COUNTED_SECONDS)


class MilvusLookup(MilvusRecords):
    """The reading half of the backend."""

    def __init__(self, server: Server) -> None:
        super().__init__(server)
        self._statistics = _Statistics(-1)
        self._shelves = Shelves()

    # --- candidates

    def find(
        self, words: Sequence[str], vector: Floats, count: int, where: Mapping[str, Any]
    ) -> tuple[Candidates, dict[int, float]]:
        """See Backend.find; BM25 is given for all that are found.

        Where a document was replaced meanwhile, so that neither of its versions was found, all is read again.
        """
        filter = condition(where)
        if not self._searchable():
            return self._candidates([]), {}
        for _ in range(ATTEMPTS):
            moment = self._now()
            found, scores, lost = self._found(moment, words, vector, count, filter)
            if not lost or self.generation() == moment.generation:
                break
        return found, {int(key, 16): score for key, score in scores.items() if score}

    def _found(
        self, moment: Moment, words: Sequence[str], vector: Floats, count: int, filter: str
    ) -> tuple[Candidates, dict[str, float], bool]:
        """Return candidates, id -> BM25, and whether any were left out because they are not there (any more)."""
        by_words = self._by_words(moment, words, 2 * count, filter)
        by_vector = self._search(moment, "vector", vector, count, filter)
        lexical, nearest = self._visible(moment, by_words), self._visible(moment, by_vector)
        scores = self._bm25(moment, words, lexical | nearest)
        best = sorted(lexical, key=lambda key: -scores[key])[:count]
        wanted = dict.fromkeys([*nearest, *best])
        found = self._candidates(wanted)
        left_out = len(by_words) + len(by_vector) - len(lexical) - len(nearest)
        return found, scores, left_out > 0 or len(found) < len(wanted)

    def fulltext(self, words: Sequence[str], limit: int, where: Mapping[str, Any]) -> dict[int, float]:
        """Return passage id -> BM25 of the best `limit` passages; see Backend.fulltext."""
        filter, moment = condition(where), self._now()
        found = self._visible(moment, self._by_words(moment, words, 2 * limit, filter)) if self._searchable() else {}
        scores = self._bm25(moment, words, found)
        best = sorted(found, key=lambda key: -scores[key])[:limit]
        return {int(key, 16): scores[key] for key in best}

    def _by_words(self, moment: Moment, words: Sequence[str], limit: int, filter: str) -> list[Row]:
        """Return the rows of the best passages by Milvus's own BM25, which ranks within a segment."""
        query = searchable(dict.fromkeys(map(stem, words)))
        return self._search(moment, "bm25", query, limit, filter) if query else []

    def _search(self, moment: Moment, field: str, value: Any, limit: int, filter: str) -> list[Row]:
        """Return the best rows by one index; the first time after a write, with all that was written."""
        strong = field not in moment.searched
        rows = self._server.search("passages", field, value, min(limit, MOST_ROWS), filter, _FOUND, strong)
        moment.searched.add(field)
        return rows

    def _visible(self, moment: Moment, rows: Sequence[Row]) -> dict[str, Row]:
        """Return id -> row of the passages of committed documents, in the same order."""
        documents = self._documents((row["doc"] for row in rows), moment)
        versions = {held.version for held in documents.values()}
        return {row["id"]: row for row in rows if row["version"] in versions}

    def _candidates(self, keys: Iterable[str]) -> Candidates:
        """Return passages by id; a passage never changes, so the ones read last are kept decoded."""
        wanted = {int(key, 16): key for key in keys}

        def read(missing: Sequence[int]) -> Iterator[Candidate]:
            return map(self._decode, self._server.get("passages", [wanted[each] for each in missing], PASSAGE))

        return self._shelves.get(wanted, read)

    # --- words

    def rarity(self, words: Sequence[str]) -> dict[str, float]:
        """Return stem -> inverse document frequency (Robertson's, never negative) over all passages."""
        terms = list(dict.fromkeys(map(stem, words)))
        known = self._counted(terms)
        counts = ((term, known.counts[term]) for term in terms)
        return {term: float(np.log1p((known.total - n + 0.5) / (n + 0.5))) for term, n in counts}

    def frequencies(self, terms: Iterable[str]) -> dict[str, int]:
        """Return stem -> number of passages that hold it, of those that any passage holds."""
        wanted = list(terms)
        known = self._counted(wanted)
        return {term: known.counts[term] for term in wanted if known.counts[term]}

    def _bm25(self, moment: Moment, words: Sequence[str], rows: Mapping[str, Row]) -> dict[str, float]:
        """Return id -> BM25 as SQLite's FTS5 has it: a stem counts once for each word that has it."""
        if not rows:
            return {}
        asked = [stem(word) for word in words]
        known = self._counted(asked, moment)
        numbers = np.array([known.counts[term] for term in asked])
        weights = np.maximum(np.log((known.total - numbers + 0.5) / (numbers + 0.5)), 1e-6)
        written = [searchable([term]) for term in asked]
        held = [row["terms"].split() for row in rows.values()]
        often = np.array([[terms.count(term) for term in written] for terms in held]).reshape(len(held), len(asked))
        long = np.array([row["length"] for row in rows.values()])[:, None] / max(known.mean, 1e-9)
        scores = (often * (K1 + 1) / (often + K1 * (1 - B + B * long))) @ weights
        return dict(zip(rows, scores.tolist(), strict=True))

    def _counted(self, terms: Iterable[str], moment: Moment | None = None) -> _Statistics:
        """Return the statistics with at least these stems; kept while the library is about the same."""
        known, generation = self._statistics, (moment or self._now()).generation
        if not known.is_kept(generation):
            known = self._statistics = self._measured(generation)
        for term in terms:
            if term not in known.counts:
                count = self._holding(term) if known.held is None else known.held[searchable([term])]
                known.counts[term] = min(count, known.total)  # which was counted a moment before
        return known

    def _measured(self, generation: int) -> _Statistics:
        """Return new statistics: of a small library from all its terms, of a large one from the lengths of a sample."""
        total = self._server.count("passages", strong=True) if self._searchable() else 0
        if not total:
            return _Statistics(generation)
        rows = self._server.sample("passages", ["length", "terms"][: 1 + (total <= SMALL)], SAMPLE)
        mean = float(np.mean([row["length"] for row in rows]))
        held = Counter(term for row in rows for term in set(row["terms"].split())) if total <= SMALL else None
        return _Statistics(generation, total, mean, held)

    def _holding(self, term: str) -> int:
        """Count the passages that hold a stem."""
        return self._server.count("passages", f'text_match(terms, "{searchable([term])}")')
