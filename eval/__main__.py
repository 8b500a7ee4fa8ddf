"""The command line of the eval suite: `python -m eval`, which `pincite eval` starts. Only wires; computes nothing."""

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from eval.data import cases
from eval.data import published as formats
from eval.data.datasets import Dataset, read_jsonl
from eval.quality import same
from eval.quality.asking import Progress, built, opened
from eval.reports import record, results, tables
from retrieval import Document, Library, PinciteError
from retrieval.library import default_library
from retrieval.settings import seeds_folder

app = typer.Typer(
    add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)  # fmt: skip
console = Console(highlight=False, markup=False, emoji=False, width=None if sys.stdout.isatty() else 160)

LibraryFolder = Annotated[Path | None, typer.Option("--library", metavar="DIR", help="A library of your own.")]
CaseFile = Annotated[Path | None, typer.Option("--cases", metavar="FILE", help="Cases for it, or for the seeds.")]
_DATA_HELP = "BEIR folder, SQuAD or MTRAG JSON, or a folder of those."
Data = Annotated[Path | None, typer.Option("--data", metavar="DIR", help=_DATA_HELP)]
GateData = Annotated[Path | None, typer.Option("--data", metavar="DIR", envvar="PINCITE_BENCHMARKS", help=_DATA_HELP)]
Only = Annotated[list[str] | None, typer.Option("--only", metavar="NAME", help="Only these data sets of --data.")]


@contextmanager
def _errors() -> Iterator[None]:
    """End with exit code 3 and a line where something cannot be read."""
    try:
        yield
    except (PinciteError, OSError, ValueError) as error:
        Console(stderr=True, highlight=False, markup=False).print(tables.plain(str(error)), soft_wrap=True)
        raise typer.Exit(3) from error


@app.callback(invoke_without_command=True)
def _eval(
    context: typer.Context,
    data: Data = None,
    only: Only = None,
    level: Annotated[str, typer.Option(help=f"What a SQuAD document is: {', '.join(formats.LEVELS)}.")] = "paragraph",
    library: LibraryFolder = None,
    case_file: CaseFile = None,
    limit: Annotated[int, typer.Option(min=0, help="Ask only the first N questions of each set; 0: all.")] = 0,
    ablations: Annotated[bool, typer.Option(help="Also rank by each signal alone.")] = True,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder for run.json and report.html.")] = Path(
        "eval-report"
    ),
    brief: Annotated[
        Path | None, typer.Option("--summary", metavar="FILE", help="Also write the run without its questions.")
    ] = None,
    compare: Annotated[
        tuple[Path, Path] | None, typer.Option(metavar="RUN1 RUN2", help="Compare two run.json; measures nothing.")
    ] = None,
) -> None:
    """Measure what users get: on the seeds, on --data, or on --library with --cases."""
    if context.invoked_subcommand:
        return
    with _errors():
        if compare:
            return _compare(*compare, out)
        wanted = _sets(data, only or [], level, limit) if data else []
        with tables.bar(console) as shown:
            progress = _progress(shown)
            measured = _measured(wanted, library, case_file, limit, ablations, progress)
            report = results.run(measured, lambda result: tables.show_set(console, result))
        tables.show_report(console, report)
        _write(report, out)
        if brief:
            results.save(results.summary(report), brief)


@app.command()
def table(run: Annotated[Path, typer.Argument(metavar="RUN", help="A run.json or a summary.")]) -> None:
    """Write a run, or what python -m eval.performance.benchmark wrote, as a Markdown table."""
    with _errors():
        found = json.loads(run.read_text("utf-8"))
        if "rounds" in found:
            from eval.performance import benchmark

            typer.echo(benchmark.markdown(found))
        else:
            typer.echo(tables.markdown(results.load(run)))


def _progress(shown: Any) -> Progress:
    """Return a callback that keeps one line for each data set."""
    tasks: dict[str, Any] = {}

    def progress(name: str, done: int, total: int) -> None:
        task = tasks.setdefault(name, None)
        if task is None:
            task = tasks[name] = shown.add_task(tables.plain(name), total=total)
        shown.update(task, completed=done, visible=done < total)

    return progress


def _sets(data: Path, only: Sequence[str], level: str, limit: int) -> list[Dataset]:
    """Read the data sets that are wanted; ValueError names one that is not there."""
    found = formats.find_datasets(data, level)
    unknown = set(only) - {dataset.name for dataset in found}
    if unknown:
        raise ValueError(f"{data} has no {', '.join(sorted(unknown))}; it has {', '.join(d.name for d in found)}")
    return [_first(dataset, limit) for dataset in found if not only or dataset.name in only]


def _first(dataset: Dataset, limit: int) -> Dataset:
    return replace(dataset, queries=dataset.queries[:limit]) if limit else dataset


def _measured(
    sets: Sequence[Dataset], folder: Path | None, case_file: Path | None, limit: int, deep: bool, progress: Progress
) -> Iterator[results.SetResult]:
    """Measure the data sets; without any, a library with its cases, or the seeds."""
    for dataset in sets:
        yield results.measure(dataset, deep, progress)
    if sets:
        return
    if folder and not case_file:
        raise ValueError(f"--library needs --cases; propose some with: pincite eval draft --library {folder}")
    with opened(folder, create=False) if folder else built(seeds_folder()) as (library, facts):
        dataset = case_set(library, case_file or cases.SEEDS)
        yield results.measure_library(library, facts, _first(dataset, limit), deep, progress)


def case_set(library: Library, path: Path) -> Dataset:
    """Read cases for a library; ValueError where a gold quote is in none of its documents."""
    return cases.dataset(path.stem, cases.read_cases(path), _documents(library))


def _documents(library: Library) -> list[Document]:
    """Return all documents with their texts."""
    found = (library.document(document.doc_id) for document in library.documents())
    return [document for document in found if document]


def _write(report: results.Report, out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    results.save(report, out / "run.json")
    from eval.reports.page import report_page  # matplotlib takes a second

    (out / "report.html").write_text(report_page(report), "utf-8")
    console.print(f"{out / 'run.json'}\n{out / 'report.html'}")


def _compare(before: Path, after: Path, out: Path) -> None:
    from eval.reports.compare import compare
    from eval.reports.page import comparison_page

    comparisons = compare(results.load(before), results.load(after))
    for comparison in comparisons:
        tables.show_comparison(console, comparison)
    out.mkdir(parents=True, exist_ok=True)
    (out / "compare.html").write_text(comparison_page(comparisons), "utf-8")
    console.print(f"\n{out / 'compare.html'}")


@app.command()
def check(data: GateData = None) -> None:
    """Fail (exit code 1) where a figure is lower than recorded: on the seeds, and on xquad-r-en if it is in --data."""
    with _errors():
        known = record.read()
        lines = {result.name: record.check(result, known) for result in _gated(data) if result.name in known}
    tables.show_check(console, lines)
    raise typer.Exit(0 if all(line.holds for own in lines.values() for line in own) else 1)


@app.command("record")
def record_(data: GateData = None) -> None:
    """Record today's figures as those that must not fall. Commit the file that this writes."""
    with _errors():
        measured = list(_gated(data))
        record.update(measured)
    tables.show_check(console, {result.name: record.check(result, record.read()) for result in measured})
    console.print(f"{record.RECORD}")


@app.command("same")
def same_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Answers recorded before; written where it is absent.")],
    data: GateData = None,
    only: Only = None,
    each: Annotated[int, typer.Option(min=0, help="Ask at most N questions of each set; 0: all.")] = same.EACH,
    renew: Annotated[bool, typer.Option("--renew", help="Write the file anew.")] = False,
) -> None:
    """Fail (exit code 1) where an answer is not the one recorded: on the seeds, and on the sets of --data."""
    found: list[same.Record] = []
    with _errors():
        if not only or "seeds" in only:
            with built(seeds_folder()) as (library, _):
                found += same.records(library, case_set(library, cases.SEEDS), 0)
        wanted = [name for name in only or [] if name != "seeds"]
        for dataset in _sets(data, wanted, "paragraph", 0) if data and (wanted or not only) else []:
            with built(dataset.documents) as (library, _):
                found += same.records(library, dataset, each)
        if renew or not file.exists():
            same.write(file, found)
            console.print(f"{len(found):,} answers written to {file}")
            return
        lines = same.differences(same.read(file), found)
    for line in lines:
        console.print(tables.plain(line), soft_wrap=True)
    console.print(f"{len(found) - len(lines):,} of {len(found):,} answers are the same")
    raise typer.Exit(1 if lines else 0)


def _gated(data: Path | None) -> Iterator[results.SetResult]:
    """Measure the data sets that have a record to keep."""
    yield from _measured([], None, None, 0, False, lambda *_: None)
    found = formats.find_datasets(data) if data else []
    yield from (results.measure(dataset, False) for dataset in found if dataset.name in record.GATED_SETS)


@app.command("draft")
def draft_(
    into: Annotated[Path, typer.Option(metavar="FILE", help="File of cases to add to.")] = Path("cases.jsonl"),
    library: LibraryFolder = None,
    count: Annotated[int, typer.Option(min=1, help="How many questions to propose.")] = 20,
    review: Annotated[bool, typer.Option(help="Ask for each whether to keep it, else all wait as drafts.")] = False,
) -> None:
    """Propose questions from your documents, for you to keep or drop."""
    from eval.data.draft import draft

    with _errors(), _library(library) as opened_library:
        proposed = draft(opened_library, count)
        kept = list(_reviewed(proposed)) if review else proposed
        added = cases.write_cases(into, kept)
    hint = "" if review else '; to keep one, delete its "draft": true, to drop one, its line'
    console.print(f"{added} questions added to {into}{hint}")


def _reviewed(proposed: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Show each question with its quote; yield those that are kept, as they were edited."""
    for number, case in enumerate(proposed, start=1):
        console.print(f"\n{number}/{len(proposed)}  {tables.plain(case['question'])}", style="bold")
        console.print(tables.plain(case["quotes"][0]), style="dim")
        said = typer.prompt("keep, drop, quit, or another wording", default="keep").strip()
        if said in ("quit", "q"):
            return
        if said not in ("drop", "d"):
            kept = {name: value for name, value in case.items() if name != "draft"}
            yield kept if said in ("keep", "k") else kept | {"question": said}


@app.command()
def thumbs(
    into: Annotated[Path, typer.Option(metavar="FILE", help="File of cases to add to.")] = Path("cases.jsonl"),
    library: LibraryFolder = None,
    exported: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A file of them, instead of the library's own.")
    ] = None,
) -> None:
    """Add what people thought of the web page's answers to a file of cases."""
    with _errors(), _library(library) as opened_library:
        given = list(read_jsonl(exported)) if exported else opened_library.feedback()
        found = cases.from_thumbs(given, _documents(opened_library))
        added = cases.write_cases(into, found)
    drafts = sum(bool(case.get("draft")) for case in found)
    console.print(f"{added} added to {into}; {drafts} of {len(found)} are drafts that you have to complete")


@contextmanager
def _library(folder: Path | None) -> Iterator[Library]:
    """Open a library, or that of the shipped documents."""
    if folder is None:
        yield default_library()
        return
    with Library(folder, create=False) as library:
        yield library


def main() -> None:
    """Run the command line."""
    app(prog_name=results.program())


if __name__ == "__main__":
    main()
