"""Two runs side by side: which figures moved, whether by chance, and which questions got better or worse."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from eval.quality.metrics import HEADLINE, Difference, paired
from eval.quality.rankings import OURS
from eval.quality.results import Report, SetResult

Question = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Row:
    """A figure before and after; test: over the questions that both runs have, where it is one by question."""

    name: str
    before: float | None
    after: float | None
    test: Difference | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """A question that got better or worse; before and after: the quotes shown, or that nothing was found."""

    question: str
    gold: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """What changed on one data set."""

    name: str
    before: str
    after: str
    rows: list[Row]
    better: list[Change]
    worse: list[Change]


_BY_QUESTION: dict[str, Callable[[Question], float | None]] = {
    HEADLINE: lambda q: q["metrics"].get(OURS, {}).get(HEADLINE),
    "right": lambda q: float(q["right"]) if q["spans"] else None,
    "right quote": lambda q: float(q["found"] and q["quoted"]) if q["spans"] and q["answerable"] else None,
    "answered when answerable": lambda q: float(q["found"]) if q["answerable"] else None,
    "not found recall": lambda q: float(not q["found"]) if not q["answerable"] else None,
}


def compare(before: Report, after: Report) -> list[Comparison]:
    """Compare the data sets that both runs have; ValueError where there is none."""
    old = {result.name: result for result in before.sets}
    shared = [(old[result.name], result) for result in after.sets if result.name in old]
    if not shared:
        names = ", ".join(sorted(old)), ", ".join(result.name for result in after.sets)
        raise ValueError(f"the runs share no data set: {names[0]} | {names[1]}")
    labels = [f"{report.made} {report.commit}".strip() for report in (before, after)]
    return [_compared(a, b, labels[0], labels[1]) for a, b in shared]


def _compared(a: SetResult, b: SetResult, before: str, after: str) -> Comparison:
    pairs = list(_pairs(a, b))
    tested = {name: _tested(name, value, pairs) for name, value in _BY_QUESTION.items()}
    rows = [row for row in tested.values() if row]
    for group in ("answers", "not found", "speed"):
        for name, value in b.figures[group].items():
            if name not in tested:
                rows.append(Row(name, a.figures[group].get(name), value))
    changed = [(p["right"], q["right"], _change(p, q)) for p, q in pairs if q["spans"] and p["right"] != q["right"]]
    better, worse = ([c for _, now, c in changed if now is kind] for kind in (True, False))
    return Comparison(b.name, before, after, rows, better, worse)


def _pairs(a: SetResult, b: SetResult) -> Iterator[tuple[Question, Question]]:
    """Yield the questions that both have, by id and text: a question that was rewritten is another one."""
    old = {(q["query_id"], q["question"]): q for q in a.questions}
    for question in b.questions:
        earlier = old.get((question["query_id"], question["question"]))
        if earlier:
            yield earlier, question


def _tested(name: str, value: Callable[[Question], float | None], pairs: list[tuple[Question, Question]]) -> Row | None:
    """Test a figure over the shared questions, or return None where it does not apply."""
    both = [(value(p), value(q)) for p, q in pairs]
    known = [(p, q) for p, q in both if p is not None and q is not None]
    if not known:
        return None
    before, after = ([pair[i] for pair in known] for i in (0, 1))
    return Row(name, sum(before) / len(before), sum(after) / len(after), paired(before, after))


def _change(before: Question, after: Question) -> Change:
    gold = " … ".join(after["gold"]) if after["answerable"] else "(not in the documents)"
    return Change(after["question"], gold, shown(before), shown(after))


def shown(question: Question) -> str:
    """Return what a person saw: the quotes, or that there is no answer."""
    if question["error"]:
        return str(question["error"])
    if not question["found"]:
        return f"not found (confidence {question['confidence']:.2f})"
    return " … ".join(quote["text"] for quote in question["quotes"])
