"""What commands share: options, and libraries opened so that errors on purpose become a line and an exit code."""

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from ui import words
from ui.cli import terminal

if TYPE_CHECKING:
    from retrieval import Library


def _folder(value: str | None) -> str | None:
    """Refuse `--library ""`, which a forgotten shell variable makes and which would mean this folder."""
    if value is not None and not value.strip():
        raise typer.BadParameter("is empty; name a folder, for example --library ~/articles.pincite")
    return value


def _folders(given: list[str] | None) -> list[str]:
    """Read the libraries that were named, each once, or the one of the environment, which may have blanks in it."""
    named = given or list(filter(None, [os.environ.get("PINCITE_LIBRARY")]))
    for each in named:
        _folder(each)
    return list(dict.fromkeys(named))


def filled(given: Any) -> Any:
    """Refuse an empty argument, which a forgotten shell variable makes and which would mean this folder."""
    if any(not str(each).strip() for each in (given if isinstance(given, list | tuple) else [given])):
        raise typer.BadParameter("is empty; name a file or folder")
    return given


LibraryFolder = Annotated[
    str | None,
    typer.Option(
        "--library", metavar="DIR", envvar="PINCITE_LIBRARY", callback=_folder,
        help="Folder of the library, or milvus://HOST:PORT/NAME.",
    ),
]  # fmt: skip
Libraries = Annotated[
    list[str] | None,
    typer.Option(
        "--library", metavar="DIR", callback=_folders,
        help="Folder of a library, or milvus://HOST:PORT/NAME. Of several, each named so, the page shows the first "
        "first. Or PINCITE_LIBRARY names one.",
    ),
]  # fmt: skip
CitationStyle = Literal["markdown", "plain", "bibtex", "ris", "csl-json"]
AsJson = Annotated[bool, typer.Option("--json", help="Write JSON.")]


def _pairs(given: list[str] | None) -> list[str] | None:
    """Refuse what is not KEY=VALUE."""
    for condition in given or ():
        key, equals, _ = condition.partition("=")
        if not key or not equals:
            hint = 'expected KEY=VALUE, for example --where publication="Eurasia Daily Monitor"'
            raise typer.BadParameter(f"{words.one_line(condition)!r}; {hint}")
    return given


Where = Annotated[
    list[str] | None,
    typer.Option(
        metavar="KEY=VALUE", callback=_pairs, help="Only documents with this metadata; dates: 2018, 2018-06..2018-07."
    ),
]
Least = Annotated[
    float | None,
    typer.Option("--threshold", min=0, max=1, metavar="0..1", help="Answer only with a confidence of at least this."),
]
_ENOUGH = ("doc_id", "source", "title")  # what every document has
_PREFIX = re.compile(r"\d{4}(-\d\d){0,2}")


@contextmanager
def opened(folder: str | None, create: bool = False, model: str | None = None) -> Iterator["Library"]:
    """Open a library, the shipped one where no folder is named. Exit code 3 where it cannot be used.

    model: in place of the one that the environment names.
    """
    from retrieval import Library, Settings
    from retrieval.library import default_library

    try:
        settings = Settings.from_environment()
        settings = settings if model is None else replace(settings, model=model)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="the environment") from error
    with complaining(), default_library() if folder is None else Library(folder, settings, create=create) as library:
        yield library


@contextmanager
def complaining() -> Iterator[None]:
    """Turn errors on purpose into a line on stderr and exit code 3."""
    from retrieval import PinciteError

    try:
        yield
    except (PinciteError, OSError) as error:
        terminal.complain(str(error))
        raise typer.Exit(3) from error


@contextmanager
def interruptible() -> Iterator[None]:
    """Say of an interrupt that nothing is lost; exit code 130."""
    try:
        yield
    except KeyboardInterrupt:
        terminal.complain("interrupted; what was added is kept, and the same command goes on from there")
        raise typer.Exit(130) from None


def own(library: str | None, action: str, example: str) -> str:
    """Return the library that was named; the shipped one is not for `action`. BadParameter shows the example."""
    if library is None:
        raise typer.BadParameter(f"no library to {action}; for example: {example}", param_hint="'--library'")
    return library


def conditions(library: "Library", given: Sequence[str]) -> dict[str, list[str]]:
    """Read ["publication=A", "publication=B"] into {"publication": ["A", "B"]}: any of them.

    A date may be cut short: date=2018-06 is any day of that month. BadParameter for a key that no document has.
    """
    read: dict[str, list[str]] = {}
    for condition in given:
        key, _, value = condition.partition("=")
        read.setdefault(key, []).append(value)
        if key == "date" and _PREFIX.fullmatch(value):
            read[key].append(f"{value}..{value}")
    known = {*_ENOUGH, *(key for document in library.documents() for key in document.metadata)} if read else set()
    for key in read.keys() - known:
        there = ", ".join(sorted(known))
        raise typer.BadParameter(f"no document has {words.one_line(key)!r}; there are: {there}", param_hint="'--where'")
    return read
