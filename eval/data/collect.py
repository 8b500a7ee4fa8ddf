"""Commands that collect cases: questions proposed from documents, and what people thought of the page's answers."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from eval.data import cases
from eval.data.datasets import read_jsonl
from eval.data.draft import proposed
from eval.terminal import CasesToAddTo, LibraryFolder, console, errors, library_at, plain

CASES = Path("cases.jsonl")


def draft(
    into: CasesToAddTo = CASES,
    library: LibraryFolder = None,
    count: Annotated[int, typer.Option(min=1, help="How many questions to propose.")] = 20,
    review: Annotated[bool, typer.Option(help="Ask for each whether to keep it, else all wait as drafts.")] = False,
) -> None:
    """Propose questions from your documents, for you to keep or drop."""
    with errors(), library_at(library) as opened:
        found = proposed(opened, count)
        added = cases.write_cases(into, list(_reviewed(found)) if review else found)
    hint = "" if review else '; to keep one, delete its "draft": true, to drop one, its line'
    console.print(f"{added} questions added to {into}{hint}")


def _reviewed(found: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Show each question with its quote; yield those that are kept, as they were edited."""
    for number, case in enumerate(found, start=1):
        console.print(f"\n{number}/{len(found)}  {plain(case['question'])}", style="bold")
        console.print(plain(case["quotes"][0]), style="dim")
        said = typer.prompt("keep, drop, quit, or another wording", default="keep").strip()
        if said in ("quit", "q"):
            return
        if said not in ("drop", "d"):
            kept = {name: value for name, value in case.items() if name != "draft"}
            yield kept if said in ("keep", "k") else kept | {"question": said}


def thumbs(
    into: CasesToAddTo = CASES,
    library: LibraryFolder = None,
    exported: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A file of them, instead of the library's own.")
    ] = None,
) -> None:
    """Add what people thought of the web page's answers to a file of cases."""
    with errors(), library_at(library) as opened:
        given = list(read_jsonl(exported)) if exported else opened.feedback()
        found = cases.from_thumbs(given, cases.texts(opened))
        added = cases.write_cases(into, found)
    drafts = sum(bool(case.get("draft")) for case in found)
    console.print(f"{added} added to {into}; {drafts} of {len(found)} are drafts that you have to complete")
