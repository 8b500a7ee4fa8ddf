"""What a conversation gives and costs: every question is asked with the messages before it and without.

    python -m eval conversation --data ../shared/benchmarks

Conversations are measured where a data set has them, and its first questions behind another conversation; elsewhere
every question is asked behind an unrelated one.
"""

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import md5
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from eval.data.datasets import Dataset, Query
from eval.data.published import chosen
from eval.quality import metrics, rankings
from eval.quality.asking import Asked, ask, opened
from retrieval import Library

REPLY = 300  # characters of a reply made of a document
Message = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Row:
    """One group of questions, asked without what came before and with it. milliseconds: median of what that adds."""

    name: str
    questions: int
    recall: tuple[float, float]
    ndcg: tuple[float, float]
    milliseconds: float


def measure(library: Library, dataset: Dataset) -> list[Row]:
    """Ask the answerable questions of a data set, in groups. library: holds its documents."""
    known = [query for query in dataset.queries if query.answerable and rankings.is_ranked(query, dataset.unit)]
    talks = [query for query in known if query.history]
    if not talks:
        return [_row("behind an unrelated question", library, dataset.unit, unrelated(dataset, known))]
    first = [query for query in known if not query.history]
    moved = [replace(q, history=talks[i % len(talks)].history[-4:]) for i, q in enumerate(first)]
    shifted = [replace(q, history=_other(talks, i)) for i, q in enumerate(talks)]
    groups: list[tuple[str, Callable[[Query], bool]]] = [
        ("follow-ups", lambda _: True),
        ("… answered in full", lambda query: query.kind != "PARTIAL"),
        ("… in conversations not fitted on", lambda query: not fitted(query)),
    ]
    rows = [_row(name, library, dataset.unit, list(filter(wanted, talks))) for name, wanted in groups]
    rows.append(_row("first questions, behind another conversation", library, dataset.unit, moved))
    return [*rows, _row("follow-ups, behind another conversation", library, dataset.unit, shifted)]


def fitted(query: Query) -> bool:
    """Tell whether `followups` was fitted on a conversation: on half of them, by their first message."""
    return int(md5(query.history[0]["content"].encode(), usedforsecurity=False).hexdigest(), 16) % 2 == 0


def unrelated(dataset: Dataset, queries: Sequence[Query]) -> list[Query]:
    """Put before each question one of another document, and how that document begins as the reply."""
    texts = {document.doc_id: document.text for document in dataset.documents}
    found = []
    for index, query in enumerate(queries):
        others = (queries[(index + len(queries) // 2 + step) % len(queries)] for step in range(len(queries)))
        other = next(each for each in others if not set(each.relevant) & set(query.relevant))
        reply = texts[next(iter(other.relevant))][:REPLY]
        said = ({"role": "user", "content": other.text}, {"role": "assistant", "content": reply})
        found.append(replace(query, history=said))
    return found


def _other(talks: Sequence[Query], index: int) -> tuple[Message, ...]:
    """Return the end of another conversation."""
    return talks[(index + len(talks) // 2) % len(talks)].history[-4:]


def _row(name: str, library: Library, unit: str, queries: Sequence[Query]) -> Row:
    alone = [ask(library, replace(query, history=()), False) for query in queries]
    within = [ask(library, query, False) for query in queries]
    before, after = _means(alone, unit), _means(within, unit)
    added = [b.milliseconds - a.milliseconds for a, b in zip(alone, within, strict=True)]
    return Row(name, len(queries), (before[0], after[0]), (before[1], after[1]), statistics.median(added or [0.0]))


def _means(asked: Sequence[Asked], unit: str) -> tuple[float, float]:
    """Return mean recall@5 and nDCG@10."""
    runs = {item.query.query_id: rankings.ours(item, unit) for item in asked}
    judged = metrics.ranking(runs, {item.query.query_id: rankings.relevant(item, unit) for item in asked})
    values = (metrics.mean(own[name] for own in judged.values()) or 0.0 for name in ("recall@5", "nDCG@10"))
    return next(values), next(values)


def _table(name: str, rows: Sequence[Row]) -> Table:
    table = Table(
        "questions", "n", "recall@5", "with history", "ratio", "nDCG@10", "with history", "added ms", title=name
    )
    for row in rows:
        (a, b), (c, d) = row.recall, row.ndcg
        figures = (
            f"{a:.4f}",
            f"{b:.4f}",
            f"{b / a:.3f}" if a else "–",
            f"{c:.4f}",
            f"{d:.4f}",
            f"{row.milliseconds:.1f}",
        )
        table.add_row(row.name, str(row.questions), *figures)
    return table


def main(
    data: Annotated[Path, typer.Option(metavar="DIR", help="A data set, or a folder of those.")],
    only: Annotated[list[str] | None, typer.Option(metavar="NAME", help="Only these data sets.")] = None,
    kept: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Keep the libraries here, for the next time.")
    ] = None,
) -> None:
    """Measure what the messages before a question change."""
    console = Console(width=160)
    with TemporaryDirectory(prefix="pincite-eval-") as temporary:
        for dataset in chosen(data, only or []):
            with opened((kept or Path(temporary)) / dataset.name) as (library, _):
                library.add(dataset.documents)
                console.print(_table(dataset.name, measure(library, dataset)))
