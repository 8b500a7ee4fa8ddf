import json
import os
import pty
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ARTICLES, ROOT, SEED
from fakes import HashedEncoder
from typer.testing import CliRunner

from retrieval import Library, Settings
from ui.cli import app

QUESTION = "Who opened the bridge at Harwick?"
QUOTE = "The bridge at Harwick was opened in 1932 by Mayor Ellen Brandt."


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch):
    for name in [name for name in os.environ if name.startswith("PINCITE_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def pincite():
    """Run a command in this process and return its result; an exception that is not an exit fails the test."""

    def run(*arguments, stdin=None):
        result = CliRunner().invoke(app, [str(argument) for argument in arguments], input=stdin)
        assert isinstance(result.exception, SystemExit | None), result.exception
        assert "Traceback" not in result.output
        return result

    return run


@pytest.fixture
def docs(tmp_path):
    """A folder with three files, one of which holds no text."""
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "bridge.md").write_text(ARTICLES["bridge.md"])
    shutil.copy(SEED, folder / "syria.txt")
    (folder / "empty.txt").touch()
    return folder


@pytest.fixture(scope="module")
def ready(tmp_path_factory, encoder):
    """A library of the bridge and the seed. Not to be changed."""
    folder = tmp_path_factory.mktemp("ready")
    (folder / "bridge.md").write_text(ARTICLES["bridge.md"])
    with Library(folder / "library", Settings(), encoder=encoder) as library:
        library.add([folder / "bridge.md", SEED])
    return folder


@pytest.fixture
def library(ready):
    return ready / "library"


@pytest.fixture
def own(tmp_path, docs, encoder):
    """A library of the folder, to be changed."""
    with Library(tmp_path / "library", Settings(), encoder=encoder) as opened:
        opened.add(docs)
    return tmp_path / "library"


def process(*arguments, **options):
    """Run the command in a process of its own."""
    environment = os.environ | {"PYTHONPATH": str(ROOT)} | options.pop("env", {})
    command = [sys.executable, "-m", "ui.cli", *map(str, arguments)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, **options)


# --- ask


def test_an_answer_with_its_source(pincite, library, ready):
    result = pincite("ask", "--library", library, QUESTION)
    assert result.exit_code == 0
    first, second, *_ = result.stdout.splitlines()
    assert first.startswith("[1] ")
    assert QUOTE in first
    assert second == f"    Harwick Bridge, History, ¶ 1, {ready}/bridge.md"
    assert "nswered in the documents" in result.stdout
    assert result.stderr == ""


def test_where_an_article_appeared_is_said(pincite, library):
    result = pincite("ask", "--library", library, "Who urged the CIS countries to take part in the Syrian operation?")
    assert result.exit_code == 0
    assert "Eurasia Daily Monitor, volume 15, issue 96, ¶ " in result.stdout
    assert str(SEED) in result.stdout


def test_something_else_is_not_found_and_the_nearest_are_shown(pincite, library):
    result = pincite("ask", "--library", library, "Which enzyme splits lactose?")
    assert result.exit_code == 1
    assert result.stdout.startswith("The documents do not say this. Closest passages:\n\n- ")
    assert result.stdout.count("\n- ") == 3


def test_json(pincite, library, ready):
    result = pincite("ask", "--json", "--k", 2, "--library", library, QUESTION)
    record = json.loads(result.stdout)
    assert (result.exit_code, record["found"], record["question"]) == (0, True, QUESTION)
    assert len(record["passages"]) == 2
    (citation, *_) = record["citations"]
    text = (ready / "bridge.md").read_text()
    assert text[citation["start"] : citation["end"]] == citation["quote"]
    assert citation["source"] == str(ready / "bridge.md")
    assert record["coverage"] == {"known": 2, "failed": 0, "searchable": 2}


@pytest.mark.parametrize(
    "where, code",
    [
        (["publication=Eurasia Daily Monitor"], 1), (["publication=The Times"], 1), (["title=Harwick Bridge"], 0),
        (["title=Harwick Bridge", "title=Tea"], 0), (["title=Harwick Bridge", "publication=Eurasia Daily Monitor"], 1),
    ],
    ids=str,
)  # fmt: skip
def test_where(pincite, library, where, code):
    options = [option for condition in where for option in ("--where", condition)]
    assert pincite("ask", "--library", library, *options, QUESTION).exit_code == code


def test_the_question_may_come_from_a_pipe(pincite, library):
    assert QUOTE in pincite("ask", "--library", library, "-", stdin=f"{QUESTION}\n").stdout


def test_the_library_may_come_from_the_environment(pincite, library, monkeypatch):
    monkeypatch.setenv("PINCITE_LIBRARY", str(library))
    assert QUOTE in pincite("ask", QUESTION).stdout


@pytest.mark.parametrize(
    "question, message",
    [
        ("", "pincite: the question is empty; ask something"), (" \n", "pincite: the question is empty"),
        ("word " * 10_000, "pincite: the question has 49,999 characters (10,000 words); at most 4,000"),
    ],
    ids=["empty", "blank", "10,000 words"],
)  # fmt: skip
def test_questions_that_cannot_be_asked(pincite, library, question, message):
    result = pincite("ask", "--library", library, "-", stdin=question)
    assert (result.exit_code, result.stdout) == (3, "")
    assert result.stderr.startswith(message)


@pytest.mark.parametrize(
    "question", ["Кто открыл мост?", "谁开了桥?", "\x1b[31mred\x1b[0m", "--", "' OR 1=1"], ids=ascii
)
def test_questions_of_other_kinds(pincite, library, question):
    result = pincite("ask", "--library", library, "--", question)
    assert result.exit_code in (0, 1)
    assert "\x1b" not in result.stdout


# --- wrong usage


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["ask"], "Missing argument 'QUESTION'"),
        (["ask", "--k", "0", "q"], "Invalid value for '--k': Input should be greater than or equal to 1"),
        (["ask", "--k", "x", "q"], "Invalid value for '--k': Input should be a valid integer"),
        (["ask", "--where", "year", "q"], "'year'; expected KEY=VALUE, for example"),
        (["ask", "--where", "=x", "q"], "'=x'; expected KEY=VALUE"),
        (["ask", "--library", "", "q"], "is empty; name a folder, for example --library ~/articles.pincite"),
        (["add", "file"], "no library to add to; for example: pincite add --library ~/articles.pincite ~/articles"),
        (["remove"], "Missing argument 'NAME...'"),
        (["verify", "/no/such/file.json"], "/no/such/file.json: No such file or directory; expected what"),
        (["nonsense"], "No such command 'nonsense'"),
        (["ask", "--nonsense", "q"], "No such option: --nonsense"),
    ],
    ids=str,
)
def test_wrong_usage_says_what_is_right(pincite, arguments, message):
    result = pincite(*arguments)
    assert result.exit_code == 2
    assert message in " ".join(result.stderr.split())


def test_a_wrong_setting_is_named(pincite, library, monkeypatch):
    monkeypatch.setenv("PINCITE_THRESHOLD", "high")
    result = pincite("ask", "--library", library, "q")
    assert result.exit_code == 2
    assert "PINCITE_THRESHOLD is 'high'; expected a number of 0 or more" in " ".join(result.stderr.split())


def test_help_documents_the_exit_codes(pincite):
    shown = pincite("--help").stdout
    assert "Exit codes:" in shown
    for line in (
        "0 fine",
        "2 wrong usage",
        "3 the library, the model or the question cannot be used",
        "130 interrupted",
    ):
        assert line in " ".join(shown.split())
    for command in ("ask", "add", "remove", "list", "verify", "info"):
        assert pincite(command, "--help").exit_code == 0


def test_version(pincite):
    assert pincite("--version").stdout == "pincite 0.1.0\n"


# --- libraries that cannot be used


def test_a_library_that_is_not_there_is_not_made(pincite, tmp_path):
    for command in (["ask", "q"], ["list"], ["info"], ["verify"], ["remove", "x"]):
        result = pincite(*command, "--library", tmp_path / "none")
        assert result.exit_code == 3
        assert f"pincite: {tmp_path}/none holds no library; make one with: pincite add --library" in result.stderr
    assert not (tmp_path / "none").exists()


def test_a_damaged_library_is_named(pincite, tmp_path):
    (tmp_path / "library.db").write_bytes(b"not a database" * 1000)
    for command in (["ask", "q"], ["list"], ["info"], ["verify"], ["remove", "x"], ["add", SEED]):
        result = pincite(*command, "--library", tmp_path)
        assert result.exit_code == 3
        assert result.stderr.startswith(f"pincite: {tmp_path}/library.db is damaged (file is not a database); restore")


def test_a_library_of_another_encoder_is_refused(pincite, tmp_path):
    with Library(tmp_path, encoder=HashedEncoder()) as other:
        other.add(SEED)
    result = pincite("ask", "--library", tmp_path, "q")
    assert result.exit_code == 3
    assert f"{tmp_path} was built with encoder hashed-words, but" in result.stderr
    assert pincite("list", "--library", tmp_path).exit_code == 0


def test_a_model_that_is_not_there_is_named(pincite, library, monkeypatch, tmp_path):
    monkeypatch.setenv("PINCITE_MODEL", str(tmp_path))
    result = pincite("ask", "--library", library, "q")
    assert (result.exit_code, result.stderr) == (
        3,
        f"pincite: {tmp_path} holds no model weights (.safetensors or .bin)\n",
    )


# --- add, remove, list, info


def test_adding_reports_and_goes_on(pincite, docs, tmp_path):
    """Added, unchanged, replaced, failed; and the exit code says whether something failed."""
    library = tmp_path / "library"
    result = pincite("add", "--library", library, docs, tmp_path / "none.txt")
    assert result.exit_code == 1
    assert result.stdout.splitlines() == [
        "2 added, 0 unchanged, 0 replaced, 2 failed",
        f"failed: {tmp_path}/none.txt: does not exist",
        f"failed: {docs}/empty.txt: holds no text",
    ]
    (docs / "empty.txt").write_text("Tea is green.")
    (docs / "bridge.md").write_text("# Harwick Bridge\n\nIt was closed in 2003.")
    result = pincite("add", "--library", library, docs)
    assert (result.exit_code, result.stdout) == (0, "1 added, 1 unchanged, 1 replaced, 0 failed\n")
    assert "It was closed in 2003." in pincite("ask", "--library", library, "When was Harwick Bridge closed?").stdout


def test_removing_by_path_by_id_and_what_is_not_there(pincite, own, docs):
    (doc_id,) = [
        row.split("\t")[0] for row in pincite("list", "--library", own).stdout.splitlines() if "Harwick" in row
    ]
    result = pincite("remove", "--library", own, docs / "syria.txt", doc_id, docs / "empty.txt", "nothing")
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    assert lines[0].endswith(f"Russia’s Allies Do Not Want to Take Part in Syrian Operation, {docs}/syria.txt")
    assert lines[1] == f"removed {doc_id}, Harwick Bridge, {docs}/bridge.md"
    assert lines[2] == f"removed {docs}/empty.txt, which could not be read"
    assert result.stderr == "pincite: not in the library: nothing\n"
    assert pincite("list", "--library", own).stdout == ""
    assert (docs / "syria.txt").exists()


def test_listing(pincite, library, ready):
    rows = [row.split("\t") for row in pincite("list", "--library", library).stdout.splitlines()]
    assert [row[1:] for row in rows] == [
        ["Harwick Bridge", "", f"{ready}/bridge.md"],
        ["Russia’s Allies Do Not Want to Take Part in Syrian Operation", "Eurasia Daily Monitor, volume 15, issue 96", str(SEED)],
    ]  # fmt: skip
    records = json.loads(pincite("list", "--json", "--library", library).stdout)
    assert [record["doc_id"] for record in records] == [row[0] for row in rows]
    assert records[1]["metadata"] == {"publication": "Eurasia Daily Monitor", "volume": "15", "issue": "96"}


def test_info_says_what_could_not_be_read(pincite, own, docs):
    shown = pincite("info", "--library", own).stdout
    assert "coverage    2 of 3 documents searchable; 1 failed\n" in shown
    assert shown.endswith(f"failed: {docs}/empty.txt: holds no text\n")
    record = json.loads(pincite("info", "--json", "--library", own).stdout)
    assert record["coverage"] == {"known": 3, "failed": 1, "searchable": 2}
    assert record["failures"] == {str(docs / "empty.txt"): "holds no text"}


# --- verify


def test_verifying_the_library(pincite, own, docs):
    result = pincite("verify", "--library", own)
    assert (result.exit_code, result.stdout) == (0, "the library is whole; 2 of 2 files are as they were read\n")
    (docs / "bridge.md").write_text("Something else.")
    (docs / "syria.txt").unlink()
    result = pincite("verify", "--library", own)
    assert result.exit_code == 1
    assert result.stdout.splitlines() == [
        f"changed  Harwick Bridge, {docs}/bridge.md",
        f"missing  Russia’s Allies Do Not Want to Take Part in Syrian Operation, {docs}/syria.txt",
        "the library is whole; 0 of 2 files are as they were read",
    ]


def test_verifying_a_saved_answer(pincite, own, docs, tmp_path):
    saved = tmp_path / "answer.json"
    saved.write_text(pincite("ask", "--json", "--library", own, QUESTION).stdout)
    result = pincite("verify", "--library", own, saved)
    assert result.exit_code == 0
    assert f"[1] valid  Harwick Bridge, History, ¶ 1, {docs}/bridge.md" in result.stdout
    (docs / "bridge.md").write_text(ARTICLES["bridge.md"] + " ")
    for file, stdin in ((saved, None), ("-", saved.read_text())):
        result = pincite("verify", "--library", own, file, stdin=stdin)
        assert result.exit_code == 1
        assert result.stdout.startswith("[1] changed")


@pytest.mark.parametrize(
    "content", ["", "{", "[1]", "{}", '{"citations": [{}]}', '{"citations": 5}', "[" * 100_000, "\xff"]
)
def test_an_answer_that_is_none_is_wrong_usage(pincite, library, content):
    result = pincite("verify", "--library", library, "-", stdin=content)
    assert result.exit_code == 2
    assert "expected what `pincite ask --json` writes" in " ".join(result.stderr.replace("│", " ").split())


# --- processes of their own


def test_a_pipe_gets_plain_text_and_nothing_else(library):
    result = process("ask", "--library", library, QUESTION)
    assert (result.returncode, result.stderr) == (0, "")
    assert QUOTE in result.stdout
    assert "\x1b" not in result.stdout


def test_a_terminal_gets_colours_and_no_more_than_its_width(library):
    parent, child = pty.openpty()
    command = [sys.executable, "-m", "ui.cli", "ask", "--library", library, QUESTION]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "TERM": "xterm-256color", "COLUMNS": "60"}
    with subprocess.Popen(command, stdout=child, stderr=child, stdin=child, env=environment) as started:
        os.close(child)
        shown = b""
        while True:
            try:
                shown += os.read(parent, 65536)
            except OSError:
                break
        assert started.wait(60) == 0
    os.close(parent)
    assert b"\x1b[1" in shown
    assert all(len(line) <= 75 for line in shown.decode().splitlines() if "\x1b" not in line)


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
    for number in range(60):
        (folder / f"{number:02}.txt").write_text(f"Document {number}. " + ARTICLES["bees.txt"] * 30)
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
    assert 0 < stored(tmp_path / "library") < 60


def stored(folder):
    """Count a library's documents from outside; 0 while it is being made."""
    import sqlite3

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
