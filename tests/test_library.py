import json
import os
import re
import shutil
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from articles import ARTICLES, QUESTIONS, SEED
from fakes import HashedEncoder

from retrieval import Citation, Document, Library, Settings, Turn
from retrieval.conversation import LONGEST_QUESTION
from retrieval.errors import EncoderMismatchError, LibraryError, QuestionError

MEMORY = [Document(name, name.title(), text) for name, text in ARTICLES.items() if "." not in name]


@pytest.fixture
def bees(tmp_path):
    """A file with its text."""
    path = tmp_path / "bees.txt"
    path.write_text("Bees shiver in winter. They eat honey.")
    return path


@pytest.fixture
def cited(hashed, bees):
    """A citation of the file."""
    hashed.add(bees)
    (citation,) = hashed.ask("bees shiver winter").citations
    assert citation.quote == "Bees shiver in winter."
    return citation


# --- verify: promise 4


def test_a_citation_is_valid_while_its_file_is_as_it_was(hashed, cited, bees):
    assert hashed.verify(cited) == "valid"
    os.utime(bees, (1, 1))
    assert hashed.verify(cited) == "valid"


@pytest.mark.parametrize("text", ["Bees shiver in summer.", "Bees shiver in winter. They eat honey. ", "", "\x00"])
def test_a_citation_of_another_text_is_changed(hashed, cited, bees, text):
    bees.write_text(text)
    assert hashed.verify(cited) == "changed"


def test_a_citation_without_its_file_is_missing(hashed, cited, bees):
    bees.unlink()
    assert hashed.verify(cited) == "missing"
    bees.mkdir()
    assert hashed.verify(cited) == "missing"


def test_a_citation_that_was_tampered_with_is_changed(hashed, cited):
    for change in ({"quote": "Bees dance."}, {"start": 1}, {"end": 3}, {"sha256": "ab"}, {"start": -5}, {"end": 10**9}):
        assert hashed.verify(replace(cited, **change)) == "changed", change


def test_a_citation_survives_json(hashed, cited):
    record = json.loads(json.dumps(hashed.ask("bees shiver winter").to_dict()))
    assert Citation.from_dict(record["citations"][0]) == cited
    assert record["coverage"] == {"known": 1, "failed": 0, "searchable": 1}
    assert len(cited.sha256) == 64


def test_a_document_made_in_memory_is_compared_with_what_is_stored(hashed):
    hashed.add(Document("d", "Bees", "Bees shiver in winter."))
    (citation,) = hashed.ask("bees shiver").citations
    assert hashed.verify(citation) == "valid"
    hashed.add(Document("d", "Bees", "Bees shiver in winter. Always."))
    assert hashed.verify(citation) == "changed"
    hashed.remove("d")
    assert hashed.verify(citation) == "missing"


def test_the_whole_library_is_compared_with_its_files(hashed, tmp_path):
    for name in ("a", "b", "c"):
        (tmp_path / f"{name}.txt").write_text(f"Text {name}.")
    hashed.add([*tmp_path.glob("*.txt"), Document("d", text="In memory.")])
    (tmp_path / "b.txt").write_text("Another text.")
    (tmp_path / "c.txt").unlink()
    states = {document.title: state for document, state in hashed.verify_sources()}
    assert states == {"a": "valid", "b": "changed", "c": "missing"}


# --- documents


def test_documents_can_be_read_and_removed(hashed, bees):
    hashed.add([bees, *MEMORY])
    listed = hashed.documents()
    assert [document.title for document in listed] == ["bees", "Lighthouse", "Glacier", "Bakery", "Library"]
    assert {document.text for document in listed} == {""}
    assert hashed.document("glacier").text == ARTICLES["glacier"]
    assert hashed.document("unknown") is None
    assert hashed.remove("glacier", "unknown", "glacier") == ["glacier"]
    assert hashed.remove(str(bees)) == [listed[0].doc_id]
    assert hashed.search("glacier")
    assert all(hit.passage.doc_id != "glacier" for hit in hashed.search("glacier marker stone"))
    assert hashed.info()["documents"] == 3


def test_a_folder_is_removed_with_what_is_below_it(hashed, tmp_path):
    for path in (tmp_path / "docs" / "sub" / "a.txt", tmp_path / "docs" / "b.txt", tmp_path / "docs2" / "c.txt"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"Text {path.name}.")
    (tmp_path / "docs" / "empty.txt").touch()
    hashed.add([tmp_path / "docs", tmp_path / "docs2"])
    removed = hashed.remove(str(tmp_path / "docs"))
    assert len(removed) == 3
    assert str(tmp_path / "docs" / "empty.txt") in removed
    assert [document.title for document in hashed.documents()] == ["c"]
    assert str(hashed.coverage()) == "1 of 1 document searchable"


def test_a_second_file_of_a_document_can_be_named(hashed, bees, tmp_path):
    shutil.copy(bees, tmp_path / "copy.txt")
    hashed.add([bees, tmp_path / "copy.txt"])
    assert hashed.remove(str(tmp_path / "copy.txt")) == [str(tmp_path / "copy.txt")]
    assert [document.source for document in hashed.documents()] == [str(bees)]
    assert len(hashed.remove(str(bees))) == 1
    assert hashed.documents() == []


def test_info(hashed, bees):
    hashed.add([bees, *MEMORY])
    facts = hashed.info()
    assert facts.pop("bytes") == sum(path.stat().st_size for path in hashed.path.iterdir())
    assert facts == {
        "path": str(hashed.path),
        "documents": 5,
        "passages": 5,
        "failed": 0,
        "encoder": "hashed-words",
        "generation": 1,
    }


# --- opening


def test_what_was_added_is_there_again(tmp_path):
    with Library(tmp_path / "library", Settings(threshold=0.0), encoder=HashedEncoder()) as library:
        library.add(MEMORY)
        before = library.ask("When is the glacier measured?")
    assert sorted(path.name for path in (tmp_path / "library").iterdir()) == ["library.db", "vectors.faiss"]
    with Library(tmp_path / "library", Settings(threshold=0.0), encoder=HashedEncoder()) as library:
        assert replace(library.ask("When is the glacier measured?"), timings=before.timings) == before


def test_a_closed_library_may_be_asked_again(hashed):
    hashed.add(MEMORY)
    hashed.close()
    hashed.close()
    assert hashed.ask("glacier measured").found


def test_another_encoder_is_refused_and_nothing_is_lost(tmp_path):
    with Library(tmp_path / "library", encoder=HashedEncoder("one")) as library:
        library.add(MEMORY)
    with Library(tmp_path / "library", encoder=HashedEncoder("two")) as library:
        expected = f"{tmp_path}/library was built with encoder one, but two is set; set PINCITE_MODEL to .* new library"
        for refused in (lambda: library.search("bees"), lambda: library.ask("bees"), lambda: library.add(SEED)):
            with pytest.raises(EncoderMismatchError, match=expected):
                refused()
        assert len(library.documents()) == len(MEMORY), "what needs no model still works"
    with Library(tmp_path / "library", encoder=HashedEncoder("one")) as library:
        assert library.search("glacier")[0].passage.doc_id == "glacier"


def test_a_file_is_no_library(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(LibraryError, match=f"{tmp_path}/file is a file; a library is a folder"):
        Library(tmp_path / "file")


def test_a_library_is_not_made_where_one_is_expected(tmp_path):
    with pytest.raises(LibraryError, match="holds no library; make one with: pincite add --library"):
        Library(tmp_path / "none", create=False)
    assert not (tmp_path / "none").exists()


def test_the_home_folder_may_be_abbreviated(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    with Library("~/library", encoder=HashedEncoder()) as library:
        assert library.path == tmp_path / "library"


# --- questions


@pytest.mark.parametrize("question", ["", " \n\t", None, 7], ids=repr)
def test_an_empty_question_is_refused(hashed, question):
    with pytest.raises(QuestionError, match="the question is empty; ask something"):
        hashed.ask(question)


def test_a_question_without_end_is_refused(hashed):
    expected = r"the question has 50,000 characters \(10,000 words\); at most 4,000 characters can be asked at once"
    with pytest.raises(QuestionError, match=expected):
        hashed.ask("word " * 10_000)
    hashed.ask("x" * LONGEST_QUESTION)


def test_a_follow_up_in_both_forms(hashed):
    hashed.add(MEMORY)
    for history in (
        [Turn("Who kept the lighthouse?", "Jonas")],
        [{"role": "user", "content": "Who kept the lighthouse?"}],
    ):
        assert hashed.ask("And where?", history=history).asked_as == "Who kept the lighthouse? And where?"
    assert (
        hashed.ask("How old is the sourdough starter?", history=history).asked_as == "How old is the sourdough starter?"
    )


def test_an_answer_says_how_long_it_took_and_what_it_covers(hashed, tmp_path):
    (tmp_path / "empty.txt").touch()
    hashed.add([*MEMORY, tmp_path / "empty.txt"])
    answer = hashed.ask("glacier")
    assert str(answer.coverage) == "4 of 5 documents searchable; 1 failed"
    assert set(answer.timings) >= {"search", "answer"}
    assert all(0 < value < 60_000 for value in answer.timings.values())


def test_the_threshold_decides_what_is_found(tmp_path):
    for threshold, found in ((0.0, True), (1.0, False)):
        with Library(tmp_path / "library", Settings(threshold=threshold), encoder=HashedEncoder()) as library:
            library.add(MEMORY)
            answer = library.ask("When is the glacier measured?")
        assert (answer.found, bool(answer.citations), bool(answer.passages)) == (found, found, True)


# --- several at once


@pytest.mark.slow
def test_threads_get_the_answers_that_one_gets(asked):
    expected = {question: asked.ask(question).citations for question in QUESTIONS}
    found, errors = {}, []

    def ask(questions):
        try:
            found.update({question: asked.ask(question).citations for question in questions})
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=ask, args=(QUESTIONS[number::6],)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert found == expected


def test_threads_that_come_and_go_leave_no_files_open(hashed):
    hashed.add(MEMORY)
    hashed.search("bees")
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(60):
        thread = threading.Thread(target=hashed.search, args=("bees",))
        thread.start()
        thread.join()
    assert len(list(Path("/proc/self/fd").iterdir())) <= before + 3


@pytest.mark.slow
def test_one_thread_adds_while_others_ask(hashed):
    errors, done = [], threading.Event()

    def ask():
        while not done.is_set():
            try:
                for citation in hashed.ask("bees number 7").citations:
                    assert re.fullmatch(r"(Bees number \d+ shiver\.)?\s?(They eat\.)?", citation.quote)
            except BaseException as error:
                errors.append(error)

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    for number in range(40):
        hashed.add(Document(f"d{number % 10}", "Bees", f"Bees number {number} shiver. They eat."))
    done.set()
    for thread in threads:
        thread.join()
    assert errors == []
    assert len(hashed.documents()) == 10
