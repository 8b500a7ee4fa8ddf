"""Trains the reader, measures it, and writes its weights and its card: `python -m eval train`. Only wires."""

import os
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
    batch: Annotated[int, typer.Option(min=0, help="Examples of each process at a step. 0: 16; 128 on a GPU.")] = 0,
    rate: Annotated[float, typer.Option(min=0, help="Highest learning rate. 0: .0002; .0005 on a GPU.")] = 0,
    long: Annotated[float, typer.Option(help="Share of windows as long as most paragraphs. -1: .08; .9.")] = -1,
    dropout: Annotated[float, typer.Option(help="Share left out of what layers add. -1: none; .1 on a GPU.")] = -1,
    processes: Annotated[int, typer.Option(min=0, help="0: two on CPUs, one with a GPU.")] = 0,
    teacher: Annotated[list[Path] | None, typer.Option(metavar="DIR", help="Run to learn from as well.")] = None,
    measured: Annotated[str, typer.Option(metavar="NAME", help="Report on this one; never train on it.")] = "deva",
    start: Annotated[Path | None, typer.Option(metavar="FILE", help="Go on from this reader.onnx.")] = None,
    into: Annotated[Path, typer.Option(metavar="DIR", help="Where weights and card are written.")] = WEIGHTS,
    export: Annotated[bool, typer.Option("--export", help="Do not train: measure and write the checkpoint.")] = False,
    average: Annotated[list[Path] | None, typer.Option(metavar="DIR", help="Average with these runs' weights.")] = None,
    limit: Annotated[int, typer.Option(min=0, help="Measure with so many questions; 0: all.")] = 0,
) -> None:
    """Train the reading model and write it with its card; goes on where it was interrupted."""
    import torch

    from eval.calibration import card  # torch takes seconds
    from eval.calibration.reader import loop

    corpus = gather(data, measured)
    base = model_folder(Settings())
    gpu = torch.cuda.is_available()
    if not export:
        rate = rate or (5e-4 if gpu else 2e-4)
        plan = loop.Plan(
            run, base, minutes, until, seed,
            batch=batch or (128 if gpu else 16),
            rate=rate,
            head_rate=2 * rate if gpu else 5 * rate,
            processes=processes,
            start=start,
            long=long if long >= 0 else 0.9 if gpu else 0.08,
            dropout=dropout if dropout >= 0 else 0.1 if gpu else 0.0,
            workers=max(1, (os.cpu_count() or 2) - 1) if gpu else 0,
            teachers=tuple(teacher or ()),
        )  # fmt: skip
        loop.run(plan, corpus.training, corpus.articles)
    typer.echo(card.publish([run, *(average or [])], base, corpus, into, limit))
