"""Metrics of ranking, quotes and abstaining, through the public API. A failed question scores zero and is counted."""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import ir_measures
from ir_measures import R, nDCG

from eval.datasets import Dataset, Query
from retrieval import Answer, Hit, Library

RANKED = 60  # passages asked for, so that ten documents are left when parts of one are merged


@dataclass(slots=True)
class Figures:
    """What a run over one data set gave; shares are 0 to 1, times milliseconds."""

    name: str
    passages: int = 0
    index_seconds: float = 0.0
    values: dict[str, float] = field(default_factory=dict)


def build(library: Library, dataset: Dataset) -> Figures:
    """Add a data set's documents, and time it."""
    began = time.perf_counter()
    report = library.add(dataset.documents)
    if report.failed:
        print(f"{dataset.name}: {len(report.failed)} documents failed, the first: {report.failed[0]}")
    return Figures(dataset.name, library.info()["passages"], time.perf_counter() - began)


def ranking(library: Library, queries: Sequence[Query]) -> dict[str, float]:
    """Return nDCG@10 and recall@1/5/20 over queries with a relevant document, a document being the unit."""
    judged = [query for query in queries if any(query.relevant.values())]
    run = [
        ir_measures.ScoredDoc(query.query_id, doc_id, score)
        for query in judged
        for doc_id, score in _by_document(library.search(query.text, k=RANKED)).items()
    ]
    qrels = [ir_measures.Qrel(q.query_id, doc_id, grade) for q in judged for doc_id, grade in q.relevant.items()]
    measures = [nDCG @ 10, R @ 1, R @ 5, R @ 20]
    found = ir_measures.calc_aggregate(measures, qrels, run)
    return {str(measure): float(found[measure]) for measure in measures}


def _by_document(hits: Iterable[Hit]) -> dict[str, float]:
    """Keep the best passage of each document."""
    best: dict[str, float] = {}
    for hit in hits:
        best.setdefault(hit.passage.doc_id, hit.score)
    return best


def quoting(library: Library, dataset: Dataset) -> dict[str, float]:
    """Ask every question; return shares of answered, of answers within a quote, and of quotes unlike their source."""
    texts = {document.doc_id: document.text for document in dataset.documents}
    answerable = [query for query in dataset.queries if query.answers and query.answerable]
    answers = [(query, library.ask(query.text)) for query in answerable]
    quotes = [citation for _, answer in answers for citation in answer.citations]
    wrong = sum(texts[c.doc_id][c.start : c.end] != c.quote for c in quotes)
    asked = max(1, len(answers))
    return {
        "answer in a quote": sum(_within(query, answer) for query, answer in answers) / asked,
        "answered": sum(answer.found for _, answer in answers) / asked,
        "quotes per answer": len(quotes) / asked,
        "characters per answer": sum(len(c.quote) for c in quotes) / asked,
        "quotes unlike source": float(wrong),
    }


def judge(library: Library, cases: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Ask cases that name their gold quotes; add to each: answer, passage in top 3, quote, right (overall)."""
    judged = []
    for case in cases:
        answer = library.ask(case["question"])
        gold = case["quotes"]
        passage = any(quote in hit.passage.text for hit in answer.passages[:3] for quote in gold)
        quoted = any(quote in citation.quote for citation in answer.citations for quote in gold)
        right = quoted if case["answerable"] else not answer.found
        judged.append({**case, "answer": answer, "passage": passage, "quoted": quoted, "right": right})
    return judged


def case_figures(judged: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """Return the shares that the seeds are judged by."""
    yes, no = ([case for case in judged if case["answerable"] is kind] for kind in (True, False))
    return {
        "passage in top 3": sum(case["passage"] for case in yes) / max(1, len(yes)),
        "right quote": sum(case["quoted"] for case in yes) / max(1, len(yes)),
        "answered": sum(case["answer"].found for case in yes) / max(1, len(yes)),
        "not found when unanswerable": sum(case["right"] for case in no) / max(1, len(no)),
    }


def _within(query: Query, answer: Answer) -> bool:
    """Tell whether a quote spans one of the answers."""
    return any(
        c.doc_id == doc_id and c.start <= start and end <= c.end
        for c in answer.citations
        for doc_id, start, end in query.answers
    )
