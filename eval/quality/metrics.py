"""Figures from judged questions and rankings. The formulas are those of ir-measures, scikit-learn and SciPy.

A failed question is in every figure, as zero.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import ir_measures
import numpy as np
from ir_measures import AP, RR, R, nDCG
from numpy.typing import NDArray
from scipy import stats
from sklearn import metrics as sk
from sklearn.calibration import calibration_curve

from eval.quality.judging import TOP, Judged

MEASURES = (nDCG @ 10, RR @ 10, R @ 1, R @ 5, R @ 20, AP)
NAMES = {
    "nDCG@10": "nDCG@10",
    "RR@10": "MRR@10",
    "R@1": "recall@1",
    "R@5": "recall@5",
    "R@20": "recall@20",
    "AP": "MAP",
}
HEADLINE = "nDCG@10"
BINS = 10  # of the calibration curve
RESAMPLES = 2000
SEED = 0

Figures = dict[str, float | None]
Runs = Mapping[str, Mapping[str, float]]


def ranking(runs: Runs, judgements: Mapping[str, Mapping[str, int]]) -> dict[str, dict[str, float]]:
    """Return query_id -> measure -> value, for every judged question; one that ranks nothing gets zeros."""
    qrels = [ir_measures.Qrel(q, unit, grade) for q, units in judgements.items() for unit, grade in units.items()]
    run = [ir_measures.ScoredDoc(q, unit, score) for q in judgements for unit, score in runs.get(q, {}).items()]
    values: dict[str, dict[str, float]] = {query_id: {} for query_id in judgements}
    for metric in ir_measures.iter_calc(MEASURES, qrels, run):
        values[metric.query_id][NAMES[str(metric.measure)]] = float(metric.value)
    return values


def mean(values: Iterable[float]) -> float | None:
    """Return the mean, or None of nothing."""
    given = list(values)
    return float(np.mean(given)) if given else None


def answering(judged: Sequence[Judged]) -> Figures:
    """Return what the answers are worth. Quote figures are over answerable questions whose answer's place is known.

    quote precision: share of the quoted sentences of shown answers that touch an answer. quote recall: share of the
    parts of the answers that are quoted. citation validity: share of all quotes that equal their source.
    """
    placed = [case for case in judged if case.answerable and case.spans]
    shown = [case for case in placed if case.found]
    quotes = sum(len(case.quotes) for case in judged)
    figures: Figures = {f"answer in top {k}": mean(case.passage[str(k)] for case in placed) for k in TOP}
    return figures | {
        "right quote": mean(case.found and case.quoted for case in placed),
        "right quote if asked to answer": mean(case.quoted for case in placed),
        "quote precision": _share(sum(c.gold_sentences for c in shown), sum(c.sentences for c in shown)),
        "quote recall": _share(sum(c.quoted_parts for c in shown), sum(c.parts for c in placed)),
        "sentences per answer": mean(case.sentences for case in shown),
        "citation validity": _share(quotes - sum(case.invalid for case in judged), quotes),
        "failed questions": float(sum(bool(case.error) for case in judged)),
    }


def abstaining(judged: Sequence[Judged]) -> Figures:
    """Return how well "the documents do not say this" is known; None where a set has only one kind of question."""
    missing = [not case.answerable for case in judged]
    unsaid = [not case.found for case in judged]
    both = 0 < sum(missing) < len(missing)
    confidence = [case.confidence for case in judged]
    figures: Figures = {
        "answered when answerable": mean(case.found for case in judged if case.answerable),
        "not found precision": float(sk.precision_score(missing, unsaid, zero_division=0)) if any(missing) else None,
        "not found recall": float(sk.recall_score(missing, unsaid)) if any(missing) else None,
        "AUROC": float(sk.roc_auc_score([case.answerable for case in judged], confidence)) if both else None,
        "risk-coverage area": risk_coverage(judged).area,
        "calibration error": calibration(judged).error,
    }
    return figures


def speed(judged: Sequence[Judged]) -> Figures:
    """Return milliseconds of `Library.ask`: the median and the 95th percentile."""
    times = [case.milliseconds for case in judged if not case.error]
    if not times:
        return {"median ms": None, "95th percentile ms": None}
    median, late = np.percentile(times, [50, 95])
    return {"median ms": float(median), "95th percentile ms": float(late)}


@dataclass(frozen=True, slots=True)
class Curve:
    """Points to plot; weights: share of the questions at each. area or error where that is what the curve is for."""

    x: Sequence[float] = ()
    y: Sequence[float] = ()
    weights: Sequence[float] = ()
    area: float | None = None
    error: float | None = None


def risk_coverage(judged: Sequence[Judged]) -> Curve:
    """Return the share of wrong answers (y) among the share x of questions that it is surest about.

    Wrong is an answer without a right quote, or to a question that has none (El-Yaniv and Wiener, 2010). Questions of
    equal confidence are answered together. area: under the curve, lower is better.
    """
    usable = [case for case in judged if case.spans]
    if not usable or not any(case.answerable for case in usable):
        return Curve()
    wrong = [not (case.answerable and case.quoted) for case in usable]
    confidence = np.array([case.confidence for case in usable])
    # The share of wrong ones among the k surest, at every k where the confidence changes.
    order = np.argsort(-confidence, kind="stable")
    answered = np.arange(1, len(usable) + 1)
    risk = np.cumsum(np.array(wrong)[order]) / answered
    last = np.append(np.diff(confidence[order]) != 0, True)
    x, y = answered[last] / len(usable), risk[last]
    area = float(sk.auc(np.append(0.0, x), np.append(y[0], y)))
    return Curve(x.tolist(), y.tolist(), (), area)


def calibration(judged: Sequence[Judged]) -> Curve:
    """Compare the confidence that a question has with how often its quotes answer it; see `calibrated`."""
    if not any(not case.answerable for case in judged) or not any(case.answerable for case in judged):
        return Curve()
    right = [case.answerable and (case.quoted or not case.spans) for case in judged]
    return calibrated([case.confidence for case in judged], right)


def calibrated(confidence: Sequence[float], right: Sequence[bool]) -> Curve:
    """Return how often answers of a confidence (x, bin mean) are right (y), and the expected calibration error.

    Ten bins of equal width; the error is their mean distance weighted by size (Naeini et al., 2015).
    """
    given = np.clip(confidence, 0, 1)
    true, predicted = calibration_curve(right, given, n_bins=BINS)
    bins = np.searchsorted(np.linspace(0, 1, BINS + 1)[1:-1], given)
    weights = np.unique(bins, return_counts=True)[1] / len(given)
    return Curve(predicted.tolist(), true.tolist(), weights.tolist(), None, float(weights @ np.abs(true - predicted)))


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Difference:
    """Mean of b - a over the same questions, its 95 % interval, p (two-sided), and how many got better and worse."""

    value: float
    low: float
    high: float
    p: float
    better: int
    worse: int


def estimate(values: Sequence[float]) -> Estimate:
    """Return the mean and its bootstrap interval (percentile, 2,000 resamples, fixed seed)."""
    given = np.asarray(values, float)
    low, high = _interval(given)
    return Estimate(float(given.mean()), low, high)


def paired(a: Sequence[float], b: Sequence[float]) -> Difference:
    """Compare two systems on the same questions: paired bootstrap interval, and sign-flip permutation test.

    Both are of Smucker, Allan and Carterette, 2007, for comparing retrieval systems.
    """
    difference = np.asarray(b, float) - np.asarray(a, float)
    low, high = _interval(difference)
    value, better, worse = float(difference.mean()), int((difference > 0).sum()), int((difference < 0).sum())
    p = 1.0
    if better or worse:
        p = float(
            stats.permutation_test((difference,), _mean, permutation_type="samples", n_resamples=RESAMPLES,
                                   rng=SEED, batch=200).pvalue
        )  # fmt: skip
    return Difference(value, low, high, p, better, worse)


def _interval(values: NDArray[np.float64]) -> tuple[float, float]:
    """Return the 95 % interval of the mean; of one value, or equal ones, it is that value."""
    if len(values) < 2 or not values.std():
        return float(values.mean()), float(values.mean())
    found = stats.bootstrap((values,), _mean, n_resamples=RESAMPLES, method="percentile", rng=SEED, batch=200)
    return float(found.confidence_interval.low), float(found.confidence_interval.high)


def _mean(values: Any, axis: int = -1) -> Any:
    return np.mean(values, axis=axis)


def _share(part: float, whole: float) -> float | None:
    return part / whole if whole else None
