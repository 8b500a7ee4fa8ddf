"""Trains the reader, measures it, and writes its weights and its card: `python -m eval train`. Only wires."""

from pathlib import Path
from typing import Annotated

import typer

from eval.calibration.reader.data import gather
from retrieval.embedding import model_folder
from retrieval.settings import Settings

WEIGHTS = Path(__file__).resolve().parents[2] / "retrieval" / "reader" / "weights"


def train(
    data: Annotated[Path, typer.Option(metavar="DIR", help="Folder of data sets (README.md there).")],
    run: Annotated[Path, typer.Option(metavar="DIR", help="Folder of the run: checkpoints and a log; resumes.")],
    minutes: Annotated[float, typer.Option(help="Train for so long, interruptions not counted.")] = 180.0,
    until: Annotated[str, typer.Option(metavar="HH:MM", help="Train until then instead.")] = "",
    seed: Annotated[int, typer.Option(help="Of the order of examples and of the heads.")] = 0,
    batch: Annotated[int, typer.Option(min=1, help="Examples of each process at a step.")] = 16,
    processes: Annotated[int, typer.Option(min=0, help="0: two on CPUs, one with a GPU.")] = 0,
    measured: Annotated[str, typer.Option(metavar="NAME", help="Report on this one; never train on it.")] = "deva",
    rate: Annotated[float, typer.Option(help="The highest learning rate; the heads' is five times it.")] = 2e-4,
    long: Annotated[float, typer.Option(help="The share of windows as long as most paragraphs.")] = 0.08,
    dropout: Annotated[float, typer.Option(help="The share left out of what each layer adds.")] = 0.0,
    workers: Annotated[int, typer.Option(min=0, help="Processes that make examples ahead, beside a GPU.")] = 0,
    teacher: Annotated[list[Path] | None, typer.Option(metavar="DIR", help="Run to learn from as well.")] = None,
    start: Annotated[Path | None, typer.Option(metavar="FILE", help="Go on from this reader.onnx.")] = None,
    into: Annotated[Path, typer.Option(metavar="DIR", help="Where weights and card are written.")] = WEIGHTS,
    export: Annotated[bool, typer.Option("--export", help="Do not train: measure and write the checkpoint.")] = False,
    limit: Annotated[int, typer.Option(min=0, help="Measure with so many questions; 0: all.")] = 0,
) -> None:
    """Train the reading model and write it with its card; goes on where it was interrupted."""
    from eval.calibration import card  # torch takes seconds
    from eval.calibration.reader import loop

    corpus = gather(data, measured)
    base = model_folder(Settings())
    if not export:
        plan = loop.Plan(
            run, base, minutes, until, seed, batch, rate, 5 * rate, processes,
            start=start, long=long, dropout=dropout, workers=workers,
            teachers=tuple(teacher or ()),
        )  # fmt: skip
        loop.run(plan, corpus.training, corpus.articles)
    typer.echo(card.publish(run, base, corpus, into, seed, limit))
