"""The figures that must not fall: recorded on purpose, compared in CI.

`record.json` holds, for every data set, each figure as it was and the least that passes: one question may come out
differently on another processor.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from eval.quality.rankings import OURS
from eval.quality.results import SetResult

RECORD = Path(__file__).parent / "record.json"
GATED_SETS = ("seeds", "xquad-r-en")
SPARE = 1.5  # questions
SPARE_SHARE = 0.004  # of the questions, where that is more: other processors round otherwise
_RANKING = ("nDCG@10", "recall@1", "recall@5")
_FIGURES = {
    "answers": ("answer in top 3", "right quote", "quote recall", "citation validity"),
    "not found": ("answered when answerable", "not found recall", "AUROC"),
}

Recorded = Mapping[str, Mapping[str, Mapping[str, float]]]


@dataclass(frozen=True, slots=True)
class Line:
    """One figure against its record; now is None where the run does not have it."""

    name: str
    recorded: float
    least: float
    now: float | None

    @property
    def holds(self) -> bool:
        """Tell whether the figure is as high as it must be."""
        return self.now is not None and self.now >= self.least


def figures(result: SetResult) -> dict[str, float]:
    """Return the gated figures of a data set; in all of them higher is better."""
    ranked = {name: result.ablations[OURS][name]["value"] for name in _RANKING if result.ablations}
    found = {name: result.figures[group].get(name) for group, names in _FIGURES.items() for name in names}
    return ranked | {name: value for name, value in found.items() if value is not None}


def recorded(result: SetResult) -> dict[str, dict[str, float]]:
    """Return what is written for a data set: figure -> {value, least}."""
    size = result.figures["size"]
    answerable = size["answerable"] or 1.0
    unanswerable = (size["questions"] or 0.0) - answerable
    spare = dict.fromkeys(("not found recall", "AUROC"), SPARE / max(unanswerable, 1.0)) | {"citation validity": 0.0}
    usual = max(SPARE / answerable, SPARE_SHARE)
    return {
        name: {"value": round(value, 4), "least": round(value - spare.get(name, usual), 4)}
        for name, value in figures(result).items()
    }


def check(result: SetResult, record: Recorded) -> list[Line]:
    """Compare a data set with its record; KeyError where it has none."""
    now = figures(result)
    return [Line(name, was["value"], was["least"], now.get(name)) for name, was in record[result.name].items()]


def read(path: Path = RECORD) -> Recorded:
    """Read the record."""
    known: Recorded = json.loads(path.read_text("utf-8"))
    return known


def update(results: Sequence[SetResult], path: Path = RECORD) -> None:
    """Write what these data sets gave; the others' records stay."""
    known = dict(read(path)) if path.exists() else {}
    known |= {result.name: recorded(result) for result in results}
    path.write_text(json.dumps(known, indent=2) + "\n", "utf-8")
