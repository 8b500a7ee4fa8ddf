"""A run, or a comparison of two, as one HTML page that needs nothing else.

Everything from documents is escaped by Jinja2; the page's policy forbids scripts and requests.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from eval.quality.metrics import HEADLINE
from eval.quality.rankings import OURS
from eval.quality.results import Report, SetResult, worst
from eval.reports.compare import Comparison, shown
from eval.reports.plots import plots
from eval.reports.tables import change, number, p_value

_TEMPLATES = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"), autoescape=True, trim_blocks=True,
    lstrip_blocks=True, undefined=jinja2.StrictUndefined,
)  # fmt: skip
_MEANINGS = {
    HEADLINE: "the right passages first",
    "right quote": "of the answerable questions are shown a quote that holds the answer",
    "citation validity": "of the quotes equal their source, word for word",
    "not found recall": "of the questions without an answer are told so",
    "median ms": "from question to quotes, median",
}


def report_page(report: Report) -> str:
    """Return the page of a run."""
    sets = [
        {
            "result": result,
            "tiles": _tiles(result),
            "plots": [(title, text, Markup(svg)) for title, text, svg in plots(result)],
            "worst": [question | {"shown": shown(question)} for question in worst(result)],
        }
        for result in report.sets
    ]
    return _render("report.html", report=report, sets=sets, ours=OURS)


def comparison_page(comparisons: Sequence[Comparison]) -> str:
    """Return the page of a comparison: figures, and the questions that changed with their quotes side by side."""
    return _render("compare.html", comparisons=comparisons)


def _render(template: str, **values: Any) -> str:
    formats = {"number": number, "percent": _percent, "p_value": p_value, "change": change}
    return _TEMPLATES.get_template(template).render(formats | values)


def _tiles(result: SetResult) -> list[Mapping[str, str]]:
    """Return the few figures to read first."""
    values = {name: value for group in result.figures.values() for name, value in group.items()}
    headline = result.ablations.get(OURS, {}).get(HEADLINE)
    values |= {HEADLINE: headline["value"]} if headline else {}
    return [
        {"value": _short(name, value), "name": name, "meaning": meaning}
        for name, meaning in _MEANINGS.items()
        if (value := values.get(name)) is not None
    ]


def _short(name: str, value: float) -> str:
    if name == HEADLINE:
        return f"{value:.3f}"
    return f"{value:.0f} ms" if name.endswith("ms") else _percent(value)


def _percent(value: float | None) -> str:
    """Write a share; 100 % only where it is all, 0 % only where it is none."""
    if value is None:
        return "–"
    whole = f"{value:.0%}"
    return f"{value:.1%}" if whole in ("0%", "100%") and value not in (0, 1) else whole
