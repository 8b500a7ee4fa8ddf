"""The gate: today's figures against those that were recorded, which must not fall."""

from collections.abc import Iterator
from pathlib import Path

import typer

from eval.data import published
from eval.quality import results
from eval.reports import record as records
from eval.reports import tables
from eval.reports.run import measured
from eval.terminal import GateData, console, errors


def check(data: GateData = None) -> None:
    """Fail (exit code 1) where a figure is lower than recorded: on the seeds, and on xquad-r-en if it is in --data."""
    with errors():
        known = records.read()
        lines = {result.name: records.check(result, known) for result in _gated(data) if result.name in known}
    tables.show_check(console, lines)
    raise typer.Exit(0 if all(line.holds for own in lines.values() for line in own) else 1)


def record(data: GateData = None) -> None:
    """Record today's figures as those that must not fall. Commit the file that this writes."""
    with errors():
        found = list(_gated(data))
        records.update(found)
    tables.show_check(console, {result.name: records.check(result, records.read()) for result in found})
    console.print(f"{records.RECORD}")


def _gated(data: Path | None) -> Iterator[results.SetResult]:
    """Measure the data sets that have a record to keep."""
    yield from measured([])
    found = published.find_datasets(data) if data else []
    yield from (results.measure(dataset, False) for dataset in found if dataset.name in records.GATED_SETS)
