"""When do quotes answer a question? Used by `python -m eval fit`; asks, fits, reports.

Every figure comes from fits that did not see the article asked about.
"""

import json
import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track
from rich.table import Table
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from eval.data.datasets import Dataset, Query
from eval.quality.metrics import calibrated
from retrieval import Library
from retrieval.answering import CONFIDENCE, NO_READER, PASSAGES, choose, found_sentences, read, signals, worth_reading
from retrieval.reader import Reader

OWN, LOOK_ALIKE, LEFT_OUT, ELSEWHERE = "own", "look-alike", "left out", "elsewhere"
UNANSWERABLE = (LOOK_ALIKE, LEFT_OUT, ELSEWHERE)
SHARES = {OWN: 1.0, LOOK_ALIKE: 1.0, LEFT_OUT: 0.3, ELSEWHERE: 3.0}  # what a question counts in the fit
PLAIN_SHARES = {OWN: 1.0, LEFT_OUT: 0.3, ELSEWHERE: 1.0}  # where there are no look-alikes
RULES = {"names missing", "numbers missing", "negated", "negated, quote not", "opposite in passage"}  # made by hand
THRESHOLDS = (0.0, 0.02, 0.04, *(number / 20 for number in range(1, 20)))
DATA = (
    "squad2-dev-a (half of a published half of the SQuAD 2.0 dev set, CC BY-SA 4.0) without the paragraphs that "
    "xquad-r-en has too; off-topic questions from cranfield (free for research) and mtrag-un-a (Apache 2.0)"
)


OTHER_LANGUAGES = ("ar", "es", "zh")  # of xquad-r, that the confidence in quotes of other languages is fitted on
UNSEEN_LANGUAGES = ("de", "ru")  # that it is reported on
IN_LANGUAGES = "halves of xquad-r-ar, xquad-r-es and xquad-r-zh (CC BY-SA 4.0) asked of themselves and each other"
READ = ("answerable", "span", "sentence")  # signals that no encoder gives
CLOSE = ("cosine", "maxsim")  # signals that compare no words of a language


@dataclass(frozen=True, slots=True)
class Example:
    """A question asked of the whole library or of one article only.

    kind: own (answered there), look-alike, left out (its paragraph is hidden), elsewhere (from another data set).
    group: what a fold leaves out together. right: whether a quote holds an answer.
    """

    kind: str
    group: str
    whole: bool
    right: bool
    signals: Mapping[str, float]


def examples(library: Library, reader: Reader | None, dataset: Dataset, others: Sequence[str]) -> Iterator[Example]:
    """Ask every question of the whole library and of one article, so that what is fitted holds at both sizes."""
    chance, asker = random.Random(0), (library, reader)
    titles = {document.doc_id: document.title for document in dataset.documents}
    names = sorted(set(titles.values()))
    for query in track(dataset.queries, "questions"):
        title, kind = titles[query.about], OWN if query.answerable else LOOK_ALIKE
        yield from _asked(asker, query, kind, title, {})
        yield from _asked(asker, query, kind, title, {"title": title})
        if query.answerable:
            yield from _asked(asker, query, LEFT_OUT, title, {"doc_id": [d for d in titles if d != query.about]})
    for number, question in enumerate(track(others, "questions from elsewhere")):
        for where in ({}, {"title": chance.choice(names)}):
            yield from _asked(asker, Query("", question), ELSEWHERE, names[number % len(names)], where)


def _asked(
    asker: tuple[Library, Reader | None], query: Query, kind: str, group: str, where: Mapping[str, Any]
) -> Iterator[Example]:
    """Yield one example; none where nothing was found at all, which needs no confidence."""
    library, reader = asker
    ranked = library.rank(query.text, PASSAGES, where)
    sentences = found_sentences(ranked)
    readings = read(reader, query.text, worth_reading(sentences))
    quotes = choose(sentences, readings)
    spans = [(quote.passage.doc_id, *quote.span) for quote in quotes]
    right = any(d == doc and start <= s and e <= end for doc, start, end in spans for d, s, e in query.answers)
    if quotes:
        found = signals(query.text, ranked, quotes[0], readings)
        yield Example(kind, group, "title" not in where, right and kind == OWN, found)


def halves(
    library: Callable[[], AbstractContextManager[Library]], dataset: Dataset, language: str
) -> Iterator[Example]:
    """Ask the questions of every article of libraries with one half of the articles each; for languages without traps.

    Every second one is also asked without the paragraph that answers it. library: opens an empty one.
    """
    titles = {document.doc_id: document.title for document in dataset.documents}
    names = sorted(set(titles.values()))
    for half in (names[::2], names[1::2]):
        with library() as opened:
            opened.add([document for document in dataset.documents if document.title in half])
            there = [doc_id for doc_id, title in titles.items() if title in half]
            for number, query in enumerate(track(dataset.queries, f"questions in {language}")):
                title, asker = titles[query.about], (opened, None)
                group = str(names.index(title))  # the articles are the same in all languages
                if title in half:
                    yield from _asked(asker, query, OWN, group, {})
                if number % 2:
                    kind = LEFT_OUT if title in half else ELSEWHERE
                    where = {"doc_id": [doc_id for doc_id in there if doc_id != query.about]}
                    yield from _asked(asker, query, kind, group, where)


def fit(given: Sequence[Example], names: Sequence[str] = (), data: str = DATA, encoder: str = "") -> dict[str, Any]:
    """Return what confidence.json holds: bias and weights fitted on all, and figures of other fits.

    names: of the signals that count, all where none are named. encoder: its name.
    """
    names = list(names or given[0].signals)
    rows = np.array([[example.signals[name] for name in names] for example in given])
    model = _fitted(given, rows)
    scale, regression = model[0], model[-1]
    weights = regression.coef_[0] / scale.scale_
    bias = float(regression.intercept_[0] - weights @ scale.mean_)
    option = f" --model {encoder}" if encoder else ""
    return {
        "command": f"python -m eval fit --data ../shared/benchmarks{option} --write",
        "data": data,
        "counts": {kind: count for kind in SHARES if (count := sum(example.kind == kind for example in given))},
        "bias": round(bias, 3),
        "weights": {name: round(float(weight), 3) for name, weight in zip(names, weights, strict=True)},
        "typical": {name: _typical(given, name) for name in ("maxsim", "weakest")},
        **_held_out(given, _unseen(given, rows)),
    }


def _typical(given: Sequence[Example], name: str) -> float:
    return round(float(np.median([example.signals[name] for example in given])), 2)


def reported(made: Mapping[str, Any], given: Sequence[Example]) -> dict[str, float]:
    """Return the figures of what was fitted on examples that it was not fitted on."""
    odds = [made["bias"] + sum(w * example.signals[name] for name, w in made["weights"].items()) for example in given]
    found = 1 / (1 + np.exp(-np.array(odds)))
    return _figures(given, found, True)


def _fitted(given: Sequence[Example], rows: NDArray[np.float64]) -> Any:
    shares = SHARES if any(example.kind == LOOK_ALIKE for example in given) else PLAIN_SHARES
    model = make_pipeline(StandardScaler(), LogisticRegression(C=1.0, max_iter=5000))
    return model.fit(
        rows, [example.right for example in given], logisticregression__sample_weight=[shares[e.kind] for e in given]
    )


def _unseen(given: Sequence[Example], rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return each example's probability from a fit without its group."""
    groups = np.array([example.group for example in given])
    found = np.zeros(len(given))
    for group in np.unique(groups):
        other = groups != group
        model = _fitted([example for example, keep in zip(given, other, strict=True) if keep], rows[other])
        found[~other] = model.predict_proba(rows[~other])[:, 1]
    return found


def _held_out(given: Sequence[Example], found: NDArray[np.float64]) -> dict[str, Any]:
    """Return the figures of a whole library and of one article, and what every threshold costs."""
    figures = {}
    for size, whole in (("whole library", True), ("one article", False)):
        if any(example.whole == whole for example in given):
            without = _error(given, found, whole, (OWN, LOOK_ALIKE))
            figures[size] = _figures(given, found, whole) | {"the same without elsewhere": without}
    if not any(example.kind == LOOK_ALIKE for example in given):
        return {"articles not fitted on": figures}
    return {"articles not fitted on": figures, "thresholds": [_cost(given, found, value) for value in THRESHOLDS]}


def _figures(given: Sequence[Example], found: NDArray[np.float64], whole: bool) -> dict[str, float]:
    """Return AUROC of own questions against each other kind, and the expected calibration error, at one size."""
    by_kind = {kind: _picked(given, found, kind, whole) for kind in SHARES}
    figures = {f"AUROC, {kind}": _auroc(by_kind[OWN], by_kind[kind]) for kind in UNANSWERABLE if len(by_kind[kind])}
    return figures | {"expected calibration error": _error(given, found, whole, (OWN, LOOK_ALIKE, ELSEWHERE))}


def _picked(given: Sequence[Example], found: NDArray[np.float64], kind: str, whole: bool) -> NDArray[np.float64]:
    return found[[example.kind == kind and example.whole == whole for example in given]]


def _auroc(positive: NDArray[np.float64], negative: NDArray[np.float64]) -> float:
    labels = [1] * len(positive) + [0] * len(negative)
    return round(float(roc_auc_score(labels, np.concatenate([positive, negative]))), 4)


def _error(given: Sequence[Example], found: NDArray[np.float64], whole: bool, kinds: Iterable[str]) -> float:
    chosen = [index for index, example in enumerate(given) if example.whole == whole and example.kind in kinds]
    error = calibrated(found[chosen].tolist(), [given[index].right for index in chosen]).error
    return round(error or 0.0, 4)


def _cost(given: Sequence[Example], found: NDArray[np.float64], threshold: float) -> dict[str, float]:
    """Return what a threshold does, as shares: own questions answered, others not, and answers that are right.

    The last two are among own and look-alike questions, as many as there are and four to one: what a person meets who
    asks about the documents.
    """
    shown = found >= threshold
    near = [example.whole and example.kind in (OWN, LOOK_ALIKE) for example in given]
    right = [example.right for example, here, ours in zip(given, shown, near, strict=True) if here and ours]
    cost = {"threshold": threshold, "own answered": float((_picked(given, found, OWN, True) >= threshold).mean())}
    cost |= {
        f"{kind} not answered": float((_picked(given, found, kind, True) < threshold).mean()) for kind in UNANSWERABLE
    }
    cost["answers right"] = sum(right) / (len(right) or 1)
    own = _picked(given, found, OWN, True)
    alike = (_picked(given, found, LOOK_ALIKE, True) >= threshold).mean() / 4
    good = sum(right) / len(own)
    cost["answers right, one in five a look-alike"] = float(good / ((own >= threshold).mean() + alike or 1))
    return {name: round(value, 3) for name, value in cost.items()}


def show(made: Mapping[str, Any], without: Mapping[str, Mapping[str, float]]) -> None:
    """Print weights, figures, what every threshold costs, and what each signal adds."""
    console = Console(highlight=False, width=150)
    console.print(
        {"bias": made["bias"], "weights": made["weights"], "articles not fitted on": made["articles not fitted on"]}
    )
    table = Table(*made["thresholds"][0])
    for row in made["thresholds"]:
        table.add_row(*map(str, row.values()))
    console.print(table)
    table = Table("without", *without["nothing"])
    for name, figures in without.items():
        table.add_row(name, *map(str, figures.values()))
    console.print(table)


def ablations(given: Sequence[Example]) -> dict[str, dict[str, float]]:
    """Return what the fit gives without each signal, and without any of the rules, on articles not fitted on."""
    names = list(given[0].signals)
    left_out = {"nothing": set[str](), **{name: {name} for name in names}, "every rule": RULES & set(names)}
    return {without: _short(given, [name for name in names if name not in out]) for without, out in left_out.items()}


def _short(given: Sequence[Example], names: Sequence[str]) -> dict[str, float]:
    """Return AUROC and expected calibration error of a fit on some signals."""
    found = _unseen(given, np.array([[example.signals[name] for name in names] for example in given]))
    return _figures(given, found, True)


def write(made: Mapping[str, Any], reader: str, encoder: str = "") -> Path:
    """Write a part of confidence.json, which retrieval/answering/confidence.py reads; return its path."""
    known = json.loads(CONFIDENCE.read_text("utf-8"))
    own = known["encoders"].setdefault(encoder, {"readers": {}}) if encoder else known
    if reader == NO_READER:
        own |= {**made, "readers": own["readers"]}
    else:
        own["readers"][reader] = dict(made)
    CONFIDENCE.write_text(json.dumps(known, indent=1) + "\n", "utf-8")
    return CONFIDENCE
