import json
import re
import shutil
from dataclasses import asdict

import pytest
from articles import ARTICLES, SEED

from retrieval import Document, Library, Settings

QUESTION = "Who opened the bridge at Harwick?"
QUOTE = "The bridge at Harwick was opened in 1932 by Mayor Ellen Brandt."


@pytest.fixture
def docs(tmp_path):
    """A folder with three files, one of which holds no text."""
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "bridge.md").write_text(ARTICLES["bridge.md"])
    shutil.copy(SEED, folder / "syria.txt")
    (folder / "empty.txt").touch()
    return folder


@pytest.fixture
def own(tmp_path, docs, encoder):
    """A library of the folder, to be changed."""
    with Library(tmp_path / "library", Settings(), encoder=encoder) as opened:
        opened.add(docs)
    return tmp_path / "library"


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


def test_a_greeting_gets_a_reply(pincite, library):
    result = pincite("ask", "--library", library, "hello")
    assert result.exit_code == 0
    assert result.stdout.startswith("Hello. Ask a question, and the answer is quoted from ")


def test_where_an_article_appeared_is_said(pincite, library):
    result = pincite("ask", "--library", library, "Who urged the CIS countries to take part in the Syrian operation?")
    assert result.exit_code == 0
    assert "Eurasia Daily Monitor, volume 15, issue 96, ¶ " in result.stdout
    assert str(SEED) in result.stdout


def test_who_says_so_is_said(pincite, library):
    result = pincite("ask", "--library", library, "What did Foreign Minister Kairat Abdrakhmanov say about Kazakhstan?")
    assert "    Foreign Minister Kairat Abdrakhmanov, as cited in ¶ 5\n" in result.stdout


def test_something_else_is_not_found_and_the_nearest_are_shown(pincite, library):
    result = pincite("ask", "--library", library, "Which enzyme splits lactose?")
    assert result.exit_code == 1
    missing = "Nothing in them mentions “enzyme”, “splits”, “lactose”."
    assert result.stdout.startswith(f"The documents do not say this. {missing} Related passages:\n\n- ")
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
@pytest.mark.slow
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


@pytest.mark.slow
@pytest.mark.parametrize("question", ["谁开了桥?", "\x1b[31mred\x1b[0m", "--"], ids=ascii)
def test_questions_of_other_kinds(pincite, library, question):
    result = pincite("ask", "--library", library, "--", question)
    assert result.exit_code in (0, 1)
    assert "\x1b" not in result.stdout


def test_a_key_that_no_document_has_is_named(pincite, library):
    result = pincite("ask", "--library", library, "--where", "pubication=The Times", QUESTION)
    assert result.exit_code == 2
    said = " ".join(result.stderr.replace("│", " ").split())
    assert (
        "no document has 'pubication'; there are: doc_id, issue, language, publication, source, title, volume" in said
    )


@pytest.mark.slow
@pytest.mark.parametrize("date, code", [("2018-06-12", 0), ("2018-06", 0), ("2018", 0), ("2017", 1), ("2018-07", 1)])
def test_a_date_may_be_cut_short(pincite, tmp_path, encoder, date, code):
    with Library(tmp_path / "library", Settings(), encoder=encoder) as library:
        library.add(Document("bridge", "Bridge", ARTICLES["bridge.md"], metadata={"date": "2018-06-12"}))
    assert pincite("ask", "--library", tmp_path / "library", "--where", f"date={date}", QUESTION).exit_code == code


def test_a_higher_threshold_says_how_sure_it_is(pincite, library):
    result = pincite("ask", "--library", library, "--threshold", 1, QUESTION)
    assert result.exit_code == 1
    assert re.match(r"Not sure enough \(\d\d %; at least 100 % is asked for\)\. Closest passages:\n", result.stdout)
    assert QUOTE in result.stdout
    assert pincite("ask", "--library", library, "--threshold", 2, QUESTION).exit_code == 2


# --- search, show, chat


@pytest.mark.slow
def test_searching_lists_passages_with_their_sources(pincite, library, ready):
    result = pincite("search", "--library", library, "--k", 2, QUESTION)
    assert result.exit_code == 0
    assert result.stdout.startswith("1. ") and "\n2. " in result.stdout
    assert QUOTE in result.stdout and f"    Harwick Bridge, History, ¶ 1, {ready}/bridge.md\n" in result.stdout
    with Library(library) as held:
        expected = [asdict(hit) for hit in held.search(QUESTION, k=2)]
    found = json.loads(pincite("search", "--json", "--library", library, "--k", 2, QUESTION).stdout)
    assert found == json.loads(json.dumps(expected))


def test_a_document_is_shown_whole_or_around_a_paragraph(pincite, library):
    whole = pincite("show", "--library", library, SEED).stdout
    numbers = [line.split("]")[0] for line in whole.splitlines() if re.match(r"\[\d+\] ", line)]
    assert numbers == [f"[{number}" for number in range(1, len(numbers) + 1)] and len(numbers) >= 10
    part = pincite("show", "--library", library, SEED, "--paragraph", 3, "--around", 1).stdout
    assert part in whole
    assert [line.split("]")[0] for line in part.splitlines() if re.match(r"\[\d+\] ", line)] == ["[2", "[3", "[4"]
    assert pincite("show", "--library", library, "nothing").stderr == "pincite: not in the library: nothing\n"
    missing = pincite("show", "--library", library, SEED, "--paragraph", 99)
    assert (missing.exit_code, missing.stderr) == (1, f"pincite: no paragraph 99 in {SEED}\n")


def test_a_chat_leans_on_what_was_asked(pincite, library):
    asked = "What did Kazakhstan say about deploying troops to Syria?\nAnd Kyrgyzstan?\n\nnever asked\n"
    result = pincite("chat", "--library", library, stdin=asked)
    assert (result.exit_code, result.stderr) == (0, "")
    assert "\nSearched for " in result.stdout and "no information" in result.stdout
    assert "never asked" not in result.stdout


def test_a_chat_goes_on_after_what_cannot_be_asked(pincite, library):
    result = pincite("chat", "--library", library, stdin=f"{'why ' * 1001}\n{QUESTION}\n")
    assert "at most 4,000 characters" in result.stderr
    assert QUOTE in result.stdout


# --- add, remove, list, info


@pytest.mark.slow
def test_adding_reports_and_goes_on(pincite, docs, tmp_path):
    """Added, unchanged, replaced, failed; and the exit code says whether something failed."""
    library = tmp_path / "library"
    result = pincite("add", "--library", library, docs, tmp_path / "none.txt")
    assert result.exit_code == 1
    assert result.stdout.splitlines() == [
        "2 added, 0 unchanged, 0 replaced, 2 failed",
        f"failed: {tmp_path}/none.txt: does not exist",
        f"failed: {docs}/empty.txt: is empty",
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
    assert records[1]["metadata"] == {
        "publication": "Eurasia Daily Monitor",
        "volume": "15",
        "issue": "96",
        "language": "en",
    }


def test_info_says_what_could_not_be_read(pincite, own, docs):
    shown = pincite("info", "--library", own).stdout
    assert "coverage    2 of 3 documents searchable; 1 failed\n" in shown
    assert shown.endswith(f"failed: {docs}/empty.txt: is empty\n")
    record = json.loads(pincite("info", "--json", "--library", own).stdout)
    assert record["coverage"] == {"known": 3, "failed": 1, "searchable": 2}
    assert record["failures"] == {str(docs / "empty.txt"): "is empty"}


# --- verify


def test_verifying_the_library(pincite, own, docs):
    result = pincite("verify", "--library", own)
    assert (result.exit_code, result.stdout) == (0, "the library is whole; 2 of 2 files are as they were read\n")
    (docs / "bridge.md").write_text("Something else.")
    (docs / "syria.txt").unlink()
    result = pincite("verify", "--library", own)
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    assert {"  -# Harwick Bridge", "  +Something else."} < set(lines)
    assert [line for line in lines if not line.startswith("  ")] == [
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
