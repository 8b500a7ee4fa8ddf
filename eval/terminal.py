"""What the commands share: options, the console, how an error ends, and the library that is meant."""

import sys
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from retrieval import Library, PinciteError
from retrieval.library import default_library

_DATA_HELP = "BEIR folder, SQuAD or MTRAG JSON, or a folder of those."
LibraryFolder = Annotated[Path | None, typer.Option("--library", metavar="DIR", help="A library of your own.")]
Data = Annotated[Path | None, typer.Option("--data", metavar="DIR", help=_DATA_HELP)]
GateData = Annotated[Path | None, typer.Option("--data", metavar="DIR", envvar="PINCITE_BENCHMARKS", help=_DATA_HELP)]
Only = Annotated[list[str] | None, typer.Option("--only", metavar="NAME", help="Only these data sets.")]
CasesToAddTo = Annotated[Path, typer.Option("--into", metavar="FILE", help="File of cases to add to.")]
ReportFolder = Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder for what is written.")]
REPORTS = Path("eval-report")

console = Console(highlight=False, markup=False, emoji=False, width=None if sys.stdout.isatty() else 160)


def plain(text: str, width: int = 0) -> str:
    """Put a text on one line without control characters, cut to a width if given."""
    line = " ".join("".join(c if unicodedata.category(c)[0] != "C" else " " for c in text).split())
    return line if not width or len(line) <= width else line[: width - 1] + "…"


@contextmanager
def errors() -> Iterator[None]:
    """End with exit code 3 and a line where something cannot be read."""
    try:
        yield
    except (PinciteError, OSError, ValueError) as error:
        Console(stderr=True, highlight=False, markup=False).print(plain(str(error)), soft_wrap=True)
        raise typer.Exit(3) from error


@contextmanager
def library_at(folder: Path | None) -> Iterator[Library]:
    """Open a library, or that of the shipped documents."""
    if folder is None:
        yield default_library()
        return
    with Library(folder, create=False) as library:
        yield library
