"""The commands that keep a library in step with a folder, and safe: sync, backup, restore."""

import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from ui import words
from ui.cli import terminal
from ui.cli.session import AsJson, LibraryFolder, complaining, filled, interruptible, opened, own

if TYPE_CHECKING:
    from retrieval import Library
    from retrieval.ingest import SyncReport

_STYLES = {"failed": "red", "incomplete": "yellow"}


def sync(
    folder: Annotated[str, typer.Argument(metavar="FOLDER", callback=filled, help="The folder to follow.")],
    library: LibraryFolder = None,
    ignore: Annotated[
        list[str] | None,
        typer.Option(metavar="PATTERN", help="Leave these out; also those in FOLDER/.pinciteignore, as in .gitignore."),
    ] = None,
    sure: Annotated[bool, typer.Option("--yes", help="Remove files even if most of them are gone.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")] = False,
    watch: Annotated[bool, typer.Option("--watch", help="Go on as files change; Ctrl-C ends it.")] = False,
    as_json: AsJson = False,
) -> None:
    """Make a library match a folder: files that are new, changed, moved or gone are added, replaced, moved, removed.

    Only files below FOLDER are touched. Those that could not be read are tried again when they change; "add" tries
    them all.
    """
    if watch and dry_run:
        raise typer.BadParameter("a dry run has nothing to watch", param_hint="'--watch'")
    named = own(library, "sync", "pincite sync --library ~/articles.pincite ~/articles")
    show = partial(_show, as_json=as_json, whole=dry_run, indent=None if watch else 2)
    with opened(named, create=not dry_run) as held:
        run = partial(held.sync, folder, ignore=ignore or (), sure=sure, dry_run=dry_run)
        if watch:
            _follow(held, folder, run, show)
            return
        with interruptible(), terminal.progress_bar() as progress:
            report = run(progress=progress)
    show(report)
    raise typer.Exit(1 if report.failed else 0)


def _follow(
    library: "Library", folder: str, run: Callable[..., "SyncReport"], show: Callable[["SyncReport"], None]
) -> None:
    """Sync as a folder changes until interrupted, and say what is new."""
    from retrieval.files import absolute
    from retrieval.ingest import SyncReport, watch

    def sync() -> SyncReport:
        with terminal.progress_bar() as progress:
            return run(progress=progress)

    with suppress(KeyboardInterrupt):
        for news in watch(sync, absolute(folder), library.path):
            if isinstance(news, SyncReport):
                show(news)
                terminal.finish()  # a pipe's reader waits for each
            else:
                terminal.complain(str(news))


def _show(report: "SyncReport", as_json: bool, whole: bool, indent: int | None) -> None:
    """Write the counts, what was moved or removed, and why files failed; whole: what was added or replaced, too."""
    lists = {name: getattr(report, name) for name in ("added", "replaced", "moved", "removed", "failed", "incomplete")}
    if as_json:
        failures = {name: {each.source: each.reason for each in lists[name]} for name in ("failed", "incomplete")}
        return terminal.say_json(lists | {"unchanged": report.unchanged} | failures, indent)
    terminal.say(f"{time.strftime('%H:%M:%S')} {report}", "bold")
    for name, entries in lists.items():
        for each in entries if whole or name not in ("added", "replaced") else ():
            shown = " -> ".join(each) if isinstance(each, tuple) else str(each)
            terminal.say(f"{name}: {words.one_line(shown)}", _STYLES.get(name, ""))
    if report.hint:
        terminal.say(report.hint, "yellow")


def backup(
    target: Annotated[str, typer.Argument(metavar="TARGET", callback=filled, help="A new folder.")],
    library: LibraryFolder = None,
) -> None:
    """Copy a library into a new folder, which is a library too. It may be in use meanwhile."""
    named = own(library, "back up", "pincite backup --library ~/articles.pincite /backup/articles.pincite")
    with opened(named) as held:
        with interruptible():
            held.backup(target)
        facts = held.info()
    terminal.say(f"{facts['documents']:,} documents copied to {words.one_line(target)}")


def restore(
    backup: Annotated[str, typer.Argument(metavar="BACKUP", callback=filled, help="What the command backup made.")],
    library: LibraryFolder = None,
    sure: Annotated[bool, typer.Option("--yes", help="Replace a library that is there.")] = False,
) -> None:
    """Put the documents of a backup in the place of those of a library, which is made if it is not there."""
    named = own(library, "restore", "pincite restore --library ~/articles.pincite /backup/articles.pincite")
    from retrieval import Library
    from retrieval.files import absolute

    if (absolute(named) / "library.db").exists() and not sure:
        if not terminal.can_ask():
            raise typer.BadParameter("is there; say --yes to replace what it holds", param_hint="'--library'")
        typer.confirm(f"Replace all that {words.one_line(named)} holds?", abort=True, err=True)
    with complaining():
        Library.restore(backup, named)
    with opened(named) as held:
        terminal.say(f"{held.info()['documents']:,} documents restored to {words.one_line(held.name)}")
