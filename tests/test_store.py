import sqlite3
import threading

import numpy as np
import pytest
from fakes import prepare, scattered

from retrieval.errors import LibraryDamagedError, LibraryError, QuestionError, StorageError
from retrieval.records import Coverage, Document
from retrieval.store import FileState, Store


@pytest.fixture
def store(tmp_path):
    opened = Store(tmp_path / "library.db")
    yield opened
    opened.close()


def document(doc_id="a1", text="Honey bees do not hibernate. They shiver.\n\nA colony eats honey.", **fields):
    return Document(doc_id, "Bees", text, **fields)


def from_file(doc_id, path, size=10):
    return prepare(document(doc_id, source=path), (size, 1))


def rows(store, table):
    """Count a table's rows from outside."""
    with sqlite3.connect(store.path) as connection:
        return connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]


# --- documents


def test_a_document_comes_back_as_it_was(store):
    given = document(source="/docs/bees.txt", metadata={"issue": "96", "größe": 1.5, "open": True}, sha256="ab12")
    store.add([prepare(given)])
    assert store.document("a1") == given
    assert store.header("a1") == document(text="", source=given.source, metadata=given.metadata, sha256="ab12")
    assert [(found.doc_id, count) for found, count in store.documents()] == [("a1", 2)]
    assert store.hashes(["a1", "b2"]) == {"a1": "ab12"}


@pytest.mark.parametrize("text", ["Bees 🐝 shiver. 𝒜 lot.", "A\x00B. Then more.", "e\u0301 and \u200b too."])
def test_text_is_cut_by_characters(store, text):
    store.add([prepare(document(text=text))])
    assert store.document("a1").text == text
    assert [store.text_at("a1", start, start + 1) for start in range(len(text))] == list(text)


def test_what_is_not_there_is_none(store):
    assert store.document("b2") is None
    assert store.header("b2") is None
    assert store.text_at("b2", 0, 1) is None
    assert store.remove(["b2"]) == []


def test_a_namesake_replaces(store):
    store.add([prepare(document())])
    store.add([prepare(document(text="Ants do."))])
    assert [found.doc_id for found, _ in store.documents()] == ["a1"]
    assert store.document("a1").text == "Ants do."
    assert store.fulltext(["bees", "colony"], 9, {}).keys() == store.fulltext(["ants"], 9, {}).keys()  # the title
    assert len(store.fulltext(["honey"], 9, {})) == 0


def test_removing_leaves_nothing_behind(store):
    store.add([prepare(document()), from_file("b2", "/docs/b.txt")])
    assert store.remove(["a1", "b2"]) == ["a1", "b2"]
    assert [rows(store, table) for table in ("documents", "files", "passages", "tokens")] == [0, 0, 0, 0]
    assert store.fulltext(["honey", "bees"], 9, {}) == {}
    assert store.rarity(["honey"])["honei"] == pytest.approx(np.log1p(1.0))


def test_every_write_is_a_generation_with_a_stamp_of_its_own(store):
    assert store.generation() == 0
    store.add([prepare(document())])
    store.add([prepare(document("b2"))])
    store.remove(["a1"])
    assert store.generation() == 3
    assert len({store.stamp(1), store.stamp(2), store.stamp(3), None}) == 4
    assert store.stamp(4) is None


def test_a_document_that_fails_takes_its_whole_transaction_along(store):
    store.add([prepare(document())])
    good, bad = prepare(document("b2")), prepare(document("c3"))
    bad.vectors.pop()
    with pytest.raises(ValueError):
        store.add([good, bad])
    assert [found.doc_id for found, _ in store.documents()] == ["a1"]
    assert store.generation() == 1
    assert rows(store, "passages") == 2


# --- files


def test_a_changed_file_replaces_its_own_version(store):
    store.add([from_file("one", "/docs/a.txt")])
    store.add([from_file("two", "/docs/a.txt", 20)])
    assert store.files() == {"/docs/a.txt": FileState(20, 1, "two", "")}
    assert [found.doc_id for found, _ in store.documents()] == ["two"]


def test_a_document_stays_while_a_file_holds_it(store):
    store.add([from_file("one", "/docs/a.txt")])
    store.link_file("/docs/b.txt", FileState(10, 1, "one", ""))
    store.add([from_file("two", "/docs/a.txt", 20)])
    assert {found.doc_id: found.source for found, _ in store.documents()} == {
        "one": "/docs/b.txt",
        "two": "/docs/a.txt",
    }
    store.link_file("/docs/b.txt", FileState(20, 1, "two", ""))
    assert [found.doc_id for found, _ in store.documents()] == ["two"]


def test_a_moved_file_keeps_its_document(store):
    store.add([from_file("one", "/docs/a.txt")])
    store.move_file("/docs/a.txt", "/docs/b.txt", FileState(10, 2, "one", ""))
    assert store.files() == {"/docs/b.txt": FileState(10, 2, "one", "")}
    assert store.header("one").source == "/docs/b.txt"


def test_a_failed_file_is_remembered_and_keeps_what_was_read_before(store):
    store.add([from_file("one", "/docs/a.txt")])
    store.fail_file("/docs/a.txt", "is binary")
    store.fail_file("/docs/b.txt", "holds no text")
    expected = {
        "/docs/a.txt": FileState(0, 0, "one", "is binary"),
        "/docs/b.txt": FileState(0, 0, None, "holds no text"),
    }
    assert store.files() == expected
    store.forget(["/docs/a.txt", "/docs/b.txt"])
    assert store.files() == {"/docs/a.txt": FileState(0, 0, "one", "is binary")}


def test_coverage_counts_files_and_documents_without_one(store):
    assert store.coverage() == Coverage(0, 0)
    store.add([prepare(document()), from_file("b2", "/docs/b.txt")])
    store.link_file("/docs/copy of b.txt", FileState(10, 1, "b2", ""))
    store.fail_file("/docs/c.txt", "is binary")
    assert store.coverage() == Coverage(4, 1)


# --- what ranking reads


def test_passages_come_back_with_their_vectors(store):
    given = prepare(document())
    store.add([given])
    found = store.candidates([2, 7, 1])
    assert [candidate.passage for candidate in found] == [given.passages[1], given.passages[0]]
    for candidate, passage, vectors in zip(found, given.passages[::-1], given.vectors[::-1], strict=True):
        np.testing.assert_array_equal(candidate.vector, vectors.vector)
        np.testing.assert_allclose(candidate.sentence_vectors, vectors.sentences, atol=1 / 127)
        bits, sentences = store.tokens([candidate.id])[candidate.id]
        np.testing.assert_array_equal(bits, vectors.token_bits)
        np.testing.assert_array_equal(sentences, vectors.token_sentences)
        assert len(candidate.sentence_stems) == len(passage.sentences)


def test_a_sentence_without_content_has_a_vector_of_zeros(store):
    store.add([prepare(document(text="?!"))])
    np.testing.assert_array_equal(store.candidates([1])[0].sentence_vectors, np.zeros((1, 64)))


def test_bm25_is_as_robertson_and_sqlite_define_it(store):
    """Two passages of 5 and 3 words below a title of 1: k1 = 1.2, b = 0.75, title and text weighted alike."""
    store.add([prepare(Document("d", "Bees", "Honey bees do not hibernate.\n\nColonies eat honey."))])
    store.add([prepare(Document("e", "Tea", "Green tea is good.")), prepare(Document("f", "Ice", "It melts."))])
    found = store.fulltext(["honey"], 9, {})
    average = (1 + 5 + 1 + 3 + 1 + 4 + 1 + 2) / 4
    idf = np.log((4 - 2 + 0.5) / (2 + 0.5))
    idf = idf if idf > 0 else 1e-6  # SQLite's floor
    expected = {number: idf * 2.2 / (1 + 1.2 * (0.25 + 0.75 * length / average)) for number, length in ((1, 6), (2, 4))}
    assert found == pytest.approx(expected)
    assert list(found) == [2, 1]


def test_the_full_text_is_stemmed_and_without_accents(store):
    store.add([prepare(document(text="Étienne hibernates. Größe."))])
    words = ["etienne", "hibernating", "große", "grosse", "tienne", "hiber"]
    assert [word for word in words if store.fulltext([word], 9, {})] == ["etienne", "hibernating", "große"]
    assert store.fulltext([], 9, {}) == {}


def test_rarity_is_robertsons(store):
    store.add([prepare(document(text="Honey.\n\nHoney bees.\n\nTea."))])
    expected = {"honei": np.log1p(1.5 / 2.5), "bee": np.log1p(0.5 / 3.5), "ic": np.log1p(3.5 / 0.5)}  # 3 titles: Bees
    assert store.rarity(["honey", "bees", "ice"]) == pytest.approx(expected)


@pytest.mark.parametrize(
    "where, expected",
    [
        ({}, ["a", "b", "c"]),
        ({"doc_id": "a"}, ["a"]),
        ({"doc_id": ["a", "c"]}, ["a", "c"]),
        ({"source": "/docs/b.txt"}, ["b"]),
        ({"title": "Bees"}, ["a", "b", "c"]),
        ({"year": 2018}, ["a", "b"]),
        ({"year": "2018"}, ["a", "b"]),
        ({"year": [2018, 2019]}, ["a", "b", "c"]),
        ({"year": 2018, "publication": "Eurasia Daily Monitor"}, ["a"]),
        ({"open": True}, ["c"]),
        ({'a "b" [0].c': "x"}, ["a"]),
        ({"größe": "é"}, ["b"]),
        ({"unknown": "x"}, []),
        ({"year": []}, []),
        ({"publication": "x' OR 1=1 --"}, []),
    ],
    ids=str,
)
def test_where(store, where, expected):
    metadata = {
        "a": {"year": 2018, "publication": "Eurasia Daily Monitor", 'a "b" [0].c': "x"},
        "b": {"year": "2018", "größe": "é"},
        "c": {"year": 2019, "open": True},
    }
    for doc_id, fields in metadata.items():
        store.add([prepare(document(doc_id, metadata=fields, source=f"/docs/{doc_id}.txt"))])
    allowed = store.allowed(where)
    assert list(dict.fromkeys(candidate.passage.doc_id for candidate in store.candidates(allowed))) == expected
    assert set(store.fulltext(["honey"], 9, where)) == set(allowed)


@pytest.mark.parametrize("value", [None, {"a": 1}, [None], object()], ids=["none", "dict", "list of none", "object"])
def test_a_condition_that_compares_nothing_is_refused(store, value):
    with pytest.raises(QuestionError, match=r"^where\['year'\] is "):
        store.allowed({"year": value})


def test_vectors_are_read_in_blocks_by_generation(store):
    store.add([scattered("a", 5000, 1)])
    store.add([scattered("b", 2, 2)])
    blocks = list(store.vectors_since(0, 64))
    assert [vectors.shape for _, vectors in blocks] == [(4096, 64), (906, 64)]
    assert np.concatenate([ids for ids, _ in blocks]).tolist() == list(range(1, 5003))
    ((ids, _),) = store.vectors_since(1, 64)
    assert ids.tolist() == [5001, 5002]
    store.remove(["b", "a"])
    assert store.removed_since(2) == [(5001, 5002), (1, 5000)]
    assert store.removed_since(3) == []


# --- threads, other files, damage


def test_threads_share_a_store_and_leave_no_connections(store):
    store.add([scattered("a", 50, 1)])
    errors = []

    def use(number):
        try:
            store.set_meta(f"key {number}", "value")
            assert len(store.candidates(range(1, 51))) == 50
            assert store.meta(f"key {number}") == "value"
        except BaseException as error:
            errors.append(error)

    for _ in range(10):
        threads = [threading.Thread(target=use, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert errors == []
    assert len(store._idle) <= 8


def test_a_closed_store_opens_again(store):
    store.add([prepare(document())])
    store.close()
    assert store.count("documents") == 1


def test_a_store_of_another_schema_is_refused(store):
    store.close()
    with sqlite3.connect(store.path) as connection:
        connection.execute("UPDATE meta SET value = '7' WHERE key = 'schema'")
    with pytest.raises(
        LibraryError, match="has schema 7, and this pincite reads schema 3; add your documents to a new"
    ):
        Store(store.path)


@pytest.mark.parametrize("content", [b"not a database" * 500, b"x", b"SQLite format 3\x00" + b"\xff" * 4096])
def test_a_file_that_is_no_library_stays_as_it_is(tmp_path, content):
    path = tmp_path / "library.db"
    path.write_bytes(content)
    with pytest.raises(LibraryDamagedError, match=f"^{path} is damaged"):
        Store(path)
    assert path.read_bytes() == content


def test_an_emptied_file_beside_its_index_is_damage(tmp_path):
    (tmp_path / "library.db").touch()
    (tmp_path / "vectors.faiss").touch()
    with pytest.raises(LibraryDamagedError, match="is empty although the library was not"):
        Store(tmp_path / "library.db")


def test_a_database_of_something_else_is_left_alone(tmp_path):
    path = tmp_path / "library.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE meta (something TEXT)")
    with pytest.raises(LibraryDamagedError, match="no such column: value"):
        Store(path)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE passages SET text = substr(text, 2) WHERE id = 1",
        "UPDATE passages SET sentences = x'00' WHERE id = 1",
        "UPDATE passages SET sentences = x'' WHERE id = 1",
        "UPDATE passages SET sentences = x'00000000ffffffff' WHERE id = 1",
        "UPDATE passages SET vector = x'00000000' WHERE id = 1",
        "UPDATE passages SET vector = replace(hex(vector), '0', 'f') WHERE id = 1",
        "UPDATE passages SET sentence_vectors = x'' WHERE id = 1",
        "UPDATE passages SET text = CAST(x'ff' AS TEXT) WHERE id = 1",
    ],
)
def test_a_damaged_passage_is_damage_and_nothing_else(store, change):
    store.add([prepare(document())])
    with sqlite3.connect(store.path) as connection:
        connection.execute(change)
    with pytest.raises(LibraryDamagedError):
        store.candidates([1, 2])


def test_checking_finds_passages_that_are_not_in_their_text(store):
    store.add([prepare(document())])
    store.check()
    with sqlite3.connect(store.path) as connection:
        connection.execute("UPDATE documents SET text = replace(text, 'colony', 'hornet')")
    with pytest.raises(LibraryDamagedError, match="passages of Bees are not in its text"):
        store.check()


def test_damaged_metadata_is_damage(store):
    store.add([prepare(document())])
    with sqlite3.connect(store.path) as connection:
        connection.execute("UPDATE documents SET metadata = '{'")
    for read in (store.documents, lambda: store.header("a1"), lambda: store.allowed({"year": 1})):
        with pytest.raises(LibraryDamagedError):
            read()


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match=f"^{tmp_path}/file/library cannot be used: Not a directory"):
        Store(tmp_path / "file" / "library" / "library.db")


def test_a_library_that_another_program_holds_is_said_to_be_busy(store, monkeypatch):
    monkeypatch.setattr("retrieval.database.BUSY_SECONDS", 0.05)
    store.close()
    other = sqlite3.connect(store.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StorageError, match="another program is writing to it; try again"):
        store.add([prepare(document())])
    other.execute("ROLLBACK")
    other.close()
    store.add([prepare(document())])
    assert store.count("documents") == 1
