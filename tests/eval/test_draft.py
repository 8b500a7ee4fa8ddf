"""Questions that people keep, drop or complete: drafts, and thumbs of the web page; and how the suite is started."""

import json
import subprocess
import sys

import pytest
from articles import ROOT
from eval_program import run
from fakes import HashedEncoder

from eval.data import cases
from eval.data.datasets import Query
from eval.quality import asking
from retrieval import Document, Library, Settings


def test_drafts_quote_the_documents_and_wait_for_a_person(asked, tmp_path):
    path = tmp_path / "cases.jsonl"
    assert run("draft", "--library", asked.path, "--into", path, "--count", 12)[0] == 0
    proposed = [json.loads(line) for line in path.read_text().splitlines()]
    assert len(proposed) == 12
    documents = [asked.document(document.doc_id) for document in asked.documents()]
    assert cases.missing_quotes(proposed, documents) == []
    assert cases.read_cases(path) == []


def test_a_person_keeps_drops_and_rewords(asked, tmp_path):
    path = tmp_path / "cases.jsonl"
    said = "keep\ndrop\nHow else?\nquit\n"
    assert run("draft", "--library", asked.path, "--into", path, "--review", said=said)[0] == 0
    kept = cases.read_cases(path)
    assert len(kept) == 2
    assert kept[1]["question"] == "How else?"


def test_thumbs_of_the_library_become_cases(tmp_path):
    with Library(tmp_path / "library", Settings(threshold=0.0), encoder=HashedEncoder()) as library:
        library.add([Document("a", "A", "The bridge was opened in 1932.")])
        library.add_feedback("When was it opened?", True, ["opened in 1932"], True)
        library.add_feedback("Who opened it?", True, ["opened in 1932"], False, "not who")
    into = tmp_path / "cases.jsonl"
    code, said = run("thumbs", "--library", tmp_path / "library", "--into", into)
    assert (code, "2 added" in said, "1 of 2 are drafts" in said) == (0, True, True)
    assert [case["question"] for case in cases.read_cases(into)] == ["When was it opened?"]


# --- from outside


@pytest.mark.slow
def test_pincite_eval_is_the_same_program():
    command = [sys.executable, "-m", "ui.cli", "eval", "--help"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert (done.returncode, done.stdout.split("\n")[0].strip()) == (
        0,
        "Usage: pincite eval [OPTIONS] COMMAND [ARGS]...",
    )


def test_an_own_library_is_not_changed_by_measuring_it(asked):
    before = asked.info()["generation"]
    with asking.opened(asked.path, create=False) as (library, facts):
        asking.ask(library, Query("q", "When was the bridge opened?"), True)
    assert (asked.info()["generation"], facts.documents) == (before, len(asked.documents()))
