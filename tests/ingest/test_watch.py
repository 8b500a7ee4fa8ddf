"""A folder that is watched: what changes in it is heard of, whenever it happens, and the library follows."""

import queue
import shutil
import threading

import pytest
from folders import TEXTS, counts, four_files, sources, write

from retrieval.errors import SyncError
from retrieval.ingest.watch import changes, watch


class Heard:
    """What a generator yields in a thread of its own, one after another."""

    def __init__(self, generator, stop):
        self._stop = stop
        self._yielded = queue.Queue()
        self._thread = threading.Thread(target=lambda: [self._yielded.put(each) for each in generator])
        self._thread.start()

    def next(self):
        return self._yielded.get(timeout=60)

    def until(self, expected):
        """Return everything up to what is expected, in order."""
        found = [self.next()]
        while not expected(found[-1]):
            found.append(self.next())
        return found

    def end(self):
        self._stop.set()
        self._thread.join()


@pytest.fixture
def folder(tmp_path):
    return four_files(tmp_path / "docs")


@pytest.fixture
def listen(request):
    """Run a generator that ends when the event that it is given is set; it is ended after the test."""

    def start(generator, *arguments):
        stop = threading.Event()
        heard = Heard(generator(*arguments, stop), stop)
        request.addfinalizer(heard.end)
        return heard

    return start


@pytest.mark.slow
def test_changes_are_heard_of_and_those_of_the_library_are_not(folder, listen):
    own = folder / "own"
    own.mkdir()
    heard = listen(changes, folder, own)
    assert heard.next() == set()
    write(own / "library.db", "changed")
    write(folder / "sub" / "c.txt", "Snow falls.")
    found = heard.until(lambda paths: str(folder / "sub" / "c.txt") in paths)
    assert not [path for paths in found for path in paths if path.startswith(f"{own}/")]


@pytest.mark.slow
def test_what_changes_while_the_caller_works_is_heard_of(folder):
    stop = threading.Event()
    listening = changes(folder, folder / "own", stop)
    assert next(listening) == set()
    write(folder / "new.txt", "Rivers flow.")  # nobody waits for the next one meanwhile
    assert str(folder / "new.txt") in next(listening)
    stop.set()
    assert list(listening) == []


@pytest.mark.slow
def test_a_folder_that_comes_back_is_heard_of_again(folder, listen):
    heard = listen(changes, folder, folder / "own")
    heard.next()
    shutil.rmtree(folder)
    heard.until(lambda paths: str(folder) in paths)
    folder.mkdir()
    heard.until(lambda paths: paths == set())
    write(folder / "new.txt", "Rivers flow.")
    heard.until(lambda paths: str(folder / "new.txt") in paths)


def test_a_folder_that_is_not_there_yet_is_waited_for(tmp_path, listen):
    heard = listen(changes, tmp_path / "later", tmp_path / "library")
    assert heard.next() == set()
    write(tmp_path / "later" / "new.txt", "Rivers flow.")
    heard.next()


@pytest.mark.slow
def test_a_library_follows_a_folder_and_says_what_is_new(hashed, folder, listen):
    heard = listen(watch, lambda: hashed.sync(folder, sure=True), folder, hashed.path)
    assert counts(heard.next()) == {"added": 4}
    (folder / "a.txt").unlink()
    (removed,) = heard.until(lambda report: report.removed)
    assert removed.removed == [str(folder / "a.txt")]
    write(folder / "empty.txt", "")
    assert [failure.reason for failure in heard.next().failed] == ["is empty"]
    write(folder / "empty.txt", "Now it holds text.")
    assert counts(heard.next()) == {"added": 1, "unchanged": 3}
    assert TEXTS["a.txt"] not in sources(hashed)


@pytest.mark.slow
def test_a_folder_that_goes_away_is_said_once_and_may_come_back(hashed, folder, listen):
    heard = listen(watch, lambda: hashed.sync(folder), folder, hashed.path)
    heard.next()
    folder.rename(folder.with_name("elsewhere"))
    found = heard.until(lambda news: isinstance(news, SyncError))
    assert str(found[-1]).startswith(f"{folder} is not a folder that is there")
    folder.with_name("elsewhere").rename(folder)
    write(folder / "new.txt", "Rivers flow.")
    assert counts(heard.until(lambda news: not isinstance(news, SyncError))[-1])["added"] == 1
