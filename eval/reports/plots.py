"""Plots of one data set as SVG to put inside a page, by matplotlib.

Letters stay letters and colours are the page's own, so that plots follow its font and its dark mode.
"""

import io
import re
from collections.abc import Callable, Sequence
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from eval.quality.metrics import HEADLINE
from eval.quality.rankings import OURS
from eval.quality.results import SetResult

# Colours of the drawing -> what the page calls them.
_INK, _MUTED, _ACCENT, _GRID = "#010101", "#020202", "#030303", "#040404"
_NAMES = {_INK: "currentColor", _MUTED: "var(--muted)", _ACCENT: "var(--accent)", _GRID: "var(--line)"}
_STYLE: Any = {
    "svg.fonttype": "none", "svg.hashsalt": "pincite", "font.size": 10, "text.color": _INK, "axes.edgecolor": _GRID,
    "axes.labelcolor": _MUTED, "xtick.color": _MUTED, "ytick.color": _INK, "axes.spines.top": False,
    "axes.spines.right": False, "axes.grid": True, "grid.color": _GRID, "axes.axisbelow": True,
    "xtick.major.size": 0, "ytick.major.size": 0, "xtick.major.pad": 6, "ytick.major.pad": 6,
    "axes.titlelocation": "left",
}  # fmt: skip
_SMALL = (3.7, 2.7)  # inches; the page scales them
_DASHED = (0, (4, 3))


def plots(result: SetResult) -> list[tuple[str, str, str]]:
    """Return (title, what to read in it, SVG) of every plot that a data set has the figures for."""
    return [(title, text, svg) for title, text, draw in _PLOTS for svg in [_drawn(result, draw)] if svg]


def _drawn(result: SetResult, draw: Callable[[Axes, SetResult], bool]) -> str:
    """Return the SVG of a plot, or "" where there is nothing to draw."""
    with matplotlib.rc_context(_STYLE):
        figure = Figure(figsize=_SMALL, layout="constrained")
        if not draw(figure.subplots(), result):
            return ""
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    return _embedded(buffer.getvalue())


def _embedded(svg: str) -> str:
    """Drop the XML header and fixed size, and name the colours; ids that nothing refers to would occur twice."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r'(<svg[^>]*?) width="[^"]*"', r"\1", re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", svg, count=1))
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'<g id="[^"]*">', "<g>", svg)
    for colour, name in _NAMES.items():
        svg = svg.replace(colour, name)
    return svg


def quality(axes: Axes, result: SetResult) -> bool:
    """Plot nDCG@10 of every ranking with its 95 % interval."""
    names = list(reversed(result.ablations))
    if figure := axes.get_figure(root=True):
        figure.set_size_inches(9.0, 0.4 * len(names) + 0.6)
    for row, name in enumerate(names):
        found, colour = result.ablations[name][HEADLINE], _ACCENT if name == OURS else _MUTED
        axes.plot([found["low"], found["high"]], [row, row], color=colour, linewidth=2, solid_capstyle="round")
        axes.plot(found["value"], row, "o", color=colour, markersize=8)
        axes.annotate(f"{found['value']:.3f}", (found["high"], row), (8, 0), textcoords="offset points", va="center",
                      color=colour, weight="bold" if name == OURS else "normal")  # fmt: skip
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(-0.6, len(names) - 0.4)
    axes.margins(x=0.12)
    axes.grid(axis="y", visible=False)
    axes.set_xlabel(HEADLINE)
    return bool(names)


def risk_coverage(axes: Axes, result: SetResult) -> bool:
    """Plot the share of wrong answers against the share of questions answered, the surest first."""
    curve = result.curves["risk-coverage"]
    axes.step(curve["x"], curve["y"], where="post", color=_ACCENT, linewidth=2)
    axes.fill_between(curve["x"], curve["y"], step="post", color=_ACCENT, alpha=0.12, linewidth=0)
    axes.set(xlim=(0, 1), ylim=(0, max(0.05, 1.1 * max(curve["y"], default=0))))
    _label(axes, "questions answered", "wrong among them", percent=True)
    return bool(curve["x"])


def calibration(axes: Axes, result: SetResult) -> bool:
    """Plot how often questions are answerable against the confidence given; areas show how many there are."""
    curve = result.curves["calibration"]
    axes.plot([0, 1], [0, 1], color=_MUTED, linewidth=1, linestyle=_DASHED)
    axes.plot(curve["x"], curve["y"], color=_ACCENT, linewidth=1.5)
    axes.scatter(curve["x"], curve["y"], s=[30 + 500 * w for w in curve["weights"]], color=_ACCENT, alpha=0.75)
    axes.set(xlim=(-0.02, 1.02), ylim=(-0.04, 1.06))
    _label(axes, "confidence", "really answerable", percent=True)
    return bool(curve["x"])


def latency(axes: Axes, result: SetResult) -> bool:
    """Plot how the times of single questions are distributed, with the median and the 95th percentile."""
    speed = result.figures["speed"]
    marks = {"median": speed["median ms"] or 0.0, "95 %": speed["95th percentile ms"] or 0.0}
    times = [q["milliseconds"] for q in result.questions if not q["error"] and q["milliseconds"] <= 2 * marks["95 %"]]
    axes.hist(times, bins=40, color=_ACCENT, alpha=0.8)
    for name, value in marks.items():
        axes.axvline(value, color=_INK, linewidth=1, linestyle=_DASHED)
        axes.annotate(f"{name} {value:.0f}", (value, 1), (4, -10), xycoords=("data", "axes fraction"),
                      textcoords="offset points")  # fmt: skip
    axes.set_xlim(left=0)
    axes.grid(axis="x", visible=False)
    _label(axes, "milliseconds", "questions")
    return bool(times)


def _label(axes: Axes, x: str, y: str, percent: bool = False) -> None:
    axes.set_xlabel(x)
    axes.set_title(y, fontsize=10, color=_MUTED)
    for axis in (axes.xaxis, axes.yaxis) if percent else ():
        axis.set_major_formatter(PercentFormatter(1, decimals=0))


_PLOTS: Sequence[tuple[str, str, Callable[[Axes, SetResult], bool]]] = (
    ("Quality by ranking", "What each signal alone finds, and all together. Bars are 95 % intervals.", quality),
    ("Risk and coverage", "If it answered only the questions it is surest about, how many would be wrong?",
     risk_coverage),
    ("Calibration", "Points on the dashed line: the confidence means what it says. Larger points: more questions.",
     calibration),
    ("Latency", "Time from question to quotes.", latency),
)  # fmt: skip
