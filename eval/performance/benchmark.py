"""Speed and cost against the obvious do-it-yourself: `python -m eval benchmark`.

Every contestant indexes the same texts and is asked the same questions, in processes of its own that take turns, so
that what else the machine does hits all alike. Ratios are within a round; their spread is over the rounds.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from eval.data import published
from eval.performance.contestants import CONTESTANTS, DIY, PINCITE, QUOTES
from eval.quality.results import origin, program
from retrieval.settings import seeds_folder
from retrieval.text import sentence_spans

# Figure -> whether more is better. Times in ms or s, memory in MiB, disk in MB.
FIGURES = {
    "passages/s": True,
    "cold start s": False,
    "median ms": False,
    "95 % ms": False,
    "build MiB": False,
    "ask MiB": False,
    "disk MB": False,
}
Round = Mapping[str, Mapping[str, float]]
console = Console(highlight=False, markup=False, emoji=False, width=None if sys.stdout.isatty() else 160)


def main(
    data: Annotated[Path | None, typer.Option(metavar="DIR", help="A data set; else texts made of the seeds.")] = None,
    rounds: Annotated[int, typer.Option(min=1, help="How often each contestant has its turn.")] = 3,
    passages: Annotated[int, typer.Option(min=1, help="At most so many texts.")] = 1000,
    questions: Annotated[int, typer.Option(min=2, help="At most so many questions.")] = 200,
    only: Annotated[list[str] | None, typer.Option(metavar="NAME", help="Only these contestants.")] = None,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the figures as JSON.")] = None,
) -> None:
    """Measure throughput, latency, cold start, memory and disk, alternating, with the same weights."""
    texts, asked = inputs(data, passages, questions)
    names = [name for name, found in CONTESTANTS.items() if found.installed() and (not only or name in only)]
    absent = [name for name, found in CONTESTANTS.items() if not found.installed()]
    record = origin(program()) | {"texts": len(texts), "questions": len(asked)}
    measured: list[Round] = []
    with TemporaryDirectory(prefix="pincite-benchmark-") as folder:
        for found in run(names, texts, asked, rounds, Path(folder)):
            measured.append(found)
            if out:  # after each round: an interrupt keeps those that are done
                out.write_text(json.dumps(record | {"rounds": measured}, indent=1) + "\n", "utf-8")
    show(names, measured, f"{len(texts):,} texts, {len(asked)} questions, {rounds} rounds")
    if absent:
        console.print(f"not installed, so not measured: {', '.join(absent)}", style="dim")
    console.print(", ".join(f"{name} {value}" for name, value in record["machine"].items()), style="dim")


def inputs(data: Path | None, passages: int, questions: int) -> tuple[list[tuple[str, str]], list[str]]:
    """Return (title, text) pairs and questions; without data, made of the seeds' sentences, no two texts alike."""
    if data:
        dataset = published.find_datasets(data)[0]
        texts = [(document.title, document.text) for document in dataset.documents]
        return texts[:passages], [query.text for query in dataset.queries][:questions]
    whole = "\n".join(path.read_text("utf-8") for path in sorted(seeds_folder().glob("*.txt")))
    sentences = [whole[start:end] for start, end in sentence_spans(whole)]
    chance = np.random.RandomState(0)
    picked = [chance.permutation(len(sentences))[:5] for _ in range(passages)]
    texts = [(f"Text {n}", " ".join(sentences[i] for i in own)) for n, own in enumerate(picked, start=1)]
    return texts, [" ".join(sentences[i].split()[:8]) for i in chance.randint(0, len(sentences), questions)]


def run(
    names: Sequence[str], texts: Sequence[tuple[str, str]], questions: Sequence[str], rounds: int, folder: Path
) -> Iterator[Round]:
    """Let every contestant build and answer, in turn, as often as there are rounds; yield their figures."""
    given = folder / "texts.json", folder / "questions.json"
    for path, value in zip(given, (texts, questions), strict=True):
        path.write_text(json.dumps(value), "utf-8")
    for number in range(rounds):
        found = {}
        for turn, name in enumerate([*names[number % len(names) :], *names[: number % len(names)]]):
            own = folder / f"{number}-{turn}"
            own.mkdir()
            found[name] = _turn(name, own, given, len(texts))
        yield found


def _turn(name: str, folder: Path, given: Sequence[Path], texts: int) -> dict[str, float]:
    """Build and ask once, each in a fresh process."""
    built = _process(name, "build", folder, given)
    disk = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    asked = _process(name, "ask", folder, given)
    median_ms, late_ms = np.percentile(asked["milliseconds"], [50, 95])
    values = texts / built["seconds"], asked["cold"], median_ms, late_ms, built["mib"], asked["mib"], disk / 1e6
    return {figure: float(value) for figure, value in zip(FIGURES, values, strict=True)}


def _process(name: str, action: str, folder: Path, given: Sequence[Path]) -> dict[str, Any]:
    """Run one contestant; RuntimeError with the end of what it said where it fails."""
    command = [
        sys.executable,
        "-m",
        "eval.performance.contestants",
        name,
        action,
        str(folder),
        *map(str, given),
        str(time.time()),
    ]
    offline = os.environ | {"HF_HUB_OFFLINE": "1", "ANONYMIZED_TELEMETRY": "False"}
    done = subprocess.run(command, capture_output=True, text=True, env=offline)
    if done.returncode:
        said = done.stderr.strip() or f"exit code {done.returncode}"
        raise RuntimeError(f"{name} failed to {action}: {said.splitlines()[-1]}")
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def ratios(measured: Sequence[Round], name: str, figure: str, against: str = DIY) -> tuple[float, float, float]:
    """Return median, least and most of a figure as a multiple of the other's in the same round."""
    values = [found[name][figure] / found[against][figure] for found in measured]
    return median(values), min(values), max(values)


def markdown(record: Mapping[str, Any]) -> str:
    """Return a record as a table of multiples of the do-it-yourself, whose own figures come first, for a README."""
    measured = record["rounds"]
    names = [name for name in measured[0] if name != DIY]
    own = [f"{median(found[DIY][figure] for found in measured):,.1f}" for figure in FIGURES]
    rows = [["", *(f"{figure} {'↑' if more else '↓'}" for figure, more in FIGURES.items())], ["---"] * (1 + len(own))]
    rows += [[DIY, *own], *([name, *(_times(measured, name, figure) for figure in FIGURES)] for name in names)]
    table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    made = f"{record['made']}, commit {record['commit']}, {record['machine']['processor']}"
    size = f"{record['texts']:,} texts, {record['questions']} questions, rounds: {len(measured)}"
    return f"{table}\n\n`{record['command']}` ({made}, {record['machine']['cores']} cores; {size})"


def _times(measured: Sequence[Round], name: str, figure: str) -> str:
    middle, least, most = ratios(measured, name, figure)
    return f"{middle:.2f}×" + (f" ({least:.2f}–{most:.2f})" if len(measured) > 1 else "")


def show(names: Sequence[str], measured: Sequence[Round], title: str) -> None:
    """Print the medians, and below them the ratios to the do-it-yourself with their spread."""
    shown = [name for name in (PINCITE, QUOTES, DIY, *names) if name in names]
    shown = list(dict.fromkeys(shown))
    _table(title, shown, lambda name, figure: f"{median(found[name][figure] for found in measured):,.1f}")
    if DIY in names:
        others = [name for name in shown if name != DIY]
        _table("times the do-it-yourself", others, lambda name, figure: _times(measured, name, figure))


def _table(title: str, names: Sequence[str], cell: Callable[[str, str], str]) -> None:
    table = Table(title, *(f"{figure} {'↑' if more else '↓'}" for figure, more in FIGURES.items()), box=None)
    for name in names:
        table.add_row(name, *(cell(name, figure) for figure in FIGURES))
    console.print(table, "")
