"""Fits the weights of retrieval/answer.py: `python -m eval.fit --data DIR` prints them; nothing is written.

Fitted on squad2-dev-a without the paragraphs that xquad-r-en shares with it, so that xquad-r-en, cranfield and the
seeds can be reported on. Questions from other data sets, and from other articles, are the unanswerable ones.
"""

import argparse
import random
import tempfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression

from eval.datasets import Dataset, Query, load_beir
from retrieval import Library
from retrieval.answer import PASSAGES, features
from retrieval.search import Ranked


def main() -> None:
    """Build the library, fit quotes, then confidence, and print both."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of the data sets in BEIR layout")
    parser.add_argument("--library", type=Path, help="keep the library here instead of a temporary folder")
    arguments = parser.parse_args()
    dataset, report_on = (load_beir(arguments.data / name) for name in ("squad2-dev-a", "xquad-r-en"))
    shared = {document.text for document in report_on.documents}
    documents = tuple(document for document in dataset.documents if document.text not in shared)
    own = {document.doc_id for document in documents}
    queries = [q for q in dataset.queries if q.answers and q.answers[0][0] in own]
    others = [q.text for name in ("cranfield", "mtrag-un-a") for q in load_beir(arguments.data / name).queries]
    with tempfile.TemporaryDirectory() as temporary, Library(arguments.library or temporary) as library:
        library.add(documents)
        _fit_quotes(library, queries)
        _fit_confidence(library, Dataset("", documents, tuple(queries)), others)


def _rank(library: Library, question: str, title: str = "") -> list[Ranked]:
    return library._asking().rank(question, PASSAGES, {"title": title} if title else {})


def _fit_quotes(library: Library, queries: Iterable[Query]) -> None:
    """Which sentence of the best passages holds the answer, from its signals and its passage's distance."""
    rows, labels = [], []
    for query in queries:
        ranked = _rank(library, query.text)
        for item in ranked:
            passage = item.candidate.passage
            for (start, end), signals in zip(passage.sentences, item.sentences, strict=True):
                rows.append([*signals, item.score - ranked[0].score])
                spans = (s for d, s, e in query.answers if d == passage.doc_id and start <= s and e <= end)
                labels.append(next(spans, None) is not None)
    model = LogisticRegression(C=100, max_iter=5000).fit(np.array(rows), labels)
    print("QUOTE_WEIGHTS, QUOTE_GAP =", np.round(model.coef_[0], 2).tolist(), f"({len(labels):,} sentences)")
    print("BIAS", model.intercept_)


def _fit_confidence(library: Library, dataset: Dataset, others: list[str]) -> None:
    """Whether the library answers at all; asked of the whole library and of one article, to hold at both sizes."""
    chance = random.Random(0)
    titles = {document.doc_id: document.title for document in dataset.documents}
    names = sorted(set(titles.values()))
    rows, labels = [], []

    def take(question: str, title: str, answerable: bool) -> None:
        rows.append(features(_rank(library, question, title)))
        labels.append(answerable)

    for query in dataset.queries:
        title = titles[query.answers[0][0]]
        take(query.text, "", True)
        take(query.text, title, True)
        take(query.text, chance.choice([name for name in names if name != title]), False)
    for question in others:
        take(question, "", False)
        take(question, chance.choice(names), False)
    model = LogisticRegression(C=100, max_iter=5000).fit(np.array(rows), labels)
    print("CONFIDENCE_WEIGHTS =", np.round(model.coef_[0], 2).tolist())
    print("CONFIDENCE_BIAS =", np.round(model.intercept_[0], 2), f"({len(labels):,} questions)")
    odds = model.decision_function(np.array(rows))
    right = np.array(labels)
    for threshold in (0.2, 0.3, 0.4, 0.5):
        found = 1 / (1 + np.exp(-odds)) >= threshold
        print(f"threshold {threshold}: answered {found[right].mean():.3f}, not answered {1 - found[~right].mean():.3f}")


if __name__ == "__main__":
    main()
