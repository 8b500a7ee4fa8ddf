"""How good a reader is: look-alikes refused, exact words, right sentence. Works on what any reader says."""

import re
import string
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from eval.calibration.reader.data import Paragraph
from eval.calibration.reader.examples import Example, whole
from retrieval.reader import Reader

_ARTICLE = re.compile(r"\b(a|an|the)\b")
_ANSWERED = 0.95  # the share of answerable questions that must stay answered


@dataclass(frozen=True, slots=True)
class Measured:
    """Figures from 0 to 1. auroc: answerable against look-alike. refused: of the look-alikes, at 95 % answered.

    exact, f1: of the answer's words, where annotators marked them (SQuAD's own measures, on answerable questions).
    sentence: the best sentence is one that answers. "with null" figures use the span's score against no answer.
    """

    questions: int
    answerable: int
    auroc: float
    refused: float
    auroc_span: float
    auroc_both: float
    exact: float
    f1: float
    sentence: float


def measure(reader: Reader, paragraphs: Iterable[Paragraph], limit: int = 0) -> Measured:
    """Ask each question of its own whole paragraph. limit: so many questions, spread over all; 0: all."""
    examples = [whole(paragraph, question) for paragraph in paragraphs for question in paragraph.questions]
    if limit and len(examples) > limit:
        examples = [examples[at] for at in np.linspace(0, len(examples) - 1, limit).astype(int)]
    rows = [_read(reader, example) for example in examples]
    return measured(rows)


@dataclass(frozen=True, slots=True)
class Row:
    """What was said of one question. exact, f1, sentence: None where they do not apply."""

    answerable: bool
    score: float
    span_score: float
    exact: float | None
    f1: float | None
    sentence: float | None


def _read(reader: Reader, example: Example) -> Row:
    said = reader.read(example.question, [(example.text, example.sentences)])[0]
    quote = example.text[slice(*said.span)]
    golds = [example.text[a:b] for a, b in example.spans]
    best = max(range(len(said.sentences)), key=said.sentences.__getitem__, default=-1)
    return Row(
        example.answerable,
        said.answerable,
        said.span_score,
        max(float(normalized(gold) == normalized(quote)) for gold in golds) if golds else None,
        max(word_f1(gold, quote) for gold in golds) if golds else None,
        float(best in example.answering) if example.answerable else None,
    )


def measured(rows: Sequence[Row]) -> Measured:
    """Sum up; figures that do not apply are not a number."""
    truth = np.array([row.answerable for row in rows])
    score = np.array([row.score for row in rows])
    span = np.array([row.span_score for row in rows])
    both = score + 0.25 * np.clip(span, -10, 10)
    return Measured(
        len(rows),
        int(truth.sum()),
        _auroc(truth, score),
        _refused(truth, both),
        _auroc(truth, span),
        _auroc(truth, both),
        _mean(row.exact for row in rows),
        _mean(row.f1 for row in rows),
        _mean(row.sentence for row in rows),
    )


def _auroc(truth: NDArray[np.bool_], scores: NDArray[np.float64]) -> float:
    return float(roc_auc_score(truth, scores)) if 0 < truth.sum() < len(truth) else float("nan")


def _refused(truth: NDArray[np.bool_], scores: NDArray[np.float64]) -> float:
    if not truth.any() or truth.all():
        return float("nan")
    return float((scores[~truth] < np.quantile(scores[truth], 1 - _ANSWERED)).mean())


def _mean(values: Iterable[float | None]) -> float:
    given = [value for value in values if value is not None]
    return float(np.mean(given)) if given else float("nan")


def normalized(text: str) -> str:
    """Return a text as SQuAD's evaluation compares it: lower case, no punctuation, no articles, single spaces."""
    plain = "".join(character for character in text.lower() if character not in string.punctuation)
    return " ".join(_ARTICLE.sub(" ", plain).split())


def word_f1(gold: str, found: str) -> float:
    """Return the harmonic mean of precision and recall over words (Rajpurkar et al., 2016)."""
    wanted, given = normalized(gold).split(), normalized(found).split()
    shared = sum((Counter(wanted) & Counter(given)).values())
    return 2 * shared / (len(wanted) + len(given)) if shared else float(wanted == given)


def lines(measured: Measured) -> Iterator[tuple[str, str]]:
    """Yield (name, figure) for a table."""
    yield "questions (answerable)", f"{measured.questions:,} ({measured.answerable:,})"
    yield "AUROC, answerable or a look-alike", f"{measured.auroc_both:.3f}"
    yield "the same by the answerable head alone", f"{measured.auroc:.3f}"
    yield "the same by the span against none", f"{measured.auroc_span:.3f}"
    yield "look-alikes refused at 95 % answered", f"{measured.refused:.3f}"
    yield "exact words, EM / F1", f"{measured.exact:.3f} / {measured.f1:.3f}"
    yield "right sentence", f"{measured.sentence:.3f}"
