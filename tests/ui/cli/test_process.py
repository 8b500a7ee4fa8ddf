"""The command line in processes of its own: pipes, terminals, locales, signals."""

import json
import os
import pty
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from articles import ROOT, SEED

from retrieval import Library, Settings

pytestmark = pytest.mark.slow  # every test starts the program

QUESTION = "Who opened the bridge at Harwick?"
QUOTE = "The bridge at Harwick was opened in 1932 by Mayor Ellen Brandt."


def process(*arguments, **options):
    """Run the command in a process of its own."""
    environment = os.environ | {"PYTHONPATH": str(ROOT)} | options.pop("env", {})
    command = [sys.executable, "-m", "ui.cli", *map(str, arguments)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, **options)


def test_a_pipe_gets_plain_text_and_nothing_else(library):
    result = process("ask", "--library", library, QUESTION)
    assert (result.returncode, result.stderr) == (0, "")
    assert QUOTE in result.stdout
    assert "\x1b" not in result.stdout


def test_a_terminal_gets_colours_and_no_more_than_its_width(library):
    code, shown = in_terminal("ask", "--library", library, QUESTION)
    assert code == 0
    assert "\x1b[1" in shown
    assert all(len(line) <= 75 for line in shown.splitlines() if "\x1b" not in line)


def test_a_terminal_gets_a_progress_bar(tmp_path):
    for number in range(3):
        (tmp_path / f"{number}.txt").write_text(f"Text {number}.")
    code, shown = in_terminal("add", "--library", tmp_path / "library", tmp_path)
    assert code == 0
    assert "3/3" in shown
    assert "3 added, 0 unchanged, 0 replaced, 0 failed" in shown


def in_terminal(*arguments):
    """Run the command in a terminal of its own, 60 columns wide; return its exit code and what it showed."""
    parent, child = pty.openpty()
    command = [sys.executable, "-m", "ui.cli", *map(str, arguments)]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "TERM": "xterm-256color", "COLUMNS": "60"}
    with subprocess.Popen(command, stdout=child, stderr=child, stdin=child, env=environment) as started:
        os.close(child)
        shown = b""
        while True:
            try:
                shown += os.read(parent, 65536)
            except OSError:
                break
        os.close(parent)
        return started.wait(60), shown.decode()


def test_a_reader_that_goes_away_is_no_error(library):
    command = f"{sys.executable} -m ui.cli list --json --library {library} | head -c 1; exit ${{PIPESTATUS[0]}}"
    result = subprocess.run(["bash", "-c", command], env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True)
    assert (result.returncode, result.stdout, result.stderr) == (0, b"[", b"")


def test_a_locale_without_the_characters_shows_escapes(library):
    result = process("ask", "--library", library, QUESTION, env={"LC_ALL": "C", "PYTHONIOENCODING": "ascii"})
    assert result.returncode == 0
    assert "\\xb6 1" in result.stdout


def test_what_a_document_holds_does_not_reach_the_terminal(encoder, tmp_path):
    (tmp_path / "evil\x1b[2J.txt").write_text(
        "The \x1b[31mlamp\x1b[0m was lit by \u202eKeeper Jonas\u202c every evening."
    )
    with Library(tmp_path / "library", Settings(), encoder=encoder) as library:
        library.add(tmp_path / "evil\x1b[2J.txt")
    result = process("ask", "--library", tmp_path / "library", "Who lit the lamp every evening?")
    assert "Keeper Jonas" in result.stdout
    assert not set("\x1b\u202e\u202c") & set(result.stdout + result.stderr)
    record = process("ask", "--json", "--library", tmp_path / "library", "Who lit the lamp every evening?").stdout
    assert not set("\x1b\u202e\u202c") & set(record)
    assert "\u202eKeeper Jonas\u202c" in json.loads(record)["citations"][0]["quote"]


def test_an_interrupt_keeps_what_was_added(tmp_path):
    folder = tmp_path / "docs"
    folder.mkdir()
    for number in range(400):  # long words are one token each: much to store, little to encode
        (folder / f"{number:03}.txt").write_text(f"Document {number}.\n\n" + ("x" * 1000 + ".\n\n") * 8)
    command = [sys.executable, "-m", "ui.cli", "add", "--library", tmp_path / "library", folder]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as started:
        while not (tmp_path / "library" / "library.db-wal").exists() or stored(tmp_path / "library") == 0:
            assert started.poll() is None
        started.send_signal(signal.SIGINT)
        printed, trouble = started.communicate(timeout=60)
    assert (started.returncode, printed) == (130, "")
    assert trouble == "pincite: interrupted; what was added is kept, and the same command goes on from there\n"
    assert 0 < stored(tmp_path / "library") < 400


def stored(folder):
    """Count a library's documents from outside; 0 while it is being made."""
    try:
        with sqlite3.connect(f"file:{folder}/library.db?mode=ro", uri=True) as connection:
            return connection.execute("SELECT count(*) FROM documents").fetchone()[0]
    except sqlite3.OperationalError:
        return 0


def test_without_a_library_the_seeds_are_asked(tmp_path):
    """Into a fresh cache, but for the prepared model."""
    (tmp_path / "models").symlink_to(Settings().cache / "models")
    for _ in range(2):
        result = process("ask", "Who urged the CIS countries to help in Syria?", env={"PINCITE_CACHE": str(tmp_path)})
        assert (result.returncode, result.stderr) == (0, "")
        assert "Shoigu" in result.stdout
        assert "Eurasia Daily Monitor" in result.stdout
    assert len(list(tmp_path.glob("seeds-*.pincite/library.db"))) == 1
    assert Path(SEED).name in process("list", env={"PINCITE_CACHE": str(tmp_path)}).stdout
