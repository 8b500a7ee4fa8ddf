"""Puts a data set's run together: figures, ablations with intervals, curves, questions; to and from JSON.

Everything in a result is plain, as JSON has it.
"""

import json
import os
import platform
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from importlib import metadata
from pathlib import Path
from typing import Any

from eval.data.datasets import Dataset
from eval.quality import metrics
from eval.quality.asking import DEPTH, Facts, Progress, ask_all, built, memory
from eval.quality.judging import Judged, TextOf, judge
from eval.quality.metrics import HEADLINE
from eval.quality.rankings import OURS, SIGNALS, Ranking, best, cut, is_ranked, rankings, relevant
from retrieval import Library, Settings

UNTITLED = {"passage vectors, no titles": "passage", "BM25, no titles": "bm25"}
WORST = 20  # questions shown
Runs = dict[str, dict[str, Ranking]]
_PRIVATE = ("cache", "milvus_token")


@dataclass(slots=True)
class SetResult:
    """What one data set gave.

    figures: group -> name -> value (None: does not apply). ablations: name -> measure -> {value, low, high}.
    against: name -> ours minus it, in nDCG@10 (see metrics.Difference). kinds: kind -> {questions, right}.
    curves: name -> points (see metrics.Curve). questions: see judging.Judged; metrics in it are by ablation.
    """

    name: str
    unit: str
    figures: dict[str, metrics.Figures] = field(default_factory=dict)
    ablations: dict[str, dict[str, dict[str, float]]] = field(default_factory=dict)
    against: dict[str, dict[str, float]] = field(default_factory=dict)
    kinds: dict[str, dict[str, float | None]] = field(default_factory=dict)
    curves: dict[str, dict[str, Any]] = field(default_factory=dict)
    questions: list[dict[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def values(self, ablation: str = OURS, measure: str = HEADLINE) -> dict[str, float]:
        """Return query_id -> value of a measure."""
        found = ((q["query_id"], q["metrics"].get(ablation, {})) for q in self.questions)
        return {query_id: given[measure] for query_id, given in found if measure in given}


@dataclass(slots=True)
class Report:
    """A run: when, how, on what machine, and what each data set gave."""

    made: str
    command: str
    commit: str
    machine: dict[str, str]
    settings: dict[str, Any]
    seconds: float
    sets: list[SetResult]


# --- one data set


def measure(dataset: Dataset, deep: bool = True, progress: Progress = lambda *_: None) -> SetResult:
    """Build a library of a data set's documents and measure everything on it.

    deep: with ablations. Where documents have titles, passage vectors and BM25 are ranked without them too: that is
    what public leaderboards measure, whose documents are the bare texts.
    """
    texts = {document.doc_id: document.text for document in dataset.documents}
    with built(dataset.documents) as (library, facts):
        result, runs, qrels = _asked(library, facts, dataset, texts.get, deep, progress)
    if deep and dataset.unit == "document" and any(document.title for document in dataset.documents):
        runs |= _untitled(dataset, {q["query_id"]: q["asked_as"] for q in result.questions}, progress)
    _add_rankings(result, runs, qrels)
    return result


def measure_library(
    library: Library, facts: Facts, dataset: Dataset, deep: bool = True, progress: Progress = lambda *_: None
) -> SetResult:
    """Measure everything on a library that is there; see asking.opened for how it must be opened."""
    texts = {document.doc_id: document.text for document in dataset.documents}
    result, runs, qrels = _asked(library, facts, dataset, texts.get, deep, progress)
    _add_rankings(result, runs, qrels)
    return result


def _asked(
    library: Library, facts: Facts, dataset: Dataset, text_of: TextOf, deep: bool, progress: Progress
) -> tuple[SetResult, Runs, dict[str, Mapping[str, int]]]:
    """Ask everything; return what was judged, the rankings by ablation and question, and what is relevant."""
    threshold = Settings.from_environment().threshold
    judged: list[Judged] = []
    runs: Runs = {}
    qrels: dict[str, Mapping[str, int]] = {}
    for asked in ask_all(library, dataset, deep, progress):
        judged.append(judge(asked, threshold, text_of))
        if is_ranked(asked.query, dataset.unit):
            qrels[asked.query.query_id] = relevant(asked, dataset.unit)
            for name, ranking in rankings(asked, dataset.unit).items():
                runs.setdefault(name, {})[asked.query.query_id] = ranking
    facts.mib = memory()
    return _result(dataset, facts, judged), runs, qrels


def _result(dataset: Dataset, facts: Facts, judged: Sequence[Judged]) -> SetResult:
    result = SetResult(dataset.name, dataset.unit, notes=facts.failed)
    result.figures["answers"] = metrics.answering(judged)
    result.figures["not found"] = metrics.abstaining(judged)
    result.figures["speed"] = metrics.speed(judged) | {"index seconds": facts.seconds, "memory MiB": facts.mib}
    result.figures["size"] = {
        "documents": facts.documents,
        "passages": facts.passages,
        "questions": len(judged),
        "answerable": sum(case.answerable for case in judged),
    }
    for kind in sorted({case.kind for case in judged}):
        own = [case for case in judged if case.kind == kind]
        right = metrics.mean(case.right for case in own if case.spans)
        result.kinds[kind or "all"] = {"questions": len(own), "right": right}
    result.curves = {
        "risk-coverage": asdict(metrics.risk_coverage(judged)),
        "calibration": asdict(metrics.calibration(judged)),
    }
    result.questions = [asdict(case) for case in judged]
    return result


def _untitled(dataset: Dataset, asked_as: Mapping[str, str], progress: Progress) -> Runs:
    """Rank by single signals in a library whose documents have no titles."""
    runs: Runs = {name: {} for name in UNTITLED}
    with built([replace(document, title="") for document in dataset.documents]) as (library, _):
        judged = [q for q in dataset.queries if is_ranked(q, dataset.unit) and asked_as[q.query_id]]
        for number, query in enumerate(judged, start=1):
            hits = library.search(asked_as[query.query_id], k=DEPTH)
            for name, signal in UNTITLED.items():
                runs[name][query.query_id] = cut(best(hits, signal, dataset.unit))
            progress(f"{dataset.name}, no titles", number, len(judged))
    return runs


def _add_rankings(result: SetResult, runs: Runs, qrels: Mapping[str, Mapping[str, int]]) -> None:
    """Add every ablation's figures with their intervals, its values by question, and how ours compares."""
    if not qrels:
        return
    by_id = {question["query_id"]: question for question in result.questions}
    for name in sorted(runs, key=[*UNTITLED, *SIGNALS, "rank fusion", OURS].index):
        values = metrics.ranking(runs[name], qrels)
        measures = {m: [found[m] for found in values.values()] for m in metrics.NAMES.values()}
        result.ablations[name] = {m: asdict(metrics.estimate(column)) for m, column in measures.items()}
        for query_id, found in values.items():
            by_id[query_id]["metrics"][name] = found
    ours = list(result.values().values())
    for name in result.ablations:
        if name != OURS:
            result.against[name] = asdict(metrics.paired(list(result.values(name).values()), ours))
    _add_answerable(result)


def _add_answerable(result: SetResult) -> None:
    """Where unanswerable questions are ranked too, as in SQuAD 2.0, say what the answerable ones alone give."""
    ranked = [question for question in result.questions if OURS in question["metrics"]]
    own = [question["metrics"][OURS] for question in ranked if question["answerable"]]
    if len(own) < len(ranked):
        result.figures["answerable only"] = {m: metrics.mean(q[m] for q in own) for m in metrics.NAMES.values()}


def worst(result: SetResult, count: int = WORST) -> list[dict[str, Any]]:
    """Return the questions that went wrong, the surest first: failed, wrongly answered, then not found."""
    wrong = [q for q in result.questions if q["error"] or (q["spans"] and not q["right"])]
    if not any(q["spans"] for q in result.questions):
        wrong = [q for q in result.questions if q["metrics"].get(OURS, {}).get(HEADLINE, 1.0) < 0.5]
    return sorted(wrong, key=lambda q: (not q["error"], not q["found"], -abs(q["confidence"] - 0.5)))[:count]


# --- a run


def run(measured: Iterator[SetResult], report: Callable[[SetResult], object] = lambda _: None) -> Report:
    """Measure data sets one after another, telling of each as it is done, and say when, how and where."""
    began = time.perf_counter()
    sets = []
    for result in measured:
        sets.append(result)
        report(result)
    settings = {name: str(value) for name, value in asdict(Settings.from_environment()).items() if name not in _PRIVATE}
    return Report(**origin(program()), settings=settings, seconds=time.perf_counter() - began, sets=sets)


def origin(program: str) -> dict[str, Any]:
    """Return what a record of figures says of itself: made (a time), command, commit, machine."""
    made = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime())
    command = shlex.join(program.split() + sys.argv[1:])
    return {"made": made, "command": command, "commit": _commit(), "machine": machine()}


def program() -> str:
    """Return what this was started as."""
    return "pincite eval" if sys.argv[0] == "pincite eval" else "python -m eval"


def machine() -> dict[str, str]:
    """Describe the machine and the packages that figures depend on."""
    import psutil

    names = ("pincite", "numpy", "faiss-cpu", "onnxruntime", "sentence-transformers", "torch")
    return {
        "processor": _processor(),
        "cores": str(os.cpu_count()),
        "memory": f"{psutil.virtual_memory().total / 2**30:.0f} GiB",
        "system": platform.platform(terse=True),
        "python": platform.python_version(),
    } | {name: metadata.version(name) for name in names}


def _processor() -> str:
    """Return the model's name, which `platform` does not know on Linux."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def _commit() -> str:
    """Return the commit of a checkout, with + where files differ from it; "" elsewhere."""
    command = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty=+"]
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=10).stdout.strip()
    except (OSError, subprocess.TimeoutExpired):
        return ""


def save(report: Report, path: Path) -> None:
    """Write a run as JSON."""
    path.write_text(json.dumps(asdict(report), ensure_ascii=False, indent=1), "utf-8")


def summary(report: Report) -> Report:
    """Return a run without its questions and curves, small enough to be committed."""
    return replace(report, sets=[replace(result, questions=[], curves={}) for result in report.sets])


def load(path: Path) -> Report:
    """Read a run; ValueError where the file is something else."""
    try:
        record = json.loads(path.read_text("utf-8"))
        return Report(**record | {"sets": [SetResult(**item) for item in record["sets"]]})
    except (ValueError, TypeError, KeyError) as error:
        raise ValueError(f"{path} is not a run of pincite eval: {error}") from error
