"""Fit the weights of quotes and of the confidence: `python -m eval fit --data DIR`.

Fitted on squad2-dev-a without the paragraphs that xquad-r-en shares with it, so that xquad-r-en, cranfield and the
seeds can be reported on. What is printed of squad2-dev-a itself comes from fits without the article that is asked of.
"""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.progress import track
from sklearn.linear_model import LogisticRegression

from eval.calibration import confidence
from eval.data.datasets import Dataset, Query, load_beir
from retrieval import Library, Settings
from retrieval.answering import ANY, NO_READER, PASSAGES
from retrieval.reader import open_reader


def main(
    data: Annotated[Path, typer.Option(metavar="DIR", help="Folder of the data sets in BEIR layout.")],
    library: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Keep the library here instead of a temporary folder.")
    ] = None,
    reader: Annotated[str, typer.Option(metavar="NAME", help="The reader, as in PINCITE_READER; none for none.")] = "",
    model: Annotated[str, typer.Option(metavar="NAME", help="The encoder, as in PINCITE_MODEL.")] = "",
    write: Annotated[bool, typer.Option("--write", help="Write retrieval/answering/confidence.json.")] = False,
) -> None:
    """Fit the weights of quotes, then those of the confidence; print both."""
    dataset, others = _data(data)
    settings = Settings(model=model)
    with tempfile.TemporaryDirectory() as temporary, Library(library or temporary, settings) as opened:
        opened.add(dataset.documents)
        _fit_quotes(opened, [query for query in dataset.queries if query.answers])
        reads = open_reader(reader, opened.settings)
        examples = list(confidence.examples(opened, reads, dataset, others))
    name = reads.name if reads else NO_READER
    made = [(confidence.fit(examples, encoder=model), name, model)]
    confidence.show(made[0][0], confidence.ablations(examples))
    if reads and not model:
        made.append((confidence.fit(examples, confidence.READ), name, ANY))
    if model:
        made.append((_in_languages(data, settings), NO_READER, model))
    if write:
        for each in made:
            confidence.write(*each)


def _in_languages(data: Path, settings: Settings) -> dict[str, Any]:
    """Fit the confidence in quotes of other languages than English, which the reader does not know."""

    def examples(language: str) -> list[confidence.Example]:
        return list(confidence.halves(partial(_empty, settings), load_beir(data / f"xquad-r-{language}"), language))

    own = [example for language in confidence.OTHER_LANGUAGES for example in examples(language)]
    made = confidence.fit(own, confidence.CLOSE, confidence.IN_LANGUAGES, settings.model)
    unseen = {each: confidence.reported(made, examples(each)) for each in confidence.UNSEEN_LANGUAGES}
    print("languages not fitted on:", unseen)
    return made | {"languages not fitted on": unseen}


@contextmanager
def _empty(settings: Settings) -> Iterator[Library]:
    with tempfile.TemporaryDirectory() as folder, Library(folder, settings) as library:
        yield library


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
        ranked = library.rank(query.text, PASSAGES)
        for item in ranked:
            passage = item.candidate.passage
            own = zip(passage.sentences, item.sentences.cosine, item.sentences.support, strict=True)
            for (start, end), cosine, support in own:
                rows.append([cosine, support, item.score - ranked[0].score])
                spans = (s for d, s, e in query.answers if d == passage.doc_id and start <= s and e <= end)
                labels.append(next(spans, None) is not None)
    model = LogisticRegression(C=100, max_iter=5000).fit(np.array(rows), labels)
    print("QUOTE_WEIGHTS, QUOTE_GAP =", np.round(model.coef_[0], 2).tolist(), f"({len(labels):,} sentences)")
