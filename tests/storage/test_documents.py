import sqlite3

import numpy as np
import pytest
from fakes import about_bees, prepare

from retrieval.records import Coverage
from retrieval.storage.base import FileState


def from_file(doc_id, path, size=10):
    return prepare(about_bees(doc_id, source=path), (size, 1))


def rows(store, table):
    """Count a table's rows from outside."""
    with sqlite3.connect(store.database.path) as connection:
        return connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]


# --- documents


def test_a_document_comes_back_as_it_was(store):
    given = about_bees(source="/docs/bees.txt", metadata={"issue": "96", "größe": 1.5, "open": True}, sha256="ab12")
    store.documents.add([prepare(given)])
    assert store.documents.get("a1") == given
    assert store.documents.header("a1") == about_bees(
        text="", source=given.source, metadata=given.metadata, sha256="ab12"
    )
    assert [(found.doc_id, count) for found, count in store.documents.all()] == [("a1", 2)]
    assert store.documents.hashes(["a1", "b2"]) == {"a1": "ab12"}


@pytest.mark.parametrize("text", ["Bees 🐝 shiver. 𝒜 lot.", "A\x00B. Then more.", "e\u0301 and \u200b too."])
def test_text_is_cut_by_characters(store, text):
    store.documents.add([prepare(about_bees(text=text))])
    assert store.documents.get("a1").text == text
    assert [store.documents.text_at("a1", start, start + 1) for start in range(len(text))] == list(text)


def test_what_is_not_there_is_none(store):
    assert store.documents.get("b2") is None
    assert store.documents.header("b2") is None
    assert store.documents.text_at("b2", 0, 1) is None
    assert store.documents.remove(["b2"]) == []


def test_a_namesake_replaces(store):
    store.documents.add([prepare(about_bees())])
    store.documents.add([prepare(about_bees(text="Ants do."))])
    assert [found.doc_id for found, _ in store.documents.all()] == ["a1"]
    assert store.documents.get("a1").text == "Ants do."
    assert (
        store.passages.bm25(["bees", "colony"], 9, {}).keys() == store.passages.bm25(["ants"], 9, {}).keys()
    )  # the title
    assert len(store.passages.bm25(["honey"], 9, {})) == 0


def test_removing_leaves_nothing_behind(store):
    store.documents.add([prepare(about_bees()), from_file("b2", "/docs/b.txt")])
    assert store.documents.remove(["a1", "b2"]) == ["a1", "b2"]
    assert [rows(store, table) for table in ("documents", "files", "passages", "tokens")] == [0, 0, 0, 0]
    assert store.passages.bm25(["honey", "bees"], 9, {}) == {}
    assert store.passages.idf(["honey"])["honei"] == pytest.approx(np.log1p(1.0))


def test_every_write_is_a_generation_with_a_stamp_of_its_own(store):
    assert store.facts.generation() == 0
    store.documents.add([prepare(about_bees())])
    store.documents.add([prepare(about_bees("b2"))])
    store.documents.remove(["a1"])
    assert store.facts.generation() == 3
    assert len({store.database.stamp(1), store.database.stamp(2), store.database.stamp(3), None}) == 4
    assert store.database.stamp(4) is None


def test_a_document_that_fails_takes_its_whole_transaction_along(store):
    store.documents.add([prepare(about_bees())])
    good, bad = prepare(about_bees("b2")), prepare(about_bees("c3"))
    bad.vectors.pop()
    with pytest.raises(ValueError):
        store.documents.add([good, bad])
    assert [found.doc_id for found, _ in store.documents.all()] == ["a1"]
    assert store.facts.generation() == 1
    assert rows(store, "passages") == 2


# --- files


def test_a_changed_file_replaces_its_own_version(store):
    store.documents.add([from_file("one", "/docs/a.txt")])
    store.documents.add([from_file("two", "/docs/a.txt", 20)])
    assert store.files.all() == {"/docs/a.txt": FileState(20, 1, "two", "")}
    assert [found.doc_id for found, _ in store.documents.all()] == ["two"]


def test_a_document_stays_while_a_file_holds_it(store):
    store.documents.add([from_file("one", "/docs/a.txt")])
    store.files.rearrange({"/docs/b.txt": FileState(10, 1, "one", "")}, [])
    store.documents.add([from_file("two", "/docs/a.txt", 20)])
    assert {found.doc_id: found.source for found, _ in store.documents.all()} == {
        "one": "/docs/b.txt",
        "two": "/docs/a.txt",
    }
    store.files.rearrange({"/docs/b.txt": FileState(20, 1, "two", "")}, [])
    assert [found.doc_id for found, _ in store.documents.all()] == ["two"]


def test_a_moved_file_keeps_its_document(store):
    store.documents.add([from_file("one", "/docs/a.txt")])
    store.files.rearrange({"/docs/b.txt": FileState(10, 2, "one", "")}, ["/docs/a.txt"])
    assert store.files.all() == {"/docs/b.txt": FileState(10, 2, "one", "")}
    assert store.documents.header("one").source == "/docs/b.txt"


def test_a_failed_file_is_remembered_and_keeps_what_was_read_before(store):
    store.documents.add([from_file("one", "/docs/a.txt")])
    store.files.fail("/docs/a.txt", "is binary")
    store.files.fail("/docs/b.txt", "holds no text")
    expected = {
        "/docs/a.txt": FileState(0, 0, "one", "is binary"),
        "/docs/b.txt": FileState(0, 0, None, "holds no text"),
    }
    assert store.files.all() == expected
    store.files.forget(["/docs/a.txt", "/docs/b.txt"])
    assert store.files.all() == {"/docs/a.txt": FileState(0, 0, "one", "is binary")}


def test_coverage_counts_files_and_documents_without_one(store):
    assert store.files.coverage() == Coverage(0, 0)
    store.documents.add([prepare(about_bees()), from_file("b2", "/docs/b.txt")])
    store.files.rearrange({"/docs/copy of b.txt": FileState(10, 1, "b2", "")}, [])
    store.files.fail("/docs/c.txt", "is binary")
    assert store.files.coverage() == Coverage(4, 1)
