"""The command line: ask, search, show, chat, add, sync, remove, prune, copy, list, verify, info, ui, user, token.

Imports `retrieval` (0.3 s) inside the commands only, so that --help and wrong usage answer at once.
"""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ui import words
from ui.cli import ask as cli_ask
from ui.cli import review as cli_review
from ui.cli import serve as cli_page
from ui.cli import sync as cli_sync
from ui.cli import terminal
from ui.cli.session import AsJson, LibraryFolder, filled, interruptible, opened, own

if TYPE_CHECKING:
    from retrieval import Library

_EXIT_CODES = """
\b
Exit codes:
  0    fine
  1    no answer in the documents (ask), something failed (add, sync),
       not there (remove, revoke), changed or missing (verify)
  2    wrong usage
  3    the library, the model or the question cannot be used
  130  interrupted
"""

app = typer.Typer(
    name="pincite", pretty_exceptions_enable=False, rich_markup_mode=None, no_args_is_help=True,
    epilog=_EXIT_CODES, context_settings={"help_option_names": ["-h", "--help"]},
)  # fmt: skip


def _show_version(wanted: bool) -> None:
    if not wanted:
        return
    from importlib import metadata

    try:
        version = metadata.version("pincite")
    except metadata.PackageNotFoundError:  # a checkout that is not installed
        import tomllib

        version = tomllib.loads(Path(__file__).parents[2].joinpath("pyproject.toml").read_text())["project"]["version"]
    terminal.say(f"pincite {version}")
    raise typer.Exit


@app.callback()
def _pincite(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Answer questions from your documents in their own words, each quote with its exact place. Offline.

    Without --library and PINCITE_LIBRARY, the documents that ship with pincite are used.
    """


app.command()(cli_ask.ask)
app.command()(cli_ask.search)
app.command()(cli_ask.show)
app.command()(cli_ask.chat)


# --- add, remove, list


@app.command()
def add(
    paths: Annotated[list[str], typer.Argument(metavar="PATH...", callback=filled, help="Files and folders.")],
    library: LibraryFolder = None,
    ray: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help="Encode on a Ray cluster that sees the files: HOST:PORT, auto or local."),
    ] = None,
) -> None:
    """Add files and folders to a library, which is made if it is not there.

    What was added before is left alone, and a changed file replaces its earlier version.
    """
    named = own(library, "add to", "pincite add --library ~/articles.pincite ~/articles")
    with opened(named, create=True) as held, interruptible(), terminal.progress_bar() as progress:
        report = held.add(paths, progress=progress, ray=ray)
    terminal.say(str(report), "bold")
    for failure in report.failed:
        terminal.say(f"failed: {words.one_line(str(failure))}", "red")
    for failure in report.incomplete:
        terminal.say(f"incomplete: {words.one_line(str(failure))}", "yellow")
    if report.hint:
        terminal.say(report.hint, "yellow")
    raise typer.Exit(1 if report.failed else 0)


@app.command()
def remove(
    names: Annotated[list[str], typer.Argument(metavar="NAME...", callback=filled, help="doc_ids, files, folders.")],
    library: LibraryFolder = None,
    sure: Annotated[bool, typer.Option("--yes", help="Do not ask before a folder's documents are removed.")] = False,
) -> None:
    """Remove documents and their earlier versions from a library; the files stay.

    On a terminal, asks before it removes all that is below a folder.
    """
    absent = []
    with opened(library) as held:
        for name in () if sure or not terminal.can_ask() else names:
            _ask_about(held, name)
        earlier = {version.document.doc_id: version.document for version in held.versions()}
        known = earlier | {document.doc_id: document for document in held.documents()}
        failed = held.failures()
        for name in dict.fromkeys(names):
            removed = held.remove(name)
            for each in removed:
                document = known.get(each)  # None for a file
                why = "which could not be read" if each in failed else "whose text another file holds too"
                details = (document.title, document.source) if document else (why,)
                terminal.say(f"removed {words.joined(each, *details)}")
            absent += [] if removed else [name]
        gone = len(earlier) - len({version.document.doc_id for version in held.versions()})
    if gone:
        terminal.say(f"{gone:,} earlier version{'s are' if gone > 1 else ' is'} gone from the library")
    for name in absent:
        terminal.complain(f"not in the library: {name}")
    raise typer.Exit(1 if absent else 0)


def _ask_about(library: "Library", name: str) -> None:
    """Go on only where somebody wants to remove all that is below a folder; exit code 1."""
    from retrieval.files import absolute

    below = f"{absolute(name)}{os.sep}"
    count = sum((document.source or "").startswith(below) for document in library.documents())
    if count:
        typer.confirm(f"Remove all {count:,} documents below {words.one_line(below)}?", abort=True, err=True)


@app.command()
def prune(
    library: LibraryFolder = None,
    keep_mb: Annotated[float, typer.Option(min=0, metavar="MB", help="Keep the newest, up to so much room.")] = 0,
) -> None:
    """Drop earlier versions of documents, which are kept for quotes of them; the documents stay."""
    with opened(own(library, "prune", "pincite prune --library ~/articles.pincite")) as held:
        count = held.prune(int(keep_mb * 2**20))
        left = len(held.versions())
    terminal.say(f"{count:,} earlier version{'s' if count != 1 else ''} dropped, {left:,} kept")


app.command()(cli_sync.sync)
app.command()(cli_sync.backup)
app.command()(cli_sync.restore)


@app.command()
def copy(
    source: Annotated[
        str, typer.Argument(metavar="SOURCE", callback=filled, help="A folder, or milvus://HOST:PORT/NAME.")
    ],
    target: Annotated[str, typer.Argument(metavar="TARGET", callback=filled, help="Where to; made if not there.")],
    model: Annotated[
        str | None, typer.Option(metavar="NAME", help="Encode anew with this model, as in PINCITE_MODEL.")
    ] = None,
) -> None:
    """Copy a library to another place, and compare the two at the end.

    Nothing is encoded again, unless with another model: then set PINCITE_MODEL to it when you ask the copy.
    The same command goes on where it was interrupted. What TARGET holds beyond SOURCE stays, and makes them differ.
    """
    with opened(source) as held, opened(target, create=True, model=model) as made, interruptible():
        with terminal.progress_bar() as progress:
            totals = held.copy_to(made, progress, encode=model is not None)
        name = made.name
    counts = f"{totals.documents:,} documents, {totals.passages:,} passages, {totals.files:,} files"
    terminal.say(f"{counts} are the same in {name} (SHA-256 of all spans: {totals.spans[:16]}…)")


@app.command("list")
def list_(library: LibraryFolder = None, as_json: AsJson = False) -> None:
    """List the documents: doc_id, title, publication, source."""
    with opened(library) as held:
        documents = held.documents()
    if as_json:
        fields = ("doc_id", "title", "source", "metadata", "sha256")
        return terminal.say_json([{name: getattr(document, name) for name in fields} for document in documents])
    rows = [(d.doc_id, d.title, ", ".join(words.published(d.metadata)), d.source or "") for d in documents]
    terminal.table(("doc_id", "title", "publication", "source"), rows)


# --- verify, info


@app.command()
def verify(
    answer: Annotated[
        str | None, typer.Argument(metavar="[ANSWER.json]", help="What ask --json wrote; - reads it from stdin.")
    ] = None,
    library: LibraryFolder = None,
) -> None:
    """Compare the quotes of a saved answer, or without one the whole library, with the files as they are now."""
    from ui.cli import verify as verifying

    saved = None if answer is None else verifying.saved_citations(answer)
    with opened(library) as held:
        valid = verifying.library(held) if saved is None else verifying.citations(held, saved)
    raise typer.Exit(0 if valid else 1)


@app.command()
def info(library: LibraryFolder = None, as_json: AsJson = False) -> None:
    """Show what the library holds, which files could not be read, and what holds the process that reads them."""
    with opened(library) as held:
        facts, coverage, failures = held.info(), held.coverage(), held.failures()
    from retrieval.parsers import shared

    facts["readers"] = ", ".join(shared.confinement()) or "cannot be started"
    if as_json:
        counts = {"known": coverage.known, "failed": coverage.failed, "searchable": coverage.searchable}
        return terminal.say_json(facts | {"coverage": counts, "failures": failures})
    for name, value in [*facts.items(), ("coverage", coverage)]:
        shown = f"{value:,}" if isinstance(value, int) else words.one_line(str(value or "not chosen yet"))
        terminal.say(f"{name:<12}{shown}")
    for path, reason in failures.items():
        terminal.say(f"failed: {words.one_line(path)}: {words.one_line(reason)}", "red")


# --- the page


@app.command()
def feedback(library: LibraryFolder = None) -> None:
    """Write what people thought of answers on the page, as eval cases, one JSON object a line."""
    with opened(library) as held:
        for case in held.feedback():
            terminal.say_json(case, indent=None)


app.command()(cli_review.review)
app.command()(cli_page.ui)
app.add_typer(cli_page.users, name="user")
app.add_typer(cli_page.tokens, name="token")


@app.command("eval", add_help_option=False, context_settings={"ignore_unknown_options": True, "allow_extra_args": True})
def eval_(context: typer.Context) -> None:
    """Measure how good the answers are, on the shipped documents, on public data sets or on your own."""
    import runpy  # the eval suite is a program of its own, with its own --help

    sys.argv = ["pincite eval", *context.args]
    runpy.run_module("eval", run_name="__main__")


def main() -> int:
    """Run the command line and return the exit code; --help lists them."""
    # NumPy's products for a question take 0.2 ms; split over busy cores they made an answer take 50 ms instead of 20.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    terminal.prepare()
    try:
        app(prog_name="pincite")
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else 1
    finally:
        terminal.finish()
    return 0
