"""Asks a library what a data set asks, through its public API, and keeps what came back. Judges nothing."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil

from eval.data.datasets import Dataset, Query
from retrieval import Answer, Document, Hit, Library, Settings

RANKED = 60  # passages asked for with an answer, so that twenty units are left when parts of one are merged
DEPTH = (
    600  # passages asked for to rank by one signal alone: all of a small set, far more than the best 60 of a large one
)

Progress = Callable[[str, int, int], object]


@dataclass(frozen=True, slots=True)
class Asked:
    """What a question brought. answer: None where asking failed, and then `error` says why.

    hits: as deep as DEPTH, for ranking by single signals; empty unless wanted. milliseconds: of `Library.ask`.
    """

    query: Query
    answer: Answer | None
    hits: Sequence[Hit] = ()
    milliseconds: float = 0.0
    error: str = ""


@dataclass(slots=True)
class Facts:
    """What the index took. seconds: to add the documents, 0 for a library that was there. mib: of this process."""

    documents: int = 0
    passages: int = 0
    seconds: float = 0.0
    mib: float = 0.0
    failed: list[str] = field(default_factory=list)


@contextmanager
def built(documents: Sequence[Document] | Path) -> Iterator[tuple[Library, Facts]]:
    """Build a library of documents, or of a folder, that goes away afterwards. See `opened` for the threshold."""
    with TemporaryDirectory(prefix="pincite-eval-") as folder, opened(Path(folder)) as (library, facts):
        began = time.perf_counter()
        report = library.add(documents)
        facts.seconds = time.perf_counter() - began
        facts.failed = [str(failure) for failure in report.failed]
        _measure(library, facts)
        yield library, facts


@contextmanager
def opened(folder: Path, create: bool = True) -> Iterator[tuple[Library, Facts]]:
    """Open a library so that it answers whatever its confidence is: the judge applies the user's threshold.

    That way one run tells what every threshold would have given.
    """
    with Library(folder, replace(Settings.from_environment(), threshold=0.0), create=create) as library:
        facts = Facts()
        _measure(library, facts)
        yield library, facts


def _measure(library: Library, facts: Facts) -> None:
    info = library.info()
    facts.documents, facts.passages = info["documents"], info["passages"]


def ask_all(
    library: Library, dataset: Dataset, deep: bool = True, progress: Progress = lambda *_: None
) -> Iterator[Asked]:
    """Ask every question; deep: also rank to DEPTH. The first is asked once before, so that loading is not timed."""
    if dataset.queries:
        ask(library, dataset.queries[0], False)
    for number, query in enumerate(dataset.queries, start=1):
        yield ask(library, query, deep)
        progress(dataset.name, number, len(dataset.queries))


def ask(library: Library, query: Query, deep: bool) -> Asked:
    """Ask one question. Whatever it raises is kept as its result: a failed question is counted, not dropped."""
    try:
        began = time.perf_counter()
        answer = library.ask(query.text, history=query.history, k=RANKED)
        took = (time.perf_counter() - began) * 1e3
        hits = library.search(answer.asked_as, k=DEPTH) if deep else ()
    except Exception as error:
        return Asked(query, None, error=f"{type(error).__name__}: {error}")
    return Asked(query, answer, hits, took)


def memory() -> float:
    """Return the resident memory of this process in MiB."""
    return float(psutil.Process().memory_info().rss) / 2**20
