"""What README.md says is true: its commands, its example, its table."""

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
CODE = re.findall(r"(?:^    .*\n|^\n(?=    ))+", README, re.MULTILINE)
EXAMPLE = next(block for block in CODE if "import" in block).replace("\n    ", "\n").strip()
PINCITE = sorted(set(re.findall(r"^    pincite (\w+)(.*)$", README, re.MULTILINE)))


def test_the_quick_start_has_two_commands():
    start = README.partition("## Quick start")[2].partition("\n## ")[0]
    assert re.findall(r"^    (.*)$", start, re.MULTILINE) == [
        "pip install . && python -m ui",
        "pip install -e '.[test]' && python -m pytest",
    ]


def test_ci_runs_the_test_command():
    script = (ROOT / ".ci" / "run").read_text()
    assert "pip install --quiet -e '.[test]'\npython -m pytest\n" in script


@pytest.mark.parametrize("command, rest", PINCITE, ids=str)
def test_every_command_is_there_with_its_options(command, rest):
    options = [word for word in shlex.split(rest) if word.startswith("--")]
    shown = subprocess.run(
        [sys.executable, "-m", "ui.cli", command, "--help"], capture_output=True, text=True, cwd=ROOT
    )
    assert shown.returncode == 0
    assert [option for option in options if option not in shown.stdout] == []


def test_the_example_runs(tmp_path, encoder):
    (tmp_path / "articles").mkdir()
    (tmp_path / "articles" / "note.md").write_text("---\ndate: 2018-06-12\n---\n\nPeacekeeping needs a mandate.\n")
    paths = os.environ | {
        "HOME": str(tmp_path),
        "PINCITE_CACHE": os.environ.get("PINCITE_CACHE", str(Path.home() / ".cache/pincite")),
    }
    ran = subprocess.run([sys.executable, "-c", EXAMPLE], capture_output=True, text=True, cwd=ROOT, env=paths)
    assert ran.stderr == ""
    first, *others = ran.stdout.splitlines()
    assert first.startswith("True During the opening session") and first.endswith(" ¶ 3")
    assert others == ["¶ 1 Peacekeeping needs a mandate."]


def test_pictures_and_files_are_there():
    assert [path for path in re.findall(r"\]\(([^)#:]+)\)", README) if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("name", ["seeds", "public", "benchmark"])
def test_the_tables_are_those_of_the_committed_runs(name):
    run = ROOT / "eval" / "runs" / f"{name}.json"
    made = subprocess.run([sys.executable, "-m", "eval", "table", run], capture_output=True, text=True, cwd=ROOT)
    assert made.stdout.strip() in README


def test_what_it_says_of_the_confidence_is_what_was_fitted():
    fitted = json.loads((ROOT / "retrieval" / "answering" / "confidence.json").read_text("utf-8"))[
        "articles not fitted on"
    ]
    figures = fitted["whole library"]
    said = re.search(r"AUROC is (.+) against look-alikes,.*?and (.+) against.*?error of (\S+)\s", README, re.DOTALL)
    assert said.groups() == tuple(
        f"{figures[name]:.3f}" for name in ("AUROC, look-alike", "AUROC, elsewhere", "expected calibration error")
    )
