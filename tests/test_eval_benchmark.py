"""The benchmark's own arithmetic, and one real turn of a contestant in processes of its own."""

import json

import pytest
from typer import Typer
from typer.testing import CliRunner

from eval import benchmark, contestants

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


def test_a_turn_measures_everything(tmp_path):
    app = Typer()
    app.command()(benchmark.main)
    options = ["--rounds", "1", "--passages", "3", "--questions", "2", "--only", "Pincite"]
    done = CliRunner().invoke(app, [*options, "--out", str(tmp_path / "b.json")])
    assert (done.exit_code, "Pincite" in done.output) == (0, True)
    (found,) = json.loads((tmp_path / "b.json").read_text())["rounds"]
    assert set(found["Pincite"]) == set(benchmark.FIGURES)
    assert min(found["Pincite"].values()) > 0


def test_a_contestant_that_fails_says_so(tmp_path):
    with pytest.raises(RuntimeError, match="Pincite failed to ask: FileNotFoundError"):
        benchmark._process("Pincite", "ask", tmp_path, [tmp_path / "no texts", tmp_path / "no questions"])
