"""The command that moves a library from one place to another. Knows nothing about either place."""

from typing import Annotated

import typer

from ui.cli import terminal
from ui.cli.session import interruptible, opened


def copy(
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="A library: a folder, or milvus://HOST:PORT/NAME.")],
    target: Annotated[str, typer.Argument(metavar="TARGET", help="Where to; made if it is not there.")],
) -> None:
    """Copy a library to another place without encoding it again, and compare the two at the end.

    The same command goes on where it was interrupted. What TARGET holds beyond SOURCE stays, and makes them differ.
    """
    with opened(source) as held, opened(target, create=True) as made, interruptible():
        with terminal.progress_bar() as progress:
            totals = held.copy_to(made, progress)
        name = made.name
    counts = f"{totals.documents:,} documents, {totals.passages:,} passages, {totals.files:,} files"
    terminal.say(f"{counts} are the same in {name} (SHA-256 of all spans: {totals.spans[:16]}…)")
