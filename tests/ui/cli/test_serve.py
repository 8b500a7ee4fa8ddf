"""The commands around the page, each in a process of its own."""

import json
import os
import re
import signal
import subprocess
import sys
import time

import pytest
from articles import ROOT
from served import call

pytest_plugins = ["served"]


def run(*arguments, **environment):
    command = [sys.executable, "-m", "ui", *arguments]
    return subprocess.Popen(command, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                            env=os.environ | environment)  # fmt: skip


@pytest.mark.slow
def test_the_command_serves_libraries_until_interrupted(served, tmp_path):
    process = run("--library", str(served.path), "--library", str(tmp_path / "second.pincite"))
    line = process.stdout.readline()
    address, first, second = re.fullmatch(
        r"Pincite is at (http://127\.0\.0\.1:\d+/); its libraries are (.*), (.*)\n", line
    ).groups()
    assert (first, second) == (served.path.name, "second")
    assert call(address, "status", {"library": "second"}).json()["error"] == ""
    process.send_signal(signal.SIGINT)
    assert process.wait(20) in (0, 130)


@pytest.mark.slow
def test_the_browser_is_opened_at_the_page(served, tmp_path):
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" > {tmp_path}/part && mv {tmp_path}/part {tmp_path}/opened\n')
    browser.chmod(0o755)
    process = run("--library", str(served.path), "--open", BROWSER=str(browser))
    address = re.match(r"Pincite is at (\S+); its", process.stdout.readline())[1]
    deadline = time.monotonic() + 60
    while not (tmp_path / "opened").exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert (tmp_path / "opened").read_text() == f"{address}\n"
    process.send_signal(signal.SIGINT)
    process.wait(60)


@pytest.mark.slow
def test_the_command_refuses_to_be_open_without_a_password(served):
    process = run("--library", str(served.path), "--host", "0.0.0.0")
    _, complaint = process.communicate(timeout=30)
    assert process.returncode == 2 and "set --auth user:password" in complaint
    process = run("--auth", "nopassword")
    assert process.wait(30) == 2


@pytest.mark.slow
def test_judgements_are_written_as_eval_cases(served):
    served.add_feedback("What is tea?", True, ["Green tea is made"], True, "good")
    served.add_feedback("What is tea?", True, ["Green tea is made"], False)
    served.add_feedback("Who drinks it?", False, [], False, "paragraph 2 says it")
    served.add_feedback("Who sells it?", False, [], True)
    command = [sys.executable, "-m", "ui.cli", "feedback", "--library", str(served.path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    cases = [json.loads(line) for line in done.stdout.splitlines()]
    assert [list(case) for case in cases[:1]] == [["id", "question", "kind", "answerable", "quotes", "note"]]
    assert [(case["id"], case["answerable"], case["quotes"]) for case in cases] == [
        ("feedback-1", True, ["Green tea is made"]),
        ("feedback-2", None, []),
        ("feedback-3", True, []),
        ("feedback-4", False, []),
    ]


def test_a_folder_to_watch_must_be_there(pincite, tmp_path):
    result = pincite("ui", "--watch", str(tmp_path / "gone"))
    assert result.exit_code == 2 and "is no folder" in " ".join(result.output.split())


def test_questions_are_not_logged_by_half(pincite):
    result = pincite("ui", "--log-questions")
    assert result.exit_code == 2 and "is of use with --log-json only" in result.output
