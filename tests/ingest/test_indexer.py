import hashlib
import os
import re
import shutil
import unicodedata
from pathlib import Path

import numpy as np
import pytest
from articles import SEED
from encoders import CountingEncoder
from fakes import HashedEncoder

from retrieval import Document, Library, Settings
from retrieval.ingest.indexer import Failure, Report


@pytest.fixture
def folder(tmp_path):
    """Three files that can be read and three that cannot."""
    root = tmp_path / "docs"
    (root / "sub").mkdir(parents=True)
    (root / "a.txt").write_text("Bees shiver.")
    (root / "b.md").write_text("# Tea\n\nGreen tea is green.")
    (root / "sub" / "c.txt").write_text("Ice melts.")
    (root / "empty.txt").touch()
    (root / "picture.txt").write_bytes(b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR")
    (root / "video.xyz").write_bytes(b"film")
    return root


@pytest.fixture
def library(tmp_path):
    with Library(tmp_path / "library", Settings(threshold=0.0), encoder=CountingEncoder()) as opened:
        yield opened


def counts(report):
    return len(report.added), len(report.unchanged), len(report.replaced), len(report.failed)


def titles(library):
    return sorted(document.title for document in library.documents())


def later(path, text):
    """Change a file as if time had passed."""
    path.write_text(text)
    os.utime(path, ns=(10**18, 10**18 + len(text)))


# --- reports


def test_a_folder_is_added_and_what_failed_is_said(library, folder):
    report = library.add(folder)
    assert counts(report) == (3, 0, 0, 3)
    assert titles(library) == ["Tea", "a", "c"]
    failed = {Path(failure.source).name: failure.reason for failure in report.failed}
    assert failed["empty.txt"] == "is empty"
    assert failed["picture.txt"].startswith("is a PNG picture (.png), not a .txt file")
    assert failed["video.xyz"].startswith("files of type .xyz are not read")
    assert str(report) == "3 added, 0 unchanged, 0 replaced, 3 failed"
    assert str(library.coverage()) == "3 of 6 documents searchable; 3 failed"
    assert library.failures() == {failure.source: failure.reason for failure in report.failed}


def test_the_same_again_changes_nothing_and_encodes_nothing(library, folder):
    library.add(folder)
    generation, encoded = library.info()["generation"], library._given_encoder.encoded
    report = library.add(folder)
    assert counts(report) == (0, 3, 0, 3)
    assert (library.info()["generation"], library._given_encoder.encoded) == (generation, encoded)


def test_unchanged_files_are_not_even_opened(library, folder):
    library.add(folder)
    before = (folder / "a.txt").stat()
    (folder / "a.txt").write_text("Bees xhiver.")
    os.utime(folder / "a.txt", ns=(before.st_atime_ns, before.st_mtime_ns))
    assert counts(library.add(folder / "a.txt")) == (0, 1, 0, 0)


def test_a_touched_file_is_unchanged(library, folder):
    library.add(folder)
    os.utime(folder / "a.txt", ns=(1, 1))
    assert counts(library.add(folder / "a.txt")) == (0, 1, 0, 0)
    assert library._given_encoder.encoded == 3


def test_a_changed_file_replaces_its_earlier_version(library, folder):
    library.add(folder)
    later(folder / "a.txt", "Wasps do not.")
    report = library.add(folder)
    assert counts(report) == (0, 2, 1, 3)
    assert [hit.passage.text for hit in library.search("wasps", 1)] == ["Wasps do not."]
    assert not [hit for hit in library.search("bees", 9) if "shiver" in hit.passage.text]
    assert library.info()["documents"] == 3


def test_only_what_is_new_in_a_changed_document_is_encoded(library):
    encoder = library._given_encoder
    library.add(Document("d", "Bees", "They shiver. All winter.\n\nThey eat honey.\n\nThey eat honey."))
    assert encoder.encoded == 2
    library.add(Document("d", "Bees", "They eat honey.\n\nThey sleep.\n\nThey shiver. All winter."))
    assert encoder.encoded == 3
    answers = {question: library.ask(question).citations[0].quote for question in ("honey", "sleep", "shiver")}
    assert answers == {"honey": "They eat honey.", "sleep": "They sleep.", "shiver": "They shiver."}
    library.add(Document("d", "Wasps", "They eat honey."))  # the title is read with every passage
    assert encoder.encoded == 4


def test_vectors_that_are_used_again_stay_as_they_are(library, tmp_path):
    before, after = (
        Document("d", "Bees", "They shiver. All winter."),
        Document("d", "Bees", "Well!\n\nThey shiver. All winter."),
    )
    library.add(before)
    library.add(after)
    with Library(tmp_path / "anew", encoder=CountingEncoder()) as anew:
        anew.add(after)
        (kept,), (made,) = (each.backend.passages.candidates([number]) for each, number in ((library, 3), (anew, 2)))
        assert (kept.passage, kept.vector.tolist()) == (made.passage, made.vector.tolist())
        np.testing.assert_allclose(kept.sentence_vectors, made.sentence_vectors, rtol=1e-6)
        for own, other in zip(
            library.backend.passages.tokens([3])[3], anew.backend.passages.tokens([2])[2], strict=True
        ):
            np.testing.assert_array_equal(own, other)


def test_two_files_of_the_same_content_are_one_document(library, folder):
    shutil.copy(folder / "a.txt", folder / "z.txt")
    report = library.add(folder)
    assert counts(report) == (3, 1, 0, 3)
    assert library.coverage().searchable == 4
    later(folder / "a.txt", "Wasps.")
    library.add(folder)
    assert titles(library) == ["Tea", "a", "c", "z"]
    assert library.search("bees shiver", 1)[0].passage.text == "Bees shiver."


def test_a_document_of_two_files_outlives_the_removal_of_one(library, folder):
    shutil.copy(folder / "a.txt", folder / "z.txt")
    library.add(folder)
    assert library.remove(str(folder / "a.txt")) == [str(folder / "a.txt")]
    assert [(document.title, document.source) for document in library.documents() if document.title == "z"] == [
        ("z", str(folder / "z.txt"))
    ]
    assert library.ask("bees shiver").citations[0].source == str(folder / "z.txt")
    (doc_id,) = library.remove(str(folder / "z.txt"))
    assert library.document(doc_id) is None
    assert library.remove(str(folder / "z.txt")) == []


def test_a_folder_is_removed_with_all_that_only_it_holds(library, folder):
    shutil.copy(folder / "a.txt", folder / "sub" / "copy.txt")
    library.add([folder, Document("m", "Memory", "Kept in memory.")])
    removed = library.remove(str(folder / "sub"))
    assert len(removed) == 2 and str(folder / "sub" / "copy.txt") in removed
    assert titles(library) == ["Memory", "Tea", "a"]
    assert sorted(library.remove(str(folder))) == sorted(
        [
            *(str(folder / name) for name in ("empty.txt", "picture.txt", "video.xyz")),
            *removed_ids(folder, "a.txt", "b.md"),
        ]
    )
    assert titles(library) == ["Memory"]
    assert library.coverage().known == 1


def removed_ids(folder, *names):
    return [hashlib.sha256((folder / name).read_bytes()).hexdigest()[:16] for name in names]


def test_a_citation_is_valid_as_long_as_a_file_holds_it(library, folder):
    shutil.copy(folder / "a.txt", folder / "z.txt")
    library.add(folder)
    citation = library.ask("bees shiver").citations[0]
    (folder / "a.txt").unlink()
    assert library.verify(citation) == "valid"
    (folder / "z.txt").unlink()
    assert library.verify(citation) == "missing"


def test_a_file_that_was_emptied_answers_no_more(library, folder):
    library.add(folder)
    later(folder / "a.txt", "\n")
    assert [failure.reason for failure in library.add(folder / "a.txt").failed] == ["holds no text"]
    assert titles(library) == ["Tea", "c"]
    assert library.failures()[str(folder / "a.txt")] == "holds no text"
    assert all("Bees" not in hit.passage.text for hit in library.search("bees shiver", 9))
    later(folder / "a.txt", "Bees shiver again.")
    assert counts(library.add(folder / "a.txt")) == (1, 0, 0, 0)


def test_names_may_be_given_in_either_spelling_of_accents(library, tmp_path):
    path = tmp_path / unicodedata.normalize("NFD", "Übersicht.txt")
    path.write_text("Bees shiver.")
    report = library.add(tmp_path / "Übersicht.txt")
    assert counts(report) == (1, 0, 0, 0)
    assert titles(library) == ["Übersicht"]
    assert library.remove(str(tmp_path / "Übersicht.txt")) == report.added


def test_a_moved_file_keeps_its_document(library, folder):
    library.add(folder)
    (folder / "a.txt").rename(folder / "sub" / "moved.txt")
    report = library.add(folder)
    assert counts(report) == (0, 3, 0, 3)
    answer = library.ask("bees shiver")
    assert answer.citations[0].source == str(folder / "sub" / "moved.txt")
    assert library.verify(answer.citations[0]) == "valid"
    assert library.coverage().known == 6


def test_a_file_that_becomes_unreadable_keeps_its_earlier_version(library, folder):
    library.add(folder)
    later(folder / "a.txt", "\x00\x01\x02")
    report = library.add(folder / "a.txt")
    assert counts(report) == (0, 0, 0, 1)
    assert library.failures()[str(folder / "a.txt")].startswith("is binary")
    answer = library.ask("bees shiver")
    assert answer.citations[0].quote == "Bees shiver."
    assert library.verify(answer.citations[0]) == "changed"
    later(folder / "a.txt", "Wasps do not.")
    assert counts(library.add(folder / "a.txt")) == (0, 0, 1, 0)
    assert str(folder / "a.txt") not in library.failures()


def test_a_failed_file_is_tried_again_and_then_counts(library, folder):
    library.add(folder)
    (folder / "empty.txt").write_text("Now it holds text.")
    assert counts(library.add(folder)) == (1, 3, 0, 2)
    assert library.coverage().failed == 2


def test_a_failed_file_that_is_gone_is_forgotten(library, folder):
    library.add(folder)
    (folder / "video.xyz").unlink()
    library.add(folder)
    assert (library.coverage().known, library.coverage().failed) == (5, 2)


def test_a_limit_that_is_raised_lets_a_file_in(folder, tmp_path):
    with Library(tmp_path / "library", Settings(max_file_bytes=5), encoder=HashedEncoder()) as library:
        failure = library.add(folder / "a.txt").failed[0]
    assert failure.reason.endswith("are read (set PINCITE_MAX_FILE_MB to change it)")
    with Library(tmp_path / "library", Settings(), encoder=HashedEncoder()) as library:
        assert counts(library.add(folder / "a.txt")) == (1, 0, 0, 0)
        assert library.coverage().failed == 0


def test_progress_names_everything_once_in_order(library, folder):
    seen = []
    library.add([folder, Document("d1", "One", "Two.")], progress=lambda *call: seen.append(call))
    assert [(done, total) for done, total, _ in seen] == [(number, 7) for number in range(1, 8)]
    names = {Path(name).name for _, _, name in seen}
    assert names == {"a.txt", "b.md", "c.txt", "empty.txt", "picture.txt", "video.xyz", "d1"}


def test_what_progress_named_is_there(library, tmp_path):
    """Acknowledged means stored: another process sees it at that moment."""
    other = Library(tmp_path / "library", encoder=HashedEncoder())
    missing = []

    def look(_done, _total, name):
        missing.extend([] if other.document(name) else [name])

    library.add([Document(f"d{number}", "", f"Bees {number}. " * 400) for number in range(20)], progress=look)
    assert missing == []
    assert len(other.documents()) == 20


# --- documents made in memory


def test_documents_replace_their_namesakes(library):
    assert counts(library.add(Document("d1", "One", "First."))) == (1, 0, 0, 0)
    assert counts(library.add(Document("d1", "One", "First."))) == (0, 1, 0, 0)
    assert counts(library.add(Document("d1", "One", "Second."))) == (0, 0, 1, 0)
    assert counts(library.add(Document("d1", "Uno", "Second."))) == (0, 0, 1, 0)
    assert counts(library.add(Document("d1", "Uno", "Second.", metadata={"year": 2018}))) == (0, 0, 1, 0)
    assert [document.title for document in library.documents()] == ["Uno"]


def test_the_last_of_namesakes_given_together_counts(library):
    library.add([Document("d1", "One", "First."), Document("d1", "One", "Second.")])
    assert library.document("d1").text == "Second."


@pytest.mark.parametrize(
    "document, reason",
    [
        (Document("", "T", "Text."), "needs a doc_id"),
        (Document("d1", "T", " \n"), "holds no text"),
        (Document("d1", None, "Text."), "needs a doc_id, title and text of type str"),
        (Document("d1", "T", "half \ud83d"), "holds half of a surrogate pair"),
        (Document("d1", "T", "Text.", metadata={"year": None}), "metadata 'year' is None; expected"),
        (Document("d1", "T", "Text.", metadata={"tags": ["a"]}), r"metadata 'tags' is \['a'\]; expected"),
        (
            Document("d1", "T", "Text.", metadata={"score": float("nan")}),
            "metadata 'score' is nan; expected text, a finite number",
        ),
        (Document("d1", "T", "Text.", metadata={1: "a"}), "metadata 1 is 'a'; expected"),
        (Document("d1", "T", "Text.", metadata={"a": "\ud83d"}), "hold half of a surrogate pair"),
        (Document("d1", "T", "Text.", source=Path("/a")), "source is .*; expected text or None"),
    ],
    ids=range(10),
)
def test_a_document_that_cannot_be_stored_says_why_and_stops_nothing(library, document, reason):
    report = library.add([Document("good", "", "Bees."), document, Document("better", "", "Tea.")])
    assert report.added == ["good", "better"]
    (failure,) = report.failed
    assert isinstance(failure, Failure)
    assert library.coverage().failed == 0, "there is no file that could be read later"
    assert re.search(reason, failure.reason)


# --- odd paths


def test_paths_of_every_kind(library, folder, monkeypatch):
    monkeypatch.chdir(folder)
    assert counts(library.add("a.txt")) == (1, 0, 0, 0)
    assert counts(library.add(Path("a.txt"))) == (0, 1, 0, 0)
    assert counts(library.add([str(folder / "a.txt"), "./a.txt", folder / "b.md"])) == (1, 1, 0, 0)
    assert library.add([]) == Report()


def test_what_is_not_there_is_said(library, tmp_path):
    (tmp_path / "hollow").mkdir()
    given = [tmp_path / "no.txt", tmp_path / "hollow", "nul\x00.txt", "~nobody-here/a.txt"]
    report = library.add([*given, SEED])
    reasons = [failure.reason for failure in report.failed]
    assert reasons[:2] == ["does not exist", "holds no files that can be read"]
    assert reasons[2] == "a path is 'nul\\x00.txt'; expected the name of a file or folder"
    assert "home" in reasons[3]
    assert len(report.added) == 1


def test_a_name_that_is_not_text_is_said(library, tmp_path):
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "good.txt").write_text("Bees.")
    Path(os.fsdecode(os.fsencode(tmp_path / "docs") + b"/b\xff.txt")).write_text("Tea.")
    report = library.add(tmp_path / "docs")
    assert counts(report) == (1, 0, 0, 1)
    assert "is not valid text" in report.failed[0].reason
    assert library.coverage().failed == 1


def test_a_library_inside_the_folder_is_not_read(folder):
    with Library(folder / "library", encoder=HashedEncoder()) as library:
        assert counts(library.add(folder)) == (3, 0, 0, 3)
