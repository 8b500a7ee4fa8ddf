"""Shows answers and lines: wrapped and coloured on a terminal, plain in a pipe.

What is written may come from a document, so markup is never read and control characters never get through.
"""

import io
import json
import os
import re
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from ui.words import CONTROL, SURROGATE, Outcome, clean, joined, one_line, outcome, published, verdict

if TYPE_CHECKING:
    from rich.console import Console

    from retrieval import Answer, Document

NEAREST = 3  # passages shown where nothing was found
_STYLES: dict[Outcome, str] = {
    "answered": "bold green",
    "probably": "bold yellow",
    "perhaps": "bold yellow",
    "partly": "bold yellow",
    "unsure": "bold yellow",
    "unsaid": "bold yellow",
    "empty": "bold yellow",
    "reply": "",
}


@cache
def _console(stderr: bool = False) -> "Console":
    from rich.console import Console  # 0.1 s that a pipe does not pay

    return Console(stderr=stderr, highlight=False, markup=False, emoji=False)


def can_ask() -> bool:
    """Tell whether somebody sits there who can be asked."""
    return sys.stdin.isatty()


def say(text: str = "", style: str = "", indent: int = 0) -> None:
    """Write one line to stdout. style: rich's, seen on a terminal only; indent: in columns."""
    if not sys.stdout.isatty():
        return _write(" " * indent + clean(text))
    from rich.padding import Padding
    from rich.text import Text

    _console().print(Padding(Text(clean(text), style), (0, 0, 0, indent)))


def entry(marker: str, text: str, style: str = "bold") -> None:
    """Write a text behind a marker; on a terminal its further lines stand under its first."""
    if not sys.stdout.isatty():
        return _write(f"{marker} {clean(text)}")
    from rich.table import Table
    from rich.text import Text

    grid = Table.grid(padding=(0, 1))
    grid.add_row(Text(marker, style), Text(clean(text)))
    _console().print(grid)


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Write rows of cells: columns on a terminal; in a pipe tabs between them, and no header."""
    cleaned = [[one_line(cell) for cell in row] for row in rows]
    if not sys.stdout.isatty():
        for row in cleaned:
            _write("\t".join(row))
        return
    from rich.table import Table
    from rich.text import Text

    grid = Table(*header, box=None, padding=(0, 2, 0, 0), header_style="bold")
    for column in grid.columns:
        column.overflow = "fold"
    for row in cleaned:
        grid.add_row(*map(Text, row))
    _console().print(grid)


def say_json(record: Any, indent: int | None = 2) -> None:
    """Write JSON in UTF-8 and nothing else; control characters are escaped, so they are kept and do no harm."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")
    text = CONTROL.sub(_escaped, json.dumps(record, ensure_ascii=False, indent=indent))
    _write(SURROGATE.sub(_escaped, text))


def _escaped(match: re.Match[str]) -> str:
    return f"\\u{ord(match.group()):04x}"


def complain(text: str) -> None:
    """Write one line to stderr, behind the program's name."""
    print(f"pincite: {one_line(text)}", file=sys.stderr, flush=True)


def _write(text: str) -> None:
    try:
        print(text)
    except BrokenPipeError:
        _discard(sys.stdout)


def prepare() -> None:
    """Let characters that the locale cannot show be written as escapes; a "?" would look like the document's own."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def finish() -> None:
    """Write out what waits; a reader that has gone away (| head) is no error."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except BrokenPipeError:
            _discard(stream)


def _discard(stream: TextIO) -> None:
    """Send the rest of a stream nowhere, so that the exit code is still about the answer."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


@contextmanager
def progress_bar() -> Iterator[Callable[[int, int, str], None] | None]:
    """Show count, rate and time left on stderr while the block runs; yields None where stderr is no terminal.

    What it yields is called as (done, total, name).
    """
    if not sys.stderr.isatty():
        yield None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    fields = [TextColumn("{task.fields[%s]}" % name, markup=False) for name in ("rate", "name")]  # noqa: UP031
    columns = (BarColumn(), MofNCompleteColumn(), fields[0], TimeRemainingColumn(), fields[1])
    with Progress(*columns, console=_console(stderr=True), transient=True) as bar:
        task, began = bar.add_task("", total=None, rate="", name=""), time.monotonic()

        def update(done: int, total: int, name: str) -> None:
            rate = f"{done / max(time.monotonic() - began, 1e-3):.1f}/s"
            bar.update(task, completed=done, total=total, rate=rate, name=Path(one_line(name)).name)

        yield update


# --- answers


def show_answer(answer: "Answer", document: Callable[[str], "Document | None"], least: float | None = None) -> None:
    """Write the quotes with their sources, or the nearest passages, and how sure that is.

    document: by doc_id; least: the confidence that was asked for.
    """
    for part in answer.parts:
        say(one_line(part.question), "bold")
        say()
        _show(part, document, least)
        say()
    if not answer.parts:
        _show(answer, document, least)
    if answer.coverage.failed:
        say()
        say(str(answer.coverage), "yellow")


def _show(answer: "Answer", document: Callable[[str], "Document | None"], least: float | None) -> None:
    """Write the answer to one question."""
    for citation in answer.citations:
        entry(f"[{citation.marker}]", citation.quote)
        say(source(document(citation.doc_id), citation.locator), "dim", indent=4)
        if citation.attribution:
            say(one_line(citation.attribution), "dim", indent=4)
        say()
    say(verdict(answer, least), _STYLES[outcome(answer)])
    for hit in () if answer.found else answer.passages[:NEAREST]:
        start, end = (offset - hit.passage.start for offset in hit.best_sentence)
        say()
        entry("-", hit.passage.text[start:end])
        say(source(document(hit.passage.doc_id), hit.passage.locator), "dim", indent=2)


def source(document: "Document | None", locator: str) -> str:
    """Return title, metadata, locator and path of a place in a document, as far as there are any."""
    if document is None:
        return locator
    return joined(document.title or document.doc_id, *published(document.metadata), locator, document.source)
