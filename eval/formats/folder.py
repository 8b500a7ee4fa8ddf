"""A folder as people have it: 2,000 files of every format, 40 of them broken. Exit code 1 where a target is missed.

    python -m eval formats                    python -m eval formats --files 200 --no-formats
    python -m eval formats ~/papers           is another measurement: see corpus.py

Makes the folder, syncs it, syncs it again, adds one document, and compares every format with what other programs read
in it. Every step runs in a process of its own, so that memory and opening are those of a fresh start.
"""

import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import cycle, islice
from multiprocessing import get_context
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from eval.formats.broken import COUNT, write_broken
from eval.formats.converted import Agreement, agreements
from eval.formats.written import Press, article
from retrieval import Library, Passage, Settings
from retrieval.embedding import PassageVectors, open_encoder
from retrieval.ingest import name_of
from retrieval.parsers import shared

SHARE = 0.99  # of sentences that must be found in each format


@dataclass(frozen=True, slots=True)
class Figure:
    """One thing that was measured, with its target; is_met: whether it is reached."""

    name: str
    value: str
    target: str
    is_met: bool


def make(folder: Path, files: int, max_bytes: int) -> tuple[list[str], list[str]]:
    """Fill a folder; return the names of the files that can be read, and of those that cannot."""
    press = Press()
    good = []
    for number, suffix in enumerate(islice(cycle(press.suffixes), files - COUNT)):
        below = folder / f"{number % 7}" / f"{number % 5}"
        below.mkdir(parents=True, exist_ok=True)
        path = below / f"report {number}{suffix}"
        path.write_bytes(press.write(suffix, article(number)))
        good.append(str(path))
    (folder / "broken").mkdir()
    return good, [name_of(path) for path in write_broken(folder / "broken", press, max_bytes)]


class Timed:
    """The packaged encoder; counts the passages that it encodes and the seconds that it takes for them."""

    def __init__(self) -> None:
        self._encoder = encoder = open_encoder(Settings())
        self.passages, self.seconds = 0, 0.0
        self.fingerprint, self.dim, self.max_tokens = encoder.fingerprint, encoder.dim, encoder.max_tokens
        self.encode_questions, self.question = encoder.encode_questions, encoder.question
        self.count_tokens = encoder.count_tokens

    def encode_passages(
        self, passages: Sequence[Passage], titles: Sequence[str]
    ) -> Iterator[tuple[int, PassageVectors]]:
        """Encode as `Encoder` says."""
        began = time.perf_counter()
        for item in self._encoder.encode_passages(passages, titles):
            self.seconds += time.perf_counter() - began
            self.passages += 1
            yield item
            began = time.perf_counter()


def synced(library: Path, folder: Path) -> dict[str, Any]:
    """Sync a folder; return what the report says, seconds, passages, and the peak of memory in MB.

    seconds: of the sync, and of encoding in it, which share whatever else the machine does.
    """
    encoder = Timed()
    with Library(library, encoder=encoder) as opened:
        began = time.perf_counter()
        report = opened.sync(folder, sure=True)
        seconds = time.perf_counter() - began
    shared.close()  # the process that reads files: only of those that have ended the peak is known
    return {
        "seconds": seconds, "encoding": encoder.seconds, "passages": encoder.passages, "megabytes": _peak(),
        "failed": sorted(failure.source for failure in report.failed),
        "counts": {name: len(getattr(report, name)) for name in ("added", "unchanged", "replaced", "moved", "removed")},
    }  # fmt: skip


def added(library: Path, path: Path) -> tuple[float, int]:
    """Add one file to a library that is open; return the seconds beyond its own encoding, and passages before."""
    encoder = Timed()
    with Library(library, encoder=encoder) as opened:
        before = opened.info()["passages"]
        opened.search("Is it ready?")
        began = time.perf_counter()
        opened.add(path)
        return time.perf_counter() - began - encoder.seconds, before


def _peak() -> float:
    """Return the most memory that this process held, and the largest of its children that have ended, in MB."""
    return (
        sum(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) * 1024 / 1e6
    )


def measure(work: Path, files: int) -> list[Figure]:
    """Make a folder of so many files, sync it twice, and add one document; see the module."""
    folder, library = work / "folder", work / "library"
    folder.mkdir()
    good, broken = make(folder, files, Settings().max_file_bytes)
    first = _alone(synced, library, folder)
    again = _alone(synced, library, folder)
    one = work / "one more.docx"
    one.write_bytes(Press().write(".docx", article(files + 1)))
    beyond, passages = _alone(added, library, one)
    share = first["encoding"] / first["seconds"]
    wrong = set(broken) ^ set(first["failed"])
    rate = first["passages"] / first["seconds"]
    is_same = again["counts"]["unchanged"] == len(good) and again["passages"] == 0 and again["seconds"] < 10
    return [
        Figure("files that can be read, added", f"{first['counts']['added']:,}", f"{len(good):,}",
               first["counts"]["added"] == len(good)),
        Figure("files reported", f"{len(first['failed'])}, {len(wrong)} wrong", f"exactly {COUNT}", not wrong),
        Figure("sync", f"{first['seconds']:.1f} s, {rate:.0f} passages/s", "", True),
        Figure("throughput, of encoding alone", f"{share:.0%}", ">= 80 %", share >= 0.8),
        Figure("peak of memory", f"{first['megabytes']:,.0f} MB", "< 1,500 MB", first["megabytes"] < 1500),
        Figure("sync of the same folder", f"{again['seconds']:.1f} s", "< 10 s, encodes nothing", is_same),
        Figure(f"one document beside {passages:,} passages", f"{beyond:.2f} s and its encoding", "< 1 s", beyond < 1),
    ]  # fmt: skip


def _alone(step: Callable[..., Any], *arguments: Any) -> Any:
    """Run a step in a fresh process."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(step, *arguments).result()


def compare(work: Path) -> list[Figure]:
    """Compare every format with what other programs read in it."""
    return [_compared(found) for found in agreements(work)]


def _compared(found: Agreement) -> Figure:
    name = f"{found.suffix} by {found.writer}, against {found.reader}"
    missing = f": {found.missing[0][:60]}" if found.missing else ""
    value = f"{found.share:.1%} of {found.sentences}{missing}"
    return Figure(name, value, f">= {SHARE:.0%}", found.share >= SHARE)


def shown(figures: Sequence[Figure]) -> Table:
    """Return the figures as a table."""
    table = Table("", "measured", "target", "")
    for figure in figures:
        table.add_row(figure.name, figure.value, figure.target, "" if figure.is_met else "missed")
    return table


def main(
    corpus: Annotated[Path | None, typer.Argument(help="A folder of anybody's files to read instead.")] = None,
    files: Annotated[int, typer.Option(min=COUNT + 1, help="How many files.")] = 2000,
    formats: Annotated[bool, typer.Option(help="Also compare formats with other programs.")] = True,
    folder: Annotated[Path | None, typer.Option(help="Where files are made; removed again.")] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Of your files: write all differences as JSON.")
    ] = None,
    listed: Annotated[int, typer.Option("--list", min=0, help="Of your files: show the N that differ most.")] = 10,
) -> None:
    """Measure how a made folder of every format is read, or what is lost, doubled or out of order in files of yours."""
    if corpus:
        from eval.formats import corpus as others

        return others.run(corpus, out, listed)
    work = Path(tempfile.mkdtemp(dir=folder, prefix="folder-"))
    try:
        figures = measure(work, files)
        if formats:
            (work / "formats").mkdir()
            figures += compare(work / "formats")
    finally:
        shutil.rmtree(work)
    width = None if sys.stdout.isatty() else 160
    Console(markup=False, highlight=False, width=width).print(shown(figures))
    raise typer.Exit(0 if all(figure.is_met for figure in figures) else 1)
