"""Passages as rows of a collection, and what ranking asks of them: candidates by vector and by word, and tokens.

Milvus gives candidates only: its BM25 knows the document frequencies of one segment, and how rows fall into segments
must not change an answer. BM25 is worked out again here, from the frequencies in the whole library, because it decides
which of Milvus's rows are candidates at all.
"""

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from retrieval.embedding import Floats
from retrieval.records import Passage
from retrieval.storage import rules
from retrieval.storage.base import IndexedDocument
from retrieval.storage.cache import PassageCache
from retrieval.storage.candidates import Candidate, Candidates
from retrieval.storage.codec import NO_TOKENS, Tokens
from retrieval.storage.filters import parse
from retrieval.storage.milvus.client import Client
from retrieval.storage.milvus.filters import compiled
from retrieval.storage.milvus.rows import (
    DocumentRow,
    Row,
    candidate_of,
    number_of,
    passage_key,
    passage_rows,
    searchable,
    tokens_of,
)
from retrieval.storage.milvus.snapshot import ATTEMPTS, Committed, Snapshot
from retrieval.text import WORDS, Analysis, stem

MOST_ROWS = 16_384  # that Milvus returns at once
SAMPLE = 16_384  # passages whose mean length stands for all; keys are hashes, so any of them are a random sample
SMALL = 5_000  # passages up to which all their terms are read after a write: 3 MB
LARGE = 100_000  # passages from which on words are counted again only
COUNTED_SECONDS = 60  # so long after the last time, while the library is written to
K1, B = 1.2, 0.75
_FOUND = ("doc", "version", "length", "terms")
_PASSAGE = ("id", "vector", "passage", "sentences")


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


class Passages:
    """The passages of committed documents, Milvus's two indexes over them, and a cache of those read last."""

    def __init__(self, client: Client, committed: Committed, small: int = SMALL) -> None:
        """Read over a client. small: passages up to which all their terms are read after a write."""
        self._client, self._committed = client, committed
        self._small = small
        self.analysis: Analysis = WORDS
        self._has_collection = False
        self._statistics = _Statistics(-1)
        self._cache = PassageCache()

    def exist(self) -> bool:
        """Tell whether there is a collection of passages, which the first one makes."""
        self._has_collection = self._has_collection or self._client.has("passages")
        return self._has_collection

    def count(self) -> int:
        """Count the passages."""
        return self._client.count("passages") if self.exist() else 0

    # --- found

    def find(
        self, words: Sequence[str], vector: Floats, count: int, where: Mapping[str, Any]
    ) -> tuple[Candidates, dict[int, float]]:
        """See PassageIndex.find; BM25 is given for all that are found.

        Where a document was replaced meanwhile, so that neither of its versions was found, all is read again.
        """
        filter = compiled(parse(where))
        if not self.exist():
            return self._candidates([]), {}
        for _ in range(ATTEMPTS):
            snapshot = self._committed.now()
            found, scores, lost = self._found(snapshot, words, vector, count, filter)
            if not lost or self._committed.generation() == snapshot.generation:
                break
        return found, {number_of(key): score for key, score in scores.items() if score}

    def _found(
        self, snapshot: Snapshot, words: Sequence[str], vector: Floats, count: int, filter: str
    ) -> tuple[Candidates, dict[str, float], bool]:
        """Return candidates, id -> BM25, and whether any were left out because they are not there (any more)."""
        by_words = self._by_words(snapshot, words, 2 * count, filter)
        by_vector = self._search(snapshot, "vector", vector, count, filter)
        lexical, nearest = self._visible(snapshot, by_words), self._visible(snapshot, by_vector)
        scores = self._bm25(snapshot, words, lexical | nearest)
        best = sorted(lexical, key=lambda key: -scores[key])[:count]
        wanted = dict.fromkeys([*nearest, *best])
        found = self._candidates(wanted)
        left_out = len(by_words) + len(by_vector) - len(lexical) - len(nearest)
        return found, scores, left_out > 0 or len(found) < len(wanted)

    def bm25(self, words: Sequence[str], limit: int, where: Mapping[str, Any]) -> dict[int, float]:
        """Return passage id -> BM25 of the best `limit` passages; see PassageIndex.bm25."""
        filter, snapshot = compiled(parse(where)), self._committed.now()
        rows = self._by_words(snapshot, words, 2 * limit, filter) if self.exist() else []
        found = self._visible(snapshot, rows)
        scores = self._bm25(snapshot, words, found)
        best = sorted(found, key=lambda key: -scores[key])[:limit]
        return {number_of(key): scores[key] for key in best}

    def _by_words(self, snapshot: Snapshot, words: Sequence[str], limit: int, filter: str) -> list[Row]:
        """Return the rows of the best passages by Milvus's own BM25, which ranks within a segment."""
        query = searchable(dict.fromkeys(map(stem, words)))
        return self._search(snapshot, "bm25", query, limit, filter) if query else []

    def _search(self, snapshot: Snapshot, field: str, value: Any, limit: int, filter: str) -> list[Row]:
        """Return the best rows by one index; the first time after a write, with all that was written."""
        strong = field not in snapshot.searched
        rows = self._client.search("passages", field, value, min(limit, MOST_ROWS), filter, _FOUND, strong)
        snapshot.searched.add(field)
        return rows

    def _visible(self, snapshot: Snapshot, rows: Sequence[Row]) -> dict[str, Row]:
        """Return id -> row of the passages of committed documents, in the same order."""
        documents = self._committed.rows((row["doc"] for row in rows), snapshot)
        versions = {own.version for own in documents.values()}
        return {row["id"]: row for row in rows if row["version"] in versions}

    # --- words

    def idf(self, words: Sequence[str]) -> dict[str, float]:
        """Return stem -> inverse document frequency over all passages; see `rules.idf`."""
        terms = list(dict.fromkeys(map(stem, words)))
        known = self._counted(terms)
        return rules.idf(known.total, {term: known.counts[term] for term in terms})

    def document_frequencies(self, terms: Iterable[str]) -> dict[str, int]:
        """Return stem -> number of passages that hold it, of those that any passage holds."""
        wanted = list(terms)
        known = self._counted(wanted)
        return {term: known.counts[term] for term in wanted if known.counts[term]}

    def _bm25(self, snapshot: Snapshot, words: Sequence[str], rows: Mapping[str, Row]) -> dict[str, float]:
        """Return id -> BM25 as SQLite's FTS5 has it: a stem counts once for each word that has it."""
        if not rows:
            return {}
        asked = [stem(word) for word in words]
        known = self._counted(asked, snapshot)
        numbers = np.array([known.counts[term] for term in asked])
        weights = np.maximum(np.log((known.total - numbers + 0.5) / (numbers + 0.5)), 1e-6)
        written = [searchable([term]) for term in asked]
        held = [row["terms"].split() for row in rows.values()]
        often = np.array([[terms.count(term) for term in written] for terms in held]).reshape(len(held), len(asked))
        long = np.array([row["length"] for row in rows.values()])[:, None] / max(known.mean, 1e-9)
        scores = (often * (K1 + 1) / (often + K1 * (1 - B + B * long))) @ weights
        return dict(zip(rows, scores.tolist(), strict=True))

    def _counted(self, terms: Iterable[str], snapshot: Snapshot | None = None) -> _Statistics:
        """Return the statistics with at least these stems; kept while the library is about the same."""
        known, generation = self._statistics, (snapshot or self._committed.now()).generation
        if not known.is_kept(generation):
            known = self._statistics = self._measured(generation)
        for term in terms:
            if term not in known.counts:
                count = self._holding(term) if known.held is None else known.held[searchable([term])]
                known.counts[term] = min(count, known.total)  # which was counted a moment before
        return known

    def _measured(self, generation: int) -> _Statistics:
        """Return new statistics: of a small library from all its terms, of a large one from the lengths of a sample."""
        total = self._client.count("passages", strong=True) if self.exist() else 0
        if not total:
            return _Statistics(generation)
        is_small = total <= self._small
        rows = self._client.sample("passages", ["length", "terms"][: 1 + is_small], SAMPLE)
        mean = float(np.mean([row["length"] for row in rows]))
        held = Counter(term for row in rows for term in set(row["terms"].split())) if is_small else None
        return _Statistics(generation, total, mean, held)

    def _holding(self, term: str) -> int:
        """Count the passages that hold a stem."""
        return self._client.count("passages", f'text_match(terms, "{searchable([term])}")')

    # --- read

    def _candidates(self, keys: Iterable[str]) -> Candidates:
        """Return passages by id; a passage never changes, so the ones read last are kept decoded."""
        wanted = {number_of(key): key for key in keys}

        def read(missing: Sequence[int]) -> Iterator[Candidate]:
            return map(self._decode, self._client.get("passages", [wanted[each] for each in missing], _PASSAGE))

        return self._cache.get(wanted, read)

    def _decode(self, row: Row) -> Candidate:
        try:
            return candidate_of(row)
        except (ValueError, TypeError) as error:
            raise self._client.damaged(error) from error

    def tokens(self, ids: Sequence[int]) -> dict[int, Tokens]:
        """Return passage id -> its tokens; none where the passage is gone."""
        rows = self._client.get("passages", list(map(passage_key, ids)), ["id", "tokens"]) if ids else []
        return dict.fromkeys(ids, NO_TOKENS) | {number_of(row["id"]): tokens_of(row) for row in rows}

    def of_document(self, doc_id: str, start: int = 0, end: int | None = None) -> list[Passage]:
        """Return a document's passages that reach into [start, end), in order; end: None for the end of the text."""
        row = self._committed.row(doc_id)
        if not row or not row.passages:
            return []
        within = f"last > {int(start)}" + ("" if end is None else f" and first < {int(end)}")
        return [found.passage for found in self.of_versions([row], within).get(row.version, [])]

    def of_versions(self, documents: Iterable[DocumentRow], within: str = "") -> dict[str, list[Candidate]]:
        """Return version -> passages in order, of documents that have any. within: a filter."""
        found: dict[str, list[Candidate]] = {}
        versions = [own.version for own in documents if own.passages]
        for row in self._client.query_in("passages", "version", versions, (*_PASSAGE, "version"), within):
            found.setdefault(row["version"], []).append(self._decode(row))
        return {version: sorted(own, key=lambda each: (each.passage.start, each.passage.end))
                for version, own in found.items()}  # fmt: skip

    # --- written, which nobody sees before the documents' rows name them

    def write(self, own: DocumentRow, given: IndexedDocument) -> None:
        """Write the passages of a document's version."""
        if given.passages:
            if not self.exist():
                self._client.create("passages", len(given.vectors[0].vector))
            self._client.upsert("passages", passage_rows(own, given.passages, given.vectors, self.analysis))

    def count_of(self, filter: str) -> int:
        """Count what a filter finds, with what other clients have just written and deleted."""
        return self._client.count("passages", filter, strong=True)

    def drop(self, docs: Sequence[str], also: str = "") -> None:
        """Delete the passages of documents. also: a filter."""
        if self.exist():
            self._client.delete_in("passages", "doc", docs, also)
