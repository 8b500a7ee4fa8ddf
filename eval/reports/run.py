"""A whole run: measured, shown, written as JSON and as a page; two runs compared; a run as a table for a README."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from eval.data import cases, published
from eval.data.datasets import Dataset
from eval.quality import results
from eval.quality.asking import Progress, built, opened
from eval.reports import tables
from eval.terminal import REPORTS, ReportFolder, console, errors, plain

Run = Annotated[Path, typer.Argument(help="A run.json.")]


def run(
    data: Path | None, only: Sequence[str], level: str, library: Path | None, case_file: Path | None, limit: int,
    ablations: bool, out: Path, brief: Path | None,
) -> None:  # fmt: skip
    """Measure, show, and write run.json and report.html; brief: where the run is written without its questions."""
    with errors():
        wanted = published.chosen(data, only, level, limit) if data else []
        with tables.bar(console) as shown:
            names = [] if data or library or case_file else only
            found = measured(wanted, library, case_file, limit, ablations, _progress(shown), names)
            report = results.run(found, lambda result: tables.show_set(console, result))
        tables.show_report(console, report)
        _write(report, out)
        if brief:
            results.save(results.summary(report), brief)


def measured(
    sets: Sequence[Dataset], folder: Path | None = None, case_file: Path | None = None, limit: int = 0,
    deep: bool = False, progress: Progress = lambda *_: None, shipped: Sequence[str] = (),
) -> Iterator[results.SetResult]:  # fmt: skip
    """Measure the data sets; without any, a library with its cases, or what ships: the seeds, or what is named."""
    for dataset in sets:
        yield results.measure(dataset, deep, progress)
    if sets:
        return
    if folder and not case_file:
        raise ValueError(f"--library needs --cases; propose some with: pincite eval draft --library {folder}")
    unknown = set(shipped) - set(cases.SHIPPED)
    if unknown:
        raise ValueError(f"{', '.join(sorted(unknown))} does not ship; {', '.join(cases.SHIPPED)} do")
    for documents, path in [cases.SHIPPED[name] for name in shipped or ["seeds"]]:
        with opened(folder, create=False) if folder else built(documents) as (library, facts):
            dataset = cases.of_library(library, case_file or path)
            yield results.measure_library(library, facts, dataset.first(limit), deep, progress)


def _progress(shown: Any) -> Progress:
    """Return a callback that keeps one line for each data set."""
    tasks: dict[str, Any] = {}

    def progress(name: str, done: int, total: int) -> None:
        task = tasks.setdefault(name, None)
        if task is None:
            task = tasks[name] = shown.add_task(plain(name), total=total)
        shown.update(task, completed=done, visible=done < total)

    return progress


def _write(report: results.Report, out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    results.save(report, out / "run.json")
    from eval.reports.page import report_page  # matplotlib takes a second

    (out / "report.html").write_text(report_page(report), "utf-8")
    console.print(f"{out / 'run.json'}\n{out / 'report.html'}")


def compare(before: Run, after: Run, out: ReportFolder = REPORTS) -> None:
    """Compare two runs, question by question, and write compare.html."""
    with errors():
        from eval.reports.compare import compare
        from eval.reports.page import comparison_page

        comparisons = compare(results.load(before), results.load(after))
        for comparison in comparisons:
            tables.show_comparison(console, comparison)
        out.mkdir(parents=True, exist_ok=True)
        (out / "compare.html").write_text(comparison_page(comparisons), "utf-8")
        console.print(f"\n{out / 'compare.html'}")


def table(run: Annotated[Path, typer.Argument(help="A run.json, a summary, or what benchmark wrote.")]) -> None:
    """Write a run, or what the command benchmark wrote, as a Markdown table."""
    with errors():
        found = json.loads(run.read_text("utf-8"))
        if "rounds" in found:
            from eval.performance import benchmark

            typer.echo(benchmark.markdown(found))
        else:
            typer.echo(tables.markdown(results.load(run)))
