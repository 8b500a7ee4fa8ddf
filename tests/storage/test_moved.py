"""What is acknowledged is there afterwards, though the process forked meanwhile, or the folder went away."""

import faulthandler
import os
import shutil
import signal
import threading
import time

import pytest
from fakes import HashedEncoder, assert_answers, numbered, scattered

from retrieval import Library, Settings
from retrieval.errors import StorageError
from retrieval.storage.local import database
from retrieval.storage.local.faiss_index import FaissIndex, Limits


def opened(folder):
    return Library(folder, Settings(threshold=0.0), encoder=HashedEncoder())


def in_child(work):
    """Do something in a process that is forked off; return its id. Its exit code is 0 if that went well."""
    child = os.fork()
    if child:
        return child
    faulthandler.register(signal.SIGUSR1)  # a child that hangs shows where
    try:
        work()
        os._exit(0)
    except BaseException as error:
        os.write(2, f"{type(error).__name__}: {error}\n".encode())
        os._exit(1)


def ended(child, seconds=20.0):
    """Return the exit code of a child, or None where it goes on for so long; it is killed then."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.01)
    os.kill(child, signal.SIGUSR1)
    time.sleep(0.5)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return None


# --- forks


@pytest.mark.slow
def test_what_a_child_acknowledged_is_there_after_its_parent_closed(tmp_path):
    library = opened(tmp_path / "library")
    library.add(numbered(0, 0))
    read, write = os.pipe()
    parent_closed, closed = os.pipe()

    def work():
        for number in range(1, 11):
            assert library.add(numbered(number, 0)).added == [f"d{number}"]
        os.write(write, b"half")
        os.read(parent_closed, 1)
        for number in range(11, 21):
            assert library.add(numbered(number, 0)).added == [f"d{number}"]
        assert_answers(library, ["d0", "d20"])

    child = in_child(work)
    assert os.read(read, 4) == b"half"
    library.close()
    os.write(closed, b"x")
    assert ended(child) == 0
    with opened(tmp_path / "library") as again:
        assert_answers(again, [f"d{number}" for number in range(21)])


@pytest.mark.slow
def test_parent_and_child_may_both_go_on(tmp_path):
    with opened(tmp_path / "library") as library:
        library.add(numbered(0, 0))
        child = in_child(lambda: library.add(numbered(number, 0) for number in range(10, 20)))
        library.add(numbered(number, 0) for number in range(20, 30))
        assert ended(child) == 0
        library.check()
        assert_answers(library, ["d0", *(f"d{number}" for number in range(10, 30))])


def test_a_child_may_build_an_index_of_its_own(store):
    """OpenMP's threads are not there in a child, which waited for them for ever."""
    store.documents.add([scattered("a", 3000, 1)])
    limits = Limits(flat_most=1000)
    assert len(FaissIndex(store.database, store.folder / "one", 64, limits)) == 3000
    assert ended(in_child(lambda: FaissIndex(store.database, store.folder / "two", 64, limits))) == 0


@pytest.mark.slow
def test_a_fork_while_threads_read_and_write_neither_hangs_nor_loses(tmp_path):
    with opened(tmp_path / "library") as library:
        library.add(numbered(0, 0))
        done = threading.Event()
        added = []

        def write():
            while not done.is_set():
                added.extend(library.add(numbered(1000 + len(added), 0)).added)

        def read():
            while not done.is_set():
                library.search("hive")

        threads = [threading.Thread(target=work) for work in (write, read, read)]
        for thread in threads:
            thread.start()
        try:
            for number in range(1, 11):
                time.sleep(0.02)
                assert ended(in_child(lambda number=number: assert_added(library, number))) == 0
        finally:
            done.set()
            for thread in threads:
                thread.join()
        assert_answers(library, [*added[::9], *(f"d{number}" for number in range(11))])


def assert_added(library, number):
    assert library.add(numbered(number, 0)).added == [f"d{number}"]
    assert_answers(library, ["d0", f"d{number}"])


def test_a_library_that_was_in_use_at_the_fork_is_refused_in_the_child(store, monkeypatch):
    monkeypatch.setattr(database, "FORK_SECONDS", 0.05)

    def refused():
        with pytest.raises(StorageError, match="another was being read or written at the fork; fork when no thread"):
            store.documents.count()

    with store.database.reading():
        assert ended(in_child(refused)) == 0
    begun, go_on = threading.Event(), threading.Event()

    def read():
        with store.database.reading():
            begun.set()
            go_on.wait()

    thread = threading.Thread(target=read)
    thread.start()
    begun.wait()
    assert ended(in_child(refused)) == 0
    go_on.set()
    thread.join()
    assert ended(in_child(store.documents.count)) == 0


# --- the folder


@pytest.mark.parametrize("replaced", [False, True], ids=["removed", "replaced"])
def test_nothing_is_acknowledged_into_a_folder_that_is_gone(tmp_path, replaced):
    with opened(tmp_path / "other") as other:
        other.add(numbered(7, 0))
    library = opened(tmp_path / "library")
    library.add(numbered(0, 0))
    shutil.rmtree(tmp_path / "library")
    if replaced:
        shutil.move(tmp_path / "other", tmp_path / "library")
    for use in (
        lambda: library.add(numbered(1, 0)),
        lambda: library.remove("d0"),
        lambda: library.add_feedback("why?", True, [], True),
        lambda: library.search("hive"),
        lambda: library.documents(),
    ):
        with pytest.raises(StorageError, match=r"library\.db was removed or replaced while it was open; open the libr"):
            use()
    library.close()
    assert (tmp_path / "library").exists() is replaced
    if replaced:
        with opened(tmp_path / "library") as there:
            assert [document.doc_id for document in there.documents()] == ["d7"]


def test_a_folder_that_goes_while_it_is_written_takes_no_acknowledgement_with_it(tmp_path):
    library = opened(tmp_path / "library")

    def late(done, total, name):
        if done == 1:
            shutil.rmtree(tmp_path / "library")

    with pytest.raises(StorageError, match="was removed or replaced while it was open"):
        library.add([numbered(number, 0) for number in range(200)], progress=late)
