"""What the documentation says is true: its commands, its examples, its tables, the files that it names."""

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from eval.__main__ import COMMANDS
from ui.cli.commands import app

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
EVAL = (ROOT / "eval" / "README.md").read_text(encoding="utf-8")
DOCS = ["README.md", "eval/README.md", "retrieval/README.md", ".deploy/README.md", ".github/CONTRIBUTING.md"]
TOUR = (ROOT / "retrieval" / "README.md").read_text(encoding="utf-8")
# Everything that a command is named in: the documentation, and what the code says of itself.
NAMING = [*DOCS, ".ci/run", *(str(p.relative_to(ROOT)) for top in ("retrieval", "ui", "eval") for p in sorted((ROOT / top).rglob("*.py")))]  # fmt: skip
PINCITE = sorted(set(re.findall(r"^    pincite (\w+)(.*)$", README, re.MULTILINE)))
PINCITE_COMMANDS = {command.name or command.callback.__name__.replace("_", "-") for command in app.registered_commands}
PINCITE_COMMANDS |= {group.name for group in app.registered_groups}
DOCTEST = """
import doctest, sys
test = doctest.DocTestParser().get_doctest(sys.stdin.read(), {}, "README.md", "README.md", 0)
print(len(test.examples), doctest.DocTestRunner().run(test).failed)
"""


def test_the_quick_start_has_two_commands():
    start = README.partition("## Quick start")[2].partition("\n## ")[0]
    assert re.findall(r"^    (.*)$", start, re.MULTILINE) == [
        "pip install . && python -m ui",
        "pip install -e '.[test]' && python -m pytest -n 2",
    ]


def test_ci_runs_the_test_command():
    script = (ROOT / ".ci" / "run").read_text()
    assert "pip install --quiet -e '.[test]'\npython -m pytest -n 2\n" in script


@pytest.mark.slow
@pytest.mark.parametrize("command, rest", PINCITE, ids=str)
def test_every_command_is_there_with_its_options(command, rest):
    options = [word for word in shlex.split(rest) if word.startswith("--")]
    shown = subprocess.run(
        [sys.executable, "-m", "ui.cli", command, "--help"], capture_output=True, text=True, cwd=ROOT
    )
    assert shown.returncode == 0
    assert [option for option in options if option not in shown.stdout] == []


@pytest.mark.parametrize("name", NAMING)
def test_every_command_that_is_named_is_one(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    evals = re.findall(r"python -m eval([. ])([a-z.]+)", text)
    assert [found for found in evals if found[0] == "." or found[1] not in {*COMMANDS, "measures"}] == []
    assert set(re.findall(r"(?:`|^    )pincite ([a-z]+)", text, re.MULTILINE)) <= PINCITE_COMMANDS


@pytest.mark.slow
def test_the_example_runs(tmp_path, encoder):
    (tmp_path / "articles").mkdir()
    (tmp_path / "articles" / "note.md").write_text("---\ndate: 2018-06-12\n---\n\nPeacekeeping needs a mandate.\n")
    paths = os.environ | {
        "HOME": str(tmp_path),
        "PINCITE_CACHE": os.environ.get("PINCITE_CACHE", str(Path.home() / ".cache/pincite")),
    }
    ran = subprocess.run(
        [sys.executable, "-c", DOCTEST], input=README, capture_output=True, text=True, cwd=ROOT, env=paths
    )
    assert (ran.stderr, ran.stdout) == ("", f"{README.count('>>> ')} 0\n")


@pytest.mark.parametrize("name", DOCS)
def test_linked_files_are_there(name):
    text, folder = (ROOT / name).read_text(encoding="utf-8"), (ROOT / name).parent
    assert [path for path in re.findall(r"\]\(([^)#:]+)\)", text) if not (folder / path).exists()] == []


@pytest.mark.parametrize("name", DOCS)
def test_named_tests_are_there(name):
    for path, test in re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", (ROOT / name).read_text(encoding="utf-8")):
        assert f"def {test}" in (ROOT / path).read_text(encoding="utf-8"), path


@pytest.mark.parametrize("name", DOCS)
def test_named_files_are_there(name):
    named = set(re.findall(r"`([\w./-]+/[\w.-]+\.(?:py|json|txt|yaml))`", (ROOT / name).read_text(encoding="utf-8")))
    homes = (ROOT, ROOT / "retrieval", (ROOT / name).parent)
    assert [path for path in named if not any((home / path).exists() for home in homes)] == []


def test_the_tour_names_every_package():
    packages = [path.parent.name for path in (ROOT / "retrieval").glob("*/__init__.py")]
    assert [package for package in packages if f"{package}/" not in TOUR] == []


def test_both_lives_have_ten_steps():
    for life in ("question", "document"):
        told = TOUR.partition(f"## The life of a {life}")[2].partition("\n## ")[0]
        assert re.findall(r"^(\d+)\. ", told, re.MULTILINE) == [str(number) for number in range(1, 11)]


def test_what_the_tour_says_stands_where_is_there():
    for name, word in [
        ("search/retriever.py", "FIRST_WEIGHTS"),
        ("answering/pipeline.py", "threshold"),
        ("parsers/pdf/lines.py", "def in_columns"),
    ]:
        assert word in (ROOT / "retrieval" / name).read_text(encoding="utf-8")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["seeds", "public", "benchmark"])
def test_the_tables_are_those_of_the_committed_runs(name):
    run = ROOT / "eval" / "runs" / f"{name}.json"
    made = subprocess.run([sys.executable, "-m", "eval", "table", run], capture_output=True, text=True, cwd=ROOT)
    assert made.stdout.strip() in EVAL


@pytest.mark.parametrize("name, file", [("seeds", "seeds"), ("squad2-dev-a", "public"), ("xquad-r-en", "public")])
def test_the_small_table_is_that_of_the_committed_runs(name, file):
    sets = json.loads((ROOT / "eval" / "runs" / f"{file}.json").read_text("utf-8"))["sets"]
    figures = next(found["figures"] for found in sets if found["name"] == name)
    shares = figures["answers"]["answer in top 5"], figures["answers"]["right quote"], figures["not found"]["not found recall"]  # fmt: skip
    cells = [f"{share:.1%}".replace("%", " %") if share is not None else "–" for share in shares]
    row = f"| {figures['size']['questions']:,} | {' | '.join(cells)} | {figures['speed']['median ms']:.0f} ms |"
    assert row in README


def test_what_it_says_of_the_confidence_is_what_was_fitted():
    fitted = json.loads((ROOT / "retrieval" / "answering" / "confidence.json").read_text("utf-8"))
    fitted = fitted["readers"]["pincite-reader"]
    figures = fitted["articles not fitted on"]["whole library"]
    said = re.search(r"AUROC is (.+) against look-alikes,.*?and (.+) against.*?error of (\S+)\s", EVAL, re.DOTALL)
    assert said.groups() == tuple(
        f"{figures[name]:.3f}" for name in ("AUROC, look-alike", "AUROC, elsewhere", "expected calibration error")
    )
    certain = next(row["answers right"] for row in fitted["thresholds"] if row["threshold"] == 0.6)
    assert f"right in {certain * 10:.0f} of 10 questions" in " ".join(README.split())
