"""The same answers wherever a library is kept: a data set in a folder, and copied to a Milvus server.

    python -m eval backends milvus://127.0.0.1:19530/name --data FOLDER --only xquad-r-en

The library at that address must hold nothing else; it stays there.
"""

import statistics
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from eval.data.datasets import Dataset
from eval.data.published import chosen
from eval.quality import results
from eval.quality.asking import Facts, built
from eval.quality.metrics import HEADLINE
from retrieval import Library, Settings


@dataclass(frozen=True, slots=True)
class Comparison:
    """What both gave. ndcg: nDCG@10 in the folder and on the server. same_quote, same_passage: shares of questions.

    milliseconds: median of a question, in the folder and on the server.
    """

    name: str
    questions: int
    failed: int
    ndcg: tuple[float, float]
    same_quote: float
    same_passage: float
    milliseconds: tuple[float, float]

    def __str__(self) -> str:
        (here, there), (own, other) = self.ndcg, self.milliseconds
        return (
            f"{self.name}: {self.questions} questions, {self.failed} failed; nDCG@10 {here:.4f} in a folder, "
            f"{there:.4f} on the server ({there - here:+.4f}); same top quote {self.same_quote:.4f}, "
            f"same top passage {self.same_passage:.4f}; median {own:.0f} and {other:.0f} ms"
        )


def compare(dataset: Dataset, address: str) -> Comparison:
    """Ask a data set of a library in a folder and of its copy at an address; nothing is encoded for the copy."""
    settings = replace(Settings.from_environment(), threshold=0.0)
    with built(dataset.documents) as (library, facts):
        here = results.measure_library(library, facts, dataset, deep=False)
        with Library(address, settings) as server:
            library.copy_to(server)
            there = results.measure_library(server, Facts(), dataset, deep=False)
    pairs = list(zip(here.questions, there.questions, strict=True))
    failed = sum(bool(mine["error"] or other["error"]) for mine, other in pairs)
    quotes = sum(_quote(mine) == _quote(other) for mine, other in pairs)
    passages = sum(mine["nearest"] == other["nearest"] for mine, other in pairs)
    ndcg, milliseconds = [], []
    for result in (here, there):
        ndcg.append(statistics.mean(result.values(measure=HEADLINE).values()))
        milliseconds.append(statistics.median(question["milliseconds"] for question in result.questions))
    return Comparison(
        dataset.name, len(pairs), failed, (ndcg[0], ndcg[1]), quotes / len(pairs), passages / len(pairs),
        (milliseconds[0], milliseconds[1]),
    )  # fmt: skip


def _quote(question: dict[str, object]) -> object:
    """Return the first quote, with where it stands."""
    quotes = question["quotes"]
    return quotes[0] if isinstance(quotes, list | tuple) and quotes else None


def main(
    address: Annotated[str, typer.Argument(metavar="MILVUS", help="milvus://HOST:PORT/NAME; a set's name is added.")],
    data: Annotated[Path, typer.Option(metavar="DIR", help="Folder of data sets.")],
    only: Annotated[list[str] | None, typer.Option(metavar="NAME", help="Only these sets.")] = None,
    limit: Annotated[int, typer.Option(min=0, help="Ask only the first N questions; 0: all.")] = 0,
) -> None:
    """Compare the answers of a library in a folder with those of its copy on a Milvus server."""
    for dataset in chosen(data, only or [], limit=limit):
        name = "".join(c if c.isalnum() else "_" for c in dataset.name)
        Console(highlight=False).print(str(compare(dataset, f"{address}_{name}")), soft_wrap=True)
