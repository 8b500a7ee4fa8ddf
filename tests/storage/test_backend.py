"""What every place where a library is kept must do: a folder, and Milvus Lite's real server."""

import numpy as np
import pytest
from engines import opened, patient
from fakes import HashedEncoder, about_bees, numbered, prepare

from retrieval import Library
from retrieval.errors import LibraryDamagedError
from retrieval.records import Coverage, Document
from retrieval.storage.base import FileState, IndexedDocument
from retrieval.storage.local.backend import LocalBackend

ENCODER = HashedEncoder()


def from_file(doc_id, path, text="Bees shiver. They eat honey.", title=None):
    return prepare(Document(doc_id, path.split("/")[-1] if title is None else title, text, path), (10, 1))


def names(backend):
    return [document.doc_id for document, _ in backend.documents.all()]


# --- documents


@pytest.mark.parametrize("text", ["Bees 🐝 shiver. 𝒜 lot.", "A\x00B. Then \u200b more.", "Honey é is sweet. " * 2500])
def test_a_document_comes_back_as_it_was(backend, text):
    given = about_bees(
        text=text, source="/a/bees.txt", metadata={"issue": "96", "größe": 1.5, "open": True}, sha256="ab"
    )
    backend.documents.add([prepare(given)])
    assert backend.documents.get("a1") == given
    assert backend.documents.header("a1") == about_bees(
        text="", source=given.source, metadata=given.metadata, sha256="ab"
    )
    assert backend.documents.hashes(["a1", "b2"]) == {"a1": "ab"}
    spans = [(0, 1), (5, 9), (15_990, 16_010), (15_999, 32_001), (len(text) - 3, len(text))]
    assert [backend.documents.text_at("a1", *span) for span in spans] == [text[slice(*span)] for span in spans]


def test_what_is_not_there_is_none(backend):
    assert (backend.documents.get("b2"), backend.documents.header("b2"), backend.documents.text_at("b2", 0, 1)) == (
        None,
        None,
        None,
    )
    assert backend.documents.indexed(["b2"]) == []
    assert (
        backend.passages.of_document("b2", 0, None) == backend.documents.remove(["b2"]) == backend.documents.all() == []
    )
    found, scores = backend.passages.find(["bees"], ENCODER.question("bees").vector, 9, {})
    assert (list(found), scores) == ([], {})
    assert backend.passages.bm25(["bees"], 9, {}) == backend.passages.document_frequencies(["bee"]) == {}


def test_a_document_without_words_is_kept(backend):
    backend.documents.add([IndexedDocument(about_bees(text="* * *"), [], [])])
    assert backend.documents.get("a1") == about_bees(text="* * *")
    assert [count for _, count in backend.documents.all()] == [0]
    assert backend.documents.paragraphs() == {}


def test_passages_come_back_with_their_vectors(backend):
    given = prepare(about_bees())
    backend.documents.add([given])
    (found,) = backend.documents.indexed(["b2", "a1"])
    assert (found.document, list(found.passages)) == (given.document, list(given.passages))
    for made, kept in zip(given.vectors, found.vectors, strict=True):
        np.testing.assert_allclose(kept.vector, made.vector, atol=1 / 254)
        np.testing.assert_allclose(kept.sentences, made.sentences, atol=1 / 60)
        np.testing.assert_array_equal(kept.token_bits, made.token_bits)
        np.testing.assert_array_equal(kept.token_sentences, made.token_sentences)
    assert backend.passages.of_document("a1", 0, None) == list(given.passages)
    assert [p.start for p in backend.passages.of_document("a1", 45, 46)] == [given.passages[1].start]
    assert backend.documents.paragraphs() == {"a1": 2}


def test_a_namesake_replaces(backend):
    backend.documents.add([prepare(about_bees())])
    backend.documents.add([prepare(about_bees(text="Ants do."))])
    assert backend.documents.get("a1").text == "Ants do."
    assert len(backend.passages.bm25(["bees", "colony"], 9, {})) == 1  # the title
    assert backend.passages.bm25(["honey"], 9, {}) == {}
    assert (backend.documents.count(), backend.passages.count()) == (1, 1)


def test_documents_are_in_the_order_of_adding(backend):
    backend.documents.add([prepare(numbered(number, 0)) for number in (2, 0, 1)])
    backend.documents.add([prepare(numbered(2, 1))])
    assert names(backend) == ["d0", "d1", "d2"]


def test_adding_twice_is_adding_once(backend):
    for _ in range(2):
        backend.documents.add([prepare(numbered(1, 0)), prepare(numbered(2, 0))])
    assert (backend.documents.count(), backend.passages.count()) == (2, 12)
    backend.check()


def test_removing_leaves_nothing_behind(backend):
    backend.documents.add([prepare(about_bees()), from_file("b2", "/docs/b.txt")])
    assert backend.documents.remove(["a1", "c3", "b2"]) == ["a1", "b2"]
    assert [part.count() for part in (backend.documents, backend.passages, backend.files)] == [0, 0, 0]
    assert backend.passages.bm25(["honey", "bees"], 9, {}) == backend.files.all() == {}
    assert backend.files.coverage() == Coverage(0, 0)


# --- files


def test_files_are_remembered_with_their_documents(backend):
    backend.documents.add([from_file("a1", "/d/a.txt"), prepare(about_bees("m1"))])
    backend.files.fail("/d/broken.pdf", "not a PDF", 7, 8)
    backend.files.fail("/d/a.txt", "gone", 9, 9)
    assert backend.files.all() == {
        "/d/a.txt": FileState(9, 9, "a1", "gone"), "/d/broken.pdf": FileState(7, 8, None, "not a PDF"),
    }  # fmt: skip
    assert backend.files.coverage() == Coverage(3, 2)
    backend.files.forget(["/d/broken.pdf", "/d/a.txt", "/d/none"])
    assert list(backend.files.all()) == ["/d/a.txt"]


def test_a_changed_file_replaces_its_document(backend):
    backend.documents.add([from_file("a1", "/d/a.txt")])
    backend.documents.add([from_file("a2", "/d/a.txt", "Ants march.")])
    assert names(backend) == ["a2"]
    assert backend.files.all() == {"/d/a.txt": FileState(10, 1, "a2", "")}
    backend.documents.add([from_file("a1", "/d/a.txt")])  # and back
    assert names(backend) == ["a1"]
    assert backend.passages.count() == 1


def test_a_document_stays_while_a_file_holds_it(backend):
    backend.documents.add([from_file("a1", "/d/a.txt")])
    backend.files.rearrange({"/d/b.txt": FileState(10, 1, "a1", "")}, [])
    backend.documents.add([from_file("a2", "/d/a.txt", "Ants march.")])
    assert sorted(names(backend)) == ["a1", "a2"]
    assert backend.documents.header("a1").source == "/d/b.txt"


def test_a_moved_file_takes_its_document_with_it(backend):
    backend.documents.add([from_file("a1", "/d/my-bees.txt", title="my-bees")])
    backend.files.rearrange({"/e/old-hive.txt": FileState(10, 2, "a1", "")}, ["/d/my-bees.txt"])
    assert (backend.documents.header("a1").source, backend.documents.header("a1").title) == (
        "/e/old-hive.txt",
        "old-hive",
    )
    assert backend.files.all() == {"/e/old-hive.txt": FileState(10, 2, "a1", "")}
    assert len(backend.passages.bm25(["hive"], 9, {})) == 1  # it is found by its new title
    assert backend.documents.get("a1").text == "Bees shiver. They eat honey."
    backend.files.rearrange({}, ["/e/old-hive.txt"])
    assert (names(backend), backend.files.all(), backend.passages.count()) == ([], {}, 0)


# --- the library as a whole


def test_facts_are_recorded_once(backend):
    assert backend.facts.get("encoder") is None
    backend.facts.record("encoder", "first")
    backend.facts.record("encoder", "second")
    assert backend.facts.get("encoder") == "first"


def test_every_write_makes_the_generation_grow(backend):
    seen = [backend.facts.generation()]
    for write in (
        lambda: backend.documents.add([from_file("a1", "/d/a.txt")]), lambda: backend.files.rearrange({}, ["/d/a.txt"]),
        lambda: backend.documents.add([prepare(about_bees())]), lambda: backend.documents.remove(["a1"]),
    ):  # fmt: skip
        write()
        seen.append(backend.facts.generation())
    assert seen == sorted(set(seen))


def test_judgements_are_kept_in_order(backend):
    backend.facts.add_feedback("Who?", True, ["He “did” 🐝."], False, "no")
    backend.facts.add_feedback("When?", False, [], True, "")
    assert [fields for _, *fields in backend.facts.feedback()] == [
        ["Who?", True, ["He “did” 🐝."], False, "no"], ["When?", False, [], True, ""],
    ]  # fmt: skip


# --- through the library


@pytest.fixture
def library(place):
    with Library(place, patient(), encoder=ENCODER) as made:
        yield made


def test_a_library_adds_asks_verifies_and_removes(library, tmp_path):
    folder = tmp_path / "articles"
    folder.mkdir()
    (folder / "bees.txt").write_text("Honey bees do not hibernate.\n\nA colony eats 30 pounds of honey.")
    (folder / "broken.pdf").write_text("no PDF")
    report = library.add([folder, numbered(1, 0)])
    assert (len(report.added), len(report.failed)) == (2, 1)
    answer = library.ask("How many pounds of honey?")
    assert answer.citations[0].quote == "A colony eats 30 pounds of honey."
    assert [library.verify(citation) for citation in answer.citations] == ["valid"] * len(answer.citations)
    assert (answer.coverage.known, answer.coverage.failed) == (3, 1)
    assert str(library.add([folder])) == "0 added, 1 unchanged, 0 replaced, 1 failed"
    (folder / "bees.txt").write_text("Honey bees do not hibernate.\n\nA colony eats 40 pounds of honey.")
    assert library.verify(answer.citations[0]) == "changed"
    assert str(library.sync(folder)) == "0 added, 0 unchanged, 1 replaced, 0 moved, 0 removed, 1 failed"
    assert library.ask("How many pounds of honey?").citations[0].quote == "A colony eats 40 pounds of honey."
    (folder / "bees.txt").rename(folder / "hive.txt")
    assert library.sync(folder).moved == [(str(folder / "bees.txt"), str(folder / "hive.txt"))]
    assert library.search("word1v0")[0].passage.doc_id == "d1"
    assert len(library.search("honey", 100_000)) == 2 + 6
    assert sorted(library.remove(str(folder), "d1"))[0] == str(folder / "broken.pdf")
    assert library.documents() == []


def test_a_backup_is_a_library(library, tmp_path):
    library.add([numbered(number, 0) for number in range(3)])
    library.add_feedback("Who?", True, ["He."], True, "")
    expected = library.ask("mark word2v0").to_dict()
    library.backup(tmp_path / "backup")
    with Library(tmp_path / "backup", patient(), encoder=ENCODER, create=False) as copied:
        found = copied.ask("mark word2v0").to_dict()
        assert [document.doc_id for document in copied.documents()] == ["d0", "d1", "d2"]
        assert copied.feedback() == library.feedback()
    assert found["citations"] == expected["citations"]


def test_checking_finds_passages_that_are_gone(place):
    backend = opened(place)
    backend.documents.add([prepare(about_bees())])
    backend.check()
    if isinstance(backend, LocalBackend):
        with backend.database.writing() as connection:
            connection.execute("UPDATE passages SET text = replace(text, 'honey', 'hones')")
    else:
        backend.client.delete("passages", "first > 10")
    with pytest.raises(LibraryDamagedError, match="damaged"):
        backend.check()
    backend.close()
