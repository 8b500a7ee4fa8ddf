"""Fits the weights of quotes and of the confidence: `python -m eval.calibration.fit --data DIR`.

Fitted on squad2-dev-a without the paragraphs that xquad-r-en shares with it, so that xquad-r-en, cranfield and the
seeds can be reported on. What is printed of squad2-dev-a itself comes from fits without the article that is asked of.
"""

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from rich.progress import track
from sklearn.linear_model import LogisticRegression

from eval.calibration import sureness
from eval.data.datasets import Dataset, Query, load_beir
from retrieval import Library
from retrieval.answering import PASSAGES


def main() -> None:
    """Build the library, fit quotes, then certainty; print both, and write the latter where asked to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of the data sets in BEIR layout")
    parser.add_argument("--library", type=Path, help="keep the library here instead of a temporary folder")
    parser.add_argument("--write", action="store_true", help="write retrieval/answering/confidence.json")
    arguments = parser.parse_args()
    dataset, others = _data(arguments.data)
    with tempfile.TemporaryDirectory() as temporary, Library(arguments.library or temporary) as library:
        library.add(dataset.documents)
        _fit_quotes(library, [query for query in dataset.queries if query.answers])
        examples = list(sureness.examples(library, dataset, others))
    made = sureness.fit(examples)
    sureness.show(made)
    if arguments.write:
        sureness.write(made)


def _data(folder: Path) -> tuple[Dataset, list[str]]:
    """Return squad2-dev-a without what xquad-r-en shares with it, and questions of other data sets."""
    dataset, report_on = (load_beir(folder / name) for name in ("squad2-dev-a", "xquad-r-en"))
    shared = {document.text for document in report_on.documents}
    documents = tuple(document for document in dataset.documents if document.text not in shared)
    own = {document.doc_id for document in documents}
    queries = tuple(query for query in dataset.queries if query.about in own)
    others = [query.text for name in ("cranfield", "mtrag-un-a") for query in load_beir(folder / name).queries]
    return Dataset("", documents, queries), others


def _fit_quotes(library: Library, queries: Sequence[Query]) -> None:
    """Which sentence of the best passages holds the answer, from its signals and its passage's distance."""
    rows, labels = [], []
    for query in track(queries, "quotes"):
        ranked = library._asking().rank(query.text, PASSAGES, {})
        for item in ranked:
            passage = item.candidate.passage
            for (start, end), signals in zip(passage.sentences, item.sentences, strict=True):
                rows.append([*signals[:2], item.score - ranked[0].score])
                spans = (s for d, s, e in query.answers if d == passage.doc_id and start <= s and e <= end)
                labels.append(next(spans, None) is not None)
    model = LogisticRegression(C=100, max_iter=5000).fit(np.array(rows), labels)
    print("QUOTE_WEIGHTS, QUOTE_GAP =", np.round(model.coef_[0], 2).tolist(), f"({len(labels):,} sentences)")


if __name__ == "__main__":
    main()
