"""Opens libraries for commands; errors on purpose become a line and an exit code."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from ui.cli import terminal

if TYPE_CHECKING:
    from retrieval import Library


@contextmanager
def opened(folder: str | None, create: bool = False) -> Iterator["Library"]:
    """Open a library, the shipped one where no folder is named. Exit code 3 where it cannot be used."""
    from retrieval import Library, Settings
    from retrieval.library import default_library

    try:
        settings = Settings.from_environment()
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
