import math
import os
import sqlite3
import threading
import time

import pytest
from fakes import about_bees, prepare, scattered

from retrieval.errors import LibraryDamagedError, LibraryError, StorageError
from retrieval.storage.local.database import Database
from retrieval.storage.local.passages import Passages


def test_threads_share_a_store_and_leave_no_connections(store):
    store.documents.add([scattered("a", 50, 1)])
    # However slow a busy machine reads, each thread reads with one connection.
    passages = Passages(store.database, store.folder / "vectors.faiss", disk_seconds=math.inf)
    errors = []

    def use(number):
        try:
            store.facts.record(f"key {number}", "value")
            assert len(passages.candidates(range(1, 51))) == 50
            assert store.facts.get(f"key {number}") == "value"
        except BaseException as error:
            errors.append(error)

    for _ in range(10):
        threads = [threading.Thread(target=use, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert errors == []
    assert len(store.database._idle) <= 8


def test_a_closed_store_opens_again(store):
    store.documents.add([prepare(about_bees())])
    store.close()
    assert store.documents.count() == 1


def test_a_store_of_another_schema_is_refused(store):
    store.close()
    with sqlite3.connect(store.database.path) as connection:
        connection.execute("UPDATE meta SET value = '9' WHERE key = 'schema'")
    with pytest.raises(
        LibraryError, match="has schema 9, and this pincite reads schema 7; add your documents to a new"
    ):
        Database(store.database.path)


@pytest.mark.parametrize("content", [b"not a database" * 500, b"x", b"SQLite format 3\x00" + b"\xff" * 4096])
def test_a_file_that_is_no_library_stays_as_it_is(tmp_path, content):
    path = tmp_path / "library.db"
    path.write_bytes(content)
    with pytest.raises(LibraryDamagedError, match=f"^{path} is damaged"):
        Database(path)
    assert path.read_bytes() == content


def test_an_emptied_file_beside_its_index_is_damage(tmp_path):
    (tmp_path / "library.db").touch()
    (tmp_path / "vectors.faiss").touch()
    with pytest.raises(LibraryDamagedError, match="is empty although the library was not"):
        Database(tmp_path / "library.db")


def test_a_database_of_something_else_is_left_alone(tmp_path):
    path = tmp_path / "library.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE meta (something TEXT)")
    with pytest.raises(LibraryDamagedError, match="no such column: value"):
        Database(path)


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
@pytest.mark.slow
def test_a_damaged_passage_is_damage_and_nothing_else(store, change):
    store.documents.add([prepare(about_bees())])
    with sqlite3.connect(store.database.path) as connection:
        connection.execute(change)
    with pytest.raises(LibraryDamagedError):
        store.passages.candidates([1, 2])


def test_checking_finds_passages_that_do_not_meet(store):
    store.documents.add([prepare(about_bees())])
    store.check()
    with sqlite3.connect(store.database.path) as connection:
        connection.execute("UPDATE passages SET start = start + 1 WHERE id = 2")
    with pytest.raises(LibraryDamagedError, match="the text from 43 to 44 is missing"):
        store.check()


def test_damaged_metadata_is_damage(store):
    store.documents.add([prepare(about_bees())])
    with sqlite3.connect(store.database.path) as connection:
        connection.execute("UPDATE documents SET metadata = '{'")
    for read in (
        store.documents.all,
        lambda: store.documents.header("a1"),
        lambda: store.passages.allowed({"year": 1}),
    ):
        with pytest.raises(LibraryDamagedError):
            read()


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match=f"^{tmp_path}/file/library cannot be used: Not a directory"):
        Database(tmp_path / "file" / "library" / "library.db")


def test_a_library_that_another_program_holds_is_said_to_be_busy(store):
    impatient = Database(store.database.path, busy_seconds=0.05)
    other = sqlite3.connect(store.database.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StorageError, match="another program is writing to it; try again"):
        impatient.set_meta("a", "b")
    other.execute("ROLLBACK")
    other.close()
    impatient.set_meta("a", "c")
    assert impatient.meta("a") == "c"


@pytest.mark.slow
def test_processes_may_make_the_same_library_at_once(tmp_path):
    """SQLite does not wait while another process switches to write-ahead logging; 1 in 200 openings failed."""
    for attempt in range(15):
        path, begin = tmp_path / str(attempt) / "library.db", time.monotonic() + 0.02
        children = [fork(path, begin) for _ in range(4)]
        assert [os.waitpid(child, 0)[1] for child in children] == [0, 0, 0, 0]


def fork(path, begin):
    """Open the store in a child at a moment; its exit code is 0 if that went well."""
    child = os.fork()
    if child:
        return child
    try:
        time.sleep(max(0.0, begin - time.monotonic()))
        Database(path).set_meta(str(os.getpid()), "here")
        os._exit(0)
    except BaseException:
        os._exit(1)
