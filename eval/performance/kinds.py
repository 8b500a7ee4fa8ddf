"""Kinds of FAISS index compared on the vectors of the command scale: `python -m eval kinds 100000`.

What Pincite asks of an index: candidates that it scores again by their stored vectors. So recall is of the ten best
among the 200 that an index gives, against comparing all; time is of one thread.
"""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Annotated, Any, NamedTuple

import faiss
import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from eval.performance.scale import BEST, DIM, Synthetic
from retrieval.embedding import Floats
from retrieval.storage.local.faiss_index import SAMPLE, lists

CANDIDATES = 200
SHARES = (0.1, 0.32)  # of the lists that are looked through


class Kind(NamedTuple):
    """A kind of index by its FAISS name, and how it is asked: label -> what sets it."""

    name: str
    ways: dict[str, Callable[[Any], None]]


def kinds(count: int) -> list[Kind]:
    """Return the kinds that are compared for so many vectors."""
    lists_ = lists(count)
    probes = [round(share * lists_) for share in SHARES]
    inverted = {f"nprobe {n}": _probing(n) for n in probes}
    refined = {f"nprobe {probes[1]}, k_factor {k}": _refining(probes[1], k) for k in (4, 16, 64)}
    graph = {f"efSearch {ef}": _exploring(ef) for ef in (200, 400)}
    return [
        *(Kind(name, {"": lambda index: None}) for name in ("Flat", "SQfp16", "SQ8")),
        Kind(f"IVF{lists_},SQ8", inverted),
        Kind(f"IVF{lists_},PQ48x4fs", inverted),
        Kind(f"IVF{lists_},PQ48x4fs,Refine(SQ8)", refined),
        Kind("HNSW32,SQ8", graph),
    ]


def _probing(probes: int) -> Callable[[Any], None]:
    return lambda index: setattr(faiss.extract_index_ivf(index), "nprobe", probes)


def _refining(probes: int, factor: int) -> Callable[[Any], None]:
    def refine(index: Any) -> None:
        _probing(probes)(faiss.downcast_index(index.base_index))
        index.k_factor = factor

    return refine


def _exploring(depth: int) -> Callable[[Any], None]:
    return lambda index: setattr(index.hnsw, "efSearch", depth)


def built(name: str, vectors: Floats) -> tuple[Any, float, float]:
    """Return an index of all vectors, the processor seconds that took, and its size in a file in 10^6 bytes."""
    began = time.process_time()
    index = faiss.index_factory(DIM, name, faiss.METRIC_INNER_PRODUCT)
    index.train(vectors[:: max(1, len(vectors) // (SAMPLE * lists(len(vectors))))])
    index.add(vectors)
    took = time.process_time() - began
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "index"
        faiss.write_index(index, str(path))
        return index, took, path.stat().st_size / 1e6


def asked(index: Any, vectors: Floats, questions: Floats, best: list[set[int]]) -> tuple[float, float]:
    """Return recall of the ten best after scoring again, and the median processor milliseconds of a search."""
    found, times = 0, []
    for question, expected in zip(questions, best, strict=True):
        began = time.process_time()
        _, ids = index.search(question[None], CANDIDATES)
        times.append(time.process_time() - began)
        ids = ids[0][ids[0] >= 0]
        found += len(expected.intersection(ids[np.argsort(-(vectors[ids] @ question))[:BEST]].tolist()))
    return found / (BEST * len(best)), median(times) * 1e3


def main(
    count: Annotated[int, typer.Argument(min=1000, help="Number of vectors.")],
    questions: Annotated[int, typer.Option(min=1, help="How many are asked.")] = 100,
    only: Annotated[str, typer.Option(metavar="TEXT", help="Only kinds whose name holds this.")] = "",
) -> None:
    """Build and ask each kind of index."""
    made = Synthetic()
    vectors, wanted = made.vectors(count), np.stack(list(made.questions(questions, count).values()))
    best = [set(row) for row in np.argsort(-(wanted @ vectors.T), axis=1)[:, :BEST].tolist()]
    faiss.omp_set_num_threads(1)
    table = Table(f"{count:,}", "", "build s", "MB", f"recall@{BEST}", "ms", box=None)
    for name, ways in kinds(count):
        if only not in name:
            continue
        index, took, size = built(name, vectors)
        for way, set_ in ways.items():
            set_(index)
            recall, milliseconds = asked(index, vectors, wanted, best)
            table.add_row(name, way, f"{took:,.1f}", f"{size:,.1f}", f"{recall:.3f}", f"{milliseconds:.2f}")
    Console().print(table)
