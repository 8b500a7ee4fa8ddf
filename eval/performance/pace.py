"""What Pincite's own work costs beside the model's: `python -m eval pace`, and `--check` in CI.

Each figure is Pincite's processor time over that of a yardstick, which is measured in turns with it on the same
machine: the bare model in ONNX Runtime, a bare process that opens it, or the model's matrix products in NumPy. Such
ratios move little from machine to machine, and little when others use its cores.
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import numpy as np
import onnxruntime
import psutil
import typer
from rich.console import Console
from rich.table import Table
from threadpoolctl import threadpool_limits
from tokenizers import Tokenizer

from eval.performance import benchmark
from retrieval import Document, Library, Settings
from retrieval.answering import NO_READER
from retrieval.embedding import Encoder, exported, open_encoder

RECORD = Path(__file__).parent / "pace.json"
SLOWER = 1.35  # times the record, from which a figure fails: a slowdown of 1.5 is caught, noise of a fifth is not
TEXTS, QUESTIONS, TURNS = 100, 40, 3
# Inputs, outputs of the matrix products of one layer, and layers: all-MiniLM-L6-v2.
PRODUCTS = ((384, 1152), (384, 384), (384, 1536), (1536, 384))
LAYERS, ROWS = 6, 512
FIGURES = {
    "ask": "a question answered without the reader / its bare forward pass",
    "read": "a question answered / its bare forward pass",
    "search": "a question searched / its bare forward pass",
    "add": "texts added / their bare forward passes, one by one",
    "encode": "texts encoded / the matrix products of as many tokens",
    "cold": "`pincite ask`, a new process / a bare one that runs the model",
}
_BARE = """
import sys
import faiss, numpy, onnxruntime, sqlite3, tokenizers
tokenizer = tokenizers.Tokenizer.from_file(sys.argv[1] + "/tokenizer.json")
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = 1
session = onnxruntime.InferenceSession(sys.argv[1] + "/model.onnx", options)
ids = numpy.array([tokenizer.encode("Who opened the bridge?").ids])
given = dict(input_ids=ids, attention_mask=ids * 0 + 1, token_type_ids=ids * 0)
session.run(None, {item.name: given[item.name] for item in session.get_inputs()})
"""
console = Console(highlight=False, width=None if sys.stdout.isatty() else 160)


@dataclass(frozen=True, slots=True)
class Measured:
    """ratios: figure -> Pincite's processor time over its yardstick's. speeds: figure -> value, for people to read."""

    ratios: Mapping[str, float]
    speeds: Mapping[str, float]


class Bare:
    """The exported model, and nothing around it."""

    def __init__(self, folder: Path) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(str(folder / "model.onnx"), options)
        self._tokenizer: Any = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(256)

    def inputs(self, text: str) -> dict[str, Any]:
        """Return what the model is given for a text."""
        ids = np.array([self._tokenizer.encode(text).ids])
        given = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
        return {item.name: given[item.name] for item in self._session.get_inputs()}

    def run(self, given: dict[str, Any]) -> None:
        """Run the model once."""
        self._session.run(None, given)


def processor(call: Callable[..., object], *arguments: object) -> float:
    """Return the seconds of processor time, of all threads, that a call takes."""
    began = time.process_time()
    call(*arguments)
    return time.process_time() - began


def asking(
    calls: Mapping[str, Callable[[str], object]], bare: Bare, questions: Sequence[str]
) -> tuple[dict[str, float], dict[str, float]]:
    """Ask in turns with the bare model; return (ratios, speeds) of each call, medians over questions and turns."""
    given = {question: bare.inputs(question) for question in questions}
    ratios, speeds = dict[str, float](), dict[str, float]()
    for name, call in calls.items():
        for question in questions:
            call(question)
        rows = [
            (processor(bare.run, given[question]), processor(call, question))
            for _ in range(TURNS)
            for question in questions
        ]
        forward, whole = (median(column) for column in zip(*rows, strict=True))
        ratios[name] = whole / forward
        speeds |= {"forward ms": forward * 1e3, f"{name} ms": whole * 1e3}
    return ratios, speeds


def adding(
    bare: Bare, encoder: Encoder, texts: Sequence[tuple[str, str]], folder: Path
) -> tuple[dict[str, float], dict[str, float]]:
    """Add all texts in turns with the bare model; return (ratios, speeds)."""
    given = [bare.inputs(f"{title}\n{text}") for title, text in texts]
    documents = [Document(str(number), title, text) for number, (title, text) in enumerate(texts)]
    tokens = sum(each["input_ids"].size for each in given)
    rows = []
    for turn in range(TURNS):
        with Library(folder / str(turn), encoder=encoder) as library:
            added = processor(library.add, documents)
            passages = [passage for document in documents for passage in library.passages(document.doc_id)]
        encoded = processor(list, encoder.encode_passages(passages, [""] * len(passages)))
        forward = sum(processor(bare.run, each) for each in given)
        rows.append((added / forward, encoded / multiplied(tokens), len(texts) / added, tokens / encoded))
    add, encode, rate, speed = (median(column) for column in zip(*rows, strict=True))
    return {"add": add, "encode": encode}, {"texts/s a core": rate, "tokens/s a core": speed}


def multiplied(tokens: int) -> float:
    """Return the processor seconds of the model's matrix products for so many tokens, in float32 on one thread."""
    rows = {size: np.ones((ROWS, size), np.float32) for size, _ in PRODUCTS}
    weights = [np.ones(shape, np.float32) for shape in PRODUCTS]

    def once() -> None:
        for weight in weights:
            rows[len(weight)] @ weight

    with threadpool_limits(1, "blas"):
        once()
        return median(processor(once) for _ in range(20)) * LAYERS * tokens / ROWS


def starting(library: Path, question: str) -> float:
    """Return the processor time of `pincite ask` over that of a bare process, the median of turns."""
    ours = [sys.executable, "-m", "ui.cli", "ask", "--library", str(library), question]
    bare = [sys.executable, "-c", _BARE, str(exported(Settings()))]
    return median(_spent(ours) / _spent(bare) for _ in range(TURNS))


def _spent(command: Sequence[str]) -> float:
    """Run a command and return its processor seconds; exit code 1 is an answer that was not found."""
    before = psutil.Process().cpu_times()
    done = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parents[2])
    if done.returncode not in (0, 1):
        raise RuntimeError(f"{' '.join(command[:4])} failed: {done.stderr.strip()[-300:]}")
    after = psutil.Process().cpu_times()
    return float(after.children_user + after.children_system - before.children_user - before.children_system)


def measure(texts: int = TEXTS, questions: int = QUESTIONS) -> Measured:
    """Measure every figure, in some 40 s of processor time."""
    made, beginnings = benchmark.inputs(None, texts, questions)
    asked = [f"{beginning}?" for beginning in beginnings]  # else they are taken for pasted text, which is not read
    encoder, bare = open_encoder(Settings()), Bare(exported(Settings()))
    with TemporaryDirectory(prefix="pincite-pace-") as name:
        added, rates = adding(bare, encoder, made, Path(name))
        folder, unread = Path(name) / "0", Settings(reader=NO_READER)
        with Library(folder, unread, encoder=encoder) as library, Library(folder, encoder=encoder) as reading:
            calls: dict[str, Callable[[str], object]] = {
                "search": library.search,
                "ask": library.ask,
                "read": reading.ask,
            }
            answered, times = asking(calls, bare, asked)
        ratios = answered | added | {"cold": starting(Path(name) / "0", asked[0])}
    return Measured(ratios, rates | times)


def recorded() -> dict[str, float]:
    """Return the ratios that were recorded; none before the first time."""
    known: dict[str, float] = json.loads(RECORD.read_text("utf-8")) if RECORD.exists() else {}
    return known


def failing(now: Mapping[str, float], record: Mapping[str, float]) -> list[str]:
    """Return the figures that are slower than their record allows; one that is gone fails too."""
    return [name for name, was in record.items() if now.get(name, float("inf")) > SLOWER * was]


def show(measured: Measured, record: Mapping[str, float]) -> None:
    """Print the figures beside their record."""
    table = Table("", "recorded", "at most", "now", "", box=None)
    failed = failing(measured.ratios, record)
    for name, value in measured.ratios.items():
        was = [f"{record[name]:.2f}", f"{record[name] * SLOWER:.2f}"] if name in record else ["–", "–"]
        table.add_row(FIGURES[name], *was, f"{value:.2f}", "SLOWER" if name in failed else "holds")
    console.print(table)
    console.print(", ".join(f"{name} {value:,.1f}" for name, value in measured.speeds.items()), style="dim")


def main(
    check: Annotated[bool, typer.Option("--check", help="Fail (exit code 1) where a figure is slower.")] = False,
    record: Annotated[bool, typer.Option("--record", help="Write today's figures as the record.")] = False,
) -> None:
    """Measure what a question, adding and starting cost beside the model itself."""
    measured = measure()
    known = recorded()
    show(measured, known)
    if record:
        RECORD.write_text(json.dumps({k: round(v, 3) for k, v in measured.ratios.items()}, indent=2) + "\n", "utf-8")
    if check and failing(measured.ratios, known):
        raise typer.Exit(1)
