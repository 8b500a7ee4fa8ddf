"""The command line of the eval suite: `python -m eval`, which `pincite eval` starts. Only wires; computes nothing."""

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from eval import cases, formats, results, tables
from eval.asking import Progress, built, opened
from eval.datasets import Dataset
from retrieval import Library, PinciteError
from retrieval.settings import seeds_folder

app = typer.Typer(
    add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)  # fmt: skip
console = Console(highlight=False, markup=False, emoji=False, width=None if sys.stdout.isatty() else 160)

LibraryFolder = Annotated[Path | None, typer.Option("--library", metavar="DIR", help="A library of your own.")]
CaseFile = Annotated[Path | None, typer.Option("--cases", metavar="FILE", help="Cases for it, or for the seeds.")]
Data = Annotated[
    Path | None, typer.Option("--data", metavar="DIR", help="BEIR folder, SQuAD or MTRAG JSON, or a folder of those.")
]
Only = Annotated[list[str] | None, typer.Option("--only", metavar="NAME", help="Only these data sets of --data.")]


@contextmanager
def _errors() -> Iterator[None]:
    """End with exit code 3 and a line where something cannot be read."""
    try:
        yield
    except (PinciteError, OSError, ValueError) as error:
        Console(stderr=True, highlight=False, markup=False).print(tables.plain(str(error)))
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
    found = (library.document(document.doc_id) for document in library.documents())
    return cases.dataset(path.stem, cases.read_cases(path), [document for document in found if document])


def _write(report: results.Report, out: Path) -> None:
    from eval.page import report_page

    out.mkdir(parents=True, exist_ok=True)
    results.save(report, out / "run.json")
    (out / "report.html").write_text(report_page(report), "utf-8")
    console.print(f"{out / 'run.json'}\n{out / 'report.html'}")


def _compare(before: Path, after: Path, out: Path) -> None:
    from eval.compare import compare
    from eval.page import comparison_page

    comparisons = compare(results.load(before), results.load(after))
    for comparison in comparisons:
        tables.show_comparison(console, comparison)
    out.mkdir(parents=True, exist_ok=True)
    (out / "compare.html").write_text(comparison_page(comparisons), "utf-8")
    console.print(f"\n{out / 'compare.html'}")


def main() -> None:
    """Run the command line."""
    app(prog_name=os.environ.get("PINCITE_PROGRAM", "python -m eval"))


if __name__ == "__main__":
    main()
