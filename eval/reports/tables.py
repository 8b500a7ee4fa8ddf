"""A run and a comparison as tables on the terminal.

Questions and quotes come from documents: they are printed without markup, and without control characters.
"""

from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.progress import Progress as Bar
from rich.table import Table
from rich.text import Text

from eval.quality.rankings import OURS
from eval.quality.results import Report, SetResult, worst
from eval.reports.compare import Comparison, Row, shown
from eval.reports.record import Line
from eval.terminal import plain

_COUNTS = ("documents", "passages", "questions", "answerable", "failed questions")
_AMOUNTS = ("sentences per answer", "index seconds", "memory MiB", "median ms", "95th percentile ms")
_COLUMNS = ("nDCG@10", "MRR@10", "recall@1", "recall@5", "recall@20", "MAP")
SHOWN_WORST = 5


def number(name: str, value: float | None) -> str:
    """Write a figure as it is read: counts whole, amounts with one decimal, shares with four."""
    if value is None:
        return "–"
    return f"{value:,.0f}" if name in _COUNTS else f"{value:,.1f}" if name in _AMOUNTS else f"{value:.4f}"


def change(row: Row) -> str:
    """Write the difference of a figure between two runs; nothing where one of them has none."""
    if row.before is None or row.after is None:
        return ""
    difference = row.after - row.before
    return f"{'+' if difference >= 0 else '−'}{number(row.name, abs(difference))}"


def p_value(p: float) -> str:
    """Write a p; the permutation test cannot tell smaller ones apart."""
    return "≤ .001" if p < 0.0015 else f"{p:.3f}"


def show_set(console: Console, result: SetResult) -> None:
    """Print what one data set gave."""
    console.print(Text(f"\n{plain(result.name)}", "bold"), Text(_size(result), "dim"))
    for note in result.notes:
        console.print(Text(plain(note), "red"))
    if result.ablations:
        console.print(_ablations(result))
    if result.against:
        console.print(_against(result))
    for group in ("answers", "not found", "answerable only", "speed"):
        known = {name: value for name, value in result.figures.get(group, {}).items() if value is not None}
        if known:
            console.print(_figures(group, known))
    if len(result.kinds) > 1:
        console.print(_kinds(result))
    _show_worst(console, result)


def _size(result: SetResult) -> str:
    size = result.figures["size"]
    return "  ".join(f"{number(name, value)} {name}" for name, value in size.items()) + f"; ranked: {result.unit}s"


def _ablations(result: SetResult) -> Table:
    table = Table("ranking", *_COLUMNS, box=None, header_style="bold")
    for name, measures in result.ablations.items():
        row = (f"{measures[measure]['value']:.4f}" for measure in _COLUMNS)
        table.add_row(name, *row, style="bold" if name == OURS else "")
    return table


def _against(result: SetResult) -> Table:
    table = Table(f"{OURS} against", "nDCG@10", "95 %", "p", "better", "worse", box=None, header_style="bold")
    for name, d in result.against.items():
        test = f"{d['low']:+.4f} to {d['high']:+.4f}", p_value(d["p"])
        table.add_row(name, f"{d['value']:+.4f}", *test, f"{d['better']:.0f}", f"{d['worse']:.0f}")
    return table


def _figures(title: str, values: Mapping[str, float]) -> Table:
    table = Table(title, "", box=None, header_style="bold")
    for name, value in values.items():
        table.add_row(name, number(name, value))
    return table


def _kinds(result: SetResult) -> Table:
    table = Table("kind of question", "questions", "right", box=None, header_style="bold")
    for kind, values in result.kinds.items():
        right = values["right"]
        table.add_row(plain(kind), number("questions", values["questions"]), "–" if right is None else f"{right:.0%}")
    return table


def _show_worst(console: Console, result: SetResult) -> None:
    questions = worst(result, SHOWN_WORST)
    if not questions:
        return
    table = Table("worst questions", "expected", "got", box=None, header_style="bold")
    for question in questions:
        nothing = "a relevant document" if question["answerable"] else "not found"
        expected = plain(question["gold"][0], 60) if question["gold"] else nothing
        table.add_row(*map(Text, (plain(question["question"], 60), expected, plain(shown(question), 60))))
    console.print(table)


def show_report(console: Console, report: Report) -> None:
    """Print what stands below the sets."""
    cores, memory = report.machine["cores"], report.machine["memory"]
    console.print(Text(f"\n{report.seconds:.0f} s on {report.machine['processor']}, {cores} cores, {memory}", "dim"))


def show_check(console: Console, lines: Mapping[str, Sequence[Line]]) -> None:
    """Print the gated figures of every data set against their record."""
    for name, own in lines.items():
        table = Table(plain(name), "recorded", "at least", "now", "", box=None, header_style="bold")
        for line in own:
            verdict = Text("holds", "green") if line.holds else Text("FELL", "bold red")
            row = (number(line.name, value) for value in (line.recorded, line.least, line.now))
            table.add_row(line.name, *row, verdict)
        console.print(table)


_BRIEF = {
    "answers": ("right quote", "citation validity"),
    "not found": ("answered when answerable", "not found recall", "AUROC"),
    "speed": ("median ms",),
}


def markdown(report: Report) -> str:
    """Return a table of a run for a README, with the command that made it.

    Passage vectors and BM25 are those of the bare texts, as on leaderboards, where documents have titles.
    """
    rankings = ("passage vectors", "BM25", "rank fusion", OURS)
    columns = ["data set", "questions", *(f"nDCG@10: {name}" for name in rankings)]
    columns += [name for names in _BRIEF.values() for name in names]
    rows = [columns, ["---"] * len(columns)]
    for result in report.sets:
        ablations = [result.ablations.get(f"{name}, no titles", result.ablations.get(name)) for name in rankings]
        ranked = (f"{found['nDCG@10']['value']:.4f}" if found else "–" for found in ablations)
        brief = (number(name, result.figures[group].get(name)) for group, names in _BRIEF.items() for name in names)
        questions = number("questions", result.figures["size"]["questions"])
        rows.append([plain(result.name), questions, *ranked, *brief])
    table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    made = f"{report.made}, commit {report.commit}, {report.machine['processor']}, {report.machine['cores']} cores"
    return f"{table}\n\n`{report.command}` ({made})"


def show_comparison(console: Console, comparison: Comparison) -> None:
    """Print how two runs differ."""
    console.print(Text(f"\n{plain(comparison.name)}: {plain(comparison.before)} → {plain(comparison.after)}", "bold"))
    table = Table("figure", "before", "after", "difference", "95 %", "p", box=None, header_style="bold")
    for row in comparison.rows:
        test = [f"{row.test.low:+.4f} to {row.test.high:+.4f}", p_value(row.test.p)] if row.test else []
        table.add_row(row.name, number(row.name, row.before), number(row.name, row.after), change(row), *test)
    console.print(table)
    for title, changes in (("better", comparison.better), ("worse", comparison.worse)):
        if changes:
            table = Table(f"{title}: {len(changes)}", "before", "after", box=None, header_style="bold")
            for item in changes[:20]:
                table.add_row(*(Text(plain(text, 60)) for text in (item.question, item.before, item.after)))
            console.print(table)


def bar(console: Console) -> Bar:
    """Return a progress bar that is gone when it is done."""
    return Bar(console=console, transient=True)
