"""Promise 3: a crash loses nothing that was acknowledged, and leaves nothing half there."""

import os
import random
import time

import pytest
from fakes import HashedEncoder, numbered, prepare
from folders import stored_tokens

from retrieval import Library, Settings

pytestmark = pytest.mark.slow  # processes are killed

COUNT = 200
KILLS = int(os.environ.get("PINCITE_TEST_KILLS", "8"))  # 200 before a release
ADD = """
import sys
from fakes import HashedEncoder, numbered
from retrieval import Library, Settings
library = Library(sys.argv[1], Settings(threshold=0.0), encoder=HashedEncoder() if sys.argv[4] == "hashed" else None)
documents = [numbered(number, int(sys.argv[2])) for number in range(int(sys.argv[3]))]
print("ready", flush=True)
library.add(documents, progress=lambda done, total, name: print(name, flush=True))
library.close()
print("closed", flush=True)
"""


@pytest.fixture
def killed(python):
    """Add documents in a process that is killed some seconds after it has acknowledged some.

    Returns the names it acknowledged, and "closed".
    """

    def run(folder, version, seconds, count=COUNT, encoder="hashed", after=0):
        process = python(ADD, folder, version, count, encoder)
        assert process.stdout.readline() == "ready\n", process.stderr.read()
        seen = [process.stdout.readline().strip() for _ in range(after)]
        time.sleep(seconds)
        process.kill()
        return seen + process.stdout.read().splitlines()

    return run


def assert_whole(library, acknowledged, version):
    """Every document is whole and of one version; the acknowledged ones are of this version and answer."""
    library.check()
    stored = {document.doc_id: document.metadata["version"] for document in library.documents()}
    assert {name: stored.get(name) for name in acknowledged} == dict.fromkeys(acknowledged, version)
    for name, found in stored.items():
        assert library.document(name) == numbered(int(name[1:]), found)
    passages = len(prepare(numbered(0, 0)).passages)
    assert library.backend.passages.count() == stored_tokens(library.path) == passages * len(stored)
    assert len(library.search("hive", 10_000)) == passages * len(stored)


def assert_answers(library, names, version):
    for name in names:
        answer = library.ask(f"mark word{name[1:]}v{version}")
        assert (answer.citations[0].doc_id, answer.citations[0].quote[:12]) == (name, "The mark is ")
        assert f"word{name[1:]}v{version}." in answer.citations[0].quote


@pytest.fixture
def seconds_needed(python, tmp_path):
    """How long the whole work takes here and now."""
    process = python(ADD, tmp_path / "timed", 0, COUNT, "hashed")
    process.stdout.readline()
    began = time.monotonic()
    process.communicate()
    return time.monotonic() - began


def test_killed_at_random_moments(killed, seconds_needed, tmp_path):
    """Each run replaces what the runs before it have added, so that old and new versions meet.

    Every other moment is counted from an acknowledgement, so that enough of them fall into the work on any machine.
    """
    moments, folder, counts = random.Random(2), tmp_path / "library", []
    for version in range(KILLS):
        after = moments.randrange(1, COUNT // 2) if version % 2 else 0
        wait = moments.uniform(0, seconds_needed / 10 if after else seconds_needed)
        acknowledged = killed(folder, version, wait, after=after)
        names = [name for name in acknowledged if name != "closed"]
        counts.append(len(names))
        with Library(folder, Settings(threshold=0.0), encoder=HashedEncoder()) as library:
            assert_whole(library, names, version)
            assert_answers(library, names[-8:], version)
    assert sum(0 < count < COUNT for count in counts) >= KILLS // 3, counts
    finish(folder)


def finish(folder):
    """After all that, the same work can simply be done again, and everything answers."""
    with Library(folder, Settings(threshold=0.0), encoder=HashedEncoder()) as library:
        report = library.add(numbered(number, KILLS) for number in range(COUNT))
        assert len(report.added + report.replaced) == COUNT
        assert_whole(library, [f"d{number}" for number in range(COUNT)], KILLS)
        assert_answers(library, [f"d{number}" for number in range(COUNT)], KILLS)


def test_killed_with_the_packaged_model(killed, encoder, tmp_path):
    for version, seconds in enumerate((0.6, 1.2)):
        acknowledged = killed(tmp_path / "library", version, seconds, 8, "packaged")
        names = [name for name in acknowledged if name != "closed"]
        with Library(tmp_path / "library", Settings(threshold=0.0), encoder=encoder) as library:
            assert_whole(library, names, version)
            assert_answers(library, names, version)
