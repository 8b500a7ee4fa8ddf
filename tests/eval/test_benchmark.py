"""The benchmark's own arithmetic, and one real turn of a contestant in processes of its own."""

import json

import pytest
from typer import Typer
from typer.testing import CliRunner

from eval.__main__ import app
from eval.performance import benchmark, contestants

ROUNDS = [
    {"Pincite": {"median ms": 5.0}, "other": {"median ms": 20.0}},
    {"Pincite": {"median ms": 8.0}, "other": {"median ms": 16.0}},
    {"Pincite": {"median ms": 6.0}, "other": {"median ms": 20.0}},
]


def test_ratios_are_within_a_round():
    assert benchmark.ratios(ROUNDS, "Pincite", "median ms", "other") == pytest.approx((0.3, 0.25, 0.5))


def test_without_data_the_texts_are_made_of_the_seeds():
    texts, questions = benchmark.inputs(None, 50, 7)
    assert (len({text for _, text in texts}), len(questions)) == (50, 7)
    assert benchmark.inputs(None, 50, 7) == (texts, questions)


def test_a_contestant_that_is_not_installed_is_left_out():
    nothing = contestants.Contestant(("no_such_package",), print, print)
    assert (nothing.installed(), contestants.CONTESTANTS["Pincite"].installed()) == (False, True)


@pytest.mark.slow
def test_a_turn_measures_everything(tmp_path):
    command = Typer()
    command.command()(benchmark.main)
    options = ["--rounds", "1", "--passages", "3", "--questions", "2", "--only", "Pincite"]
    done = CliRunner().invoke(command, [*options, "--out", str(tmp_path / "b.json")])
    assert (done.exit_code, "Pincite" in done.output) == (0, True)
    (found,) = json.loads((tmp_path / "b.json").read_text())["rounds"]
    assert set(found["Pincite"]) == set(benchmark.FIGURES)
    assert min(found["Pincite"].values()) > 0


@pytest.mark.slow
def test_a_contestant_that_fails_says_so(tmp_path):
    with pytest.raises(RuntimeError, match="Pincite failed to ask: FileNotFoundError"):
        benchmark._process("Pincite", "ask", tmp_path, [tmp_path / "no texts", tmp_path / "no questions"])


MARKDOWN = """\
|  | passages/s ↑ | cold start s ↓ | median ms ↓ | 95 % ms ↓ | build MiB ↓ | ask MiB ↓ | disk MB ↓ |
| --- | --- | --- | --- | --- | --- | --- | --- |
| sentence-transformers + FAISS | 15.0 | 15.0 | 15.0 | 15.0 | 15.0 | 15.0 | 15.0 |
| Pincite | 0.45× (0.40–0.50) | 0.45× (0.40–0.50) | 0.45× (0.40–0.50) | 0.45× (0.40–0.50) | 0.45× (0.40–0.50) | \
0.45× (0.40–0.50) | 0.45× (0.40–0.50) |

`python -m eval benchmark --rounds 2` (2026-11-24 11:00 UTC, commit abc, A processor, 2 cores; 1,000 texts, 9 questions, \
rounds: 2)"""


def test_a_record_becomes_a_table_of_multiples(tmp_path):
    """Pincite takes 5 and 8 where the do-it-yourself takes 10 and 20: half, and two fifths."""
    rounds = [
        {name: dict.fromkeys(benchmark.FIGURES, value) for name, value in found.items()}
        for found in ({contestants.DIY: 10.0, "Pincite": 5.0}, {"Pincite": 8.0, contestants.DIY: 20.0})
    ]
    record = {
        "made": "2026-11-24 11:00 UTC", "command": "python -m eval benchmark --rounds 2", "commit": "abc",
        "machine": {"processor": "A processor", "cores": "2"}, "texts": 1000, "questions": 9, "rounds": rounds,
    }  # fmt: skip
    (tmp_path / "benchmark.json").write_text(json.dumps(record))
    done = CliRunner().invoke(app, ["table", str(tmp_path / "benchmark.json")])
    assert done.stdout.strip() == MARKDOWN
