"""What each signal alone would have ranked, from the signals that every hit carries.

A ranking is unit -> score, higher is better. The unit is a document, or a paragraph of one; the parts of a split
paragraph count as one, by the best of them.
"""

from collections.abc import Iterable, Mapping, Sequence

from eval.data.datasets import Place, Query
from eval.quality.asking import RANKED, Asked
from retrieval import Hit, Passage

Ranking = Mapping[str, float]
OURS = "Pincite"
SIGNALS = {"passage vectors": "passage", "sentence vectors": "sentence", "BM25": "bm25"}
FUSED = "rank fusion"
RRF = 60  # of Cormack, Clarke and Büttcher, 2009, who introduced reciprocal rank fusion


def unit_of(passage: Passage, unit: str) -> str:
    """Name what is ranked: the document, or the paragraph."""
    return passage.doc_id if unit == "document" else f"{passage.doc_id} ¶ {passage.number}"


def rankings(asked: Asked, unit: str) -> dict[str, Ranking]:
    """Return ablation -> ranking for one question: each signal alone, reciprocal rank fusion of two, and ours.

    All are cut at as many units as passages are asked for with an answer, so that MAP compares like with like.
    """
    found: dict[str, Ranking] = {name: best(asked.hits, s, unit) for name, s in SIGNALS.items() if asked.hits}
    if found:
        found[FUSED] = fused([found["passage vectors"], found["BM25"]])
    return {name: cut(ranking) for name, ranking in found.items()} | {OURS: ours(asked, unit)}


def cut(ranking: Ranking) -> Ranking:
    """Keep the best RANKED units."""
    return {name: ranking[name] for name in sorted(ranking, key=lambda unit: -ranking[unit])[:RANKED]}


def ours(asked: Asked, unit: str) -> Ranking:
    """Rank as the library did; nothing where asking failed."""
    ranking: dict[str, float] = {}
    for hit in asked.answer.passages if asked.answer else ():
        ranking.setdefault(unit_of(hit.passage, unit), -float(hit.rank))
    return ranking


def best(hits: Iterable[Hit], signal: str, unit: str) -> Ranking:
    """Rank units by the best value of a signal; a BM25 of 0 means that no word matched, so that is not ranked."""
    ranking: dict[str, float] = {}
    for hit in hits:
        value, name = hit.signals[signal], unit_of(hit.passage, unit)
        if signal != "bm25" or value > 0:
            ranking[name] = max(value, ranking.get(name, value))
    return ranking


def fused(given: Sequence[Ranking]) -> Ranking:
    """Add 1 / (60 + rank) over rankings; a unit that one does not rank gets nothing from it."""
    total: dict[str, float] = {}
    for ranking in given:
        for rank, name in enumerate(sorted(ranking, key=lambda unit: -ranking[unit]), start=1):
            total[name] = total.get(name, 0.0) + 1 / (RRF + rank)
    return total


def relevant(asked: Asked, unit: str) -> Mapping[str, int]:
    """Return unit -> grade. Paragraphs are read off the answers: those that overlap one.

    A place in no passage that was found keeps a name of its own, so that missing it costs what it should.
    """
    if unit == "document":
        return asked.query.relevant
    passages = [hit.passage for hit in asked.hits or (asked.answer.passages if asked.answer else ())]
    return {name: 1 for place in asked.query.answers for name in _units_at(place, passages, unit)}


def _units_at(place: Place, passages: Iterable[Passage], unit: str) -> set[str]:
    doc_id, start, end = place
    over = {unit_of(p, unit) for p in passages if p.doc_id == doc_id and p.start < end and start < p.end}
    return over or {f"{doc_id} at {start}"}


def is_ranked(query: Query, unit: str) -> bool:
    """Tell whether there is anything to find for a question."""
    return any(grade > 0 for grade in query.relevant.values()) if unit == "document" else bool(query.answers)
