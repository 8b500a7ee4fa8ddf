"""A sync that is killed, runs out of disk, or is watched by readers: nothing acknowledged is lost, nothing is half there.

SIGKILL ends the process and not the machine: that the disk itself has what was written rests on SQLite's fsync.
"""

import os
import random
import subprocess
import time
from pathlib import Path

import pytest
from encoders import CountingEncoder
from folders import assert_in_step, counts, disturb, stored_tokens, write

from retrieval import Library, Settings

pytestmark = pytest.mark.slow  # processes are killed

KILLS = int(os.environ.get("PINCITE_TEST_KILLS", "10"))  # 200 before a release: 2 minutes
NAMES = [f"f{number}" for number in range(60)]
FILLER = " The keeper weighs the hive in March. Bees shiver to stay warm, and a colony eats honey all winter." * 6
# Forks a child for each sync, from a process that has imported everything and used no threads.
SYNCER = """
import os, signal, sys, time
from fakes import HashedEncoder
from retrieval import Library, Settings
from retrieval.storage.local import faiss_index as vectors
for line in sys.stdin:
    child = os.fork()
    if child == 0:
        with Library(sys.argv[1], Settings(threshold=0.0), encoder=HashedEncoder()) as library:
            library.sync(sys.argv[2], sure=True, progress=lambda done, total, name: os.write(1, f"{name}\\n".encode()))
        os._exit(0)
    deadline = time.monotonic() + float(line)
    while (ended := os.waitpid(child, os.WNOHANG)) == (0, 0):
        if time.monotonic() > deadline:
            os.kill(child, signal.SIGKILL)
        time.sleep(0.001)
    print("killed" if ended[1] else "whole", flush=True)
"""


def opened(folder):
    return Library(folder, Settings(threshold=0.0), encoder=CountingEncoder())


@pytest.fixture
def synced(python, tmp_path):
    """Sync a folder in a process that is killed after some seconds; return what it acknowledged, and if it was."""
    process = python(SYNCER, tmp_path / "library", tmp_path / "docs")

    def run(seconds):
        process.stdin.write(f"{seconds}\n")
        process.stdin.flush()
        lines = []
        while (line := process.stdout.readline()[:-1]) not in ("whole", "killed"):
            lines.append(line)
        return lines, line == "killed"

    return run


def assert_whole(library, acknowledged):
    """The library is sound, and what was acknowledged is there as the file is."""
    library.check()
    files = library.backend.files.all()
    held = {state.doc_id for state in files.values() if state.doc_id}
    assert held == {document.doc_id for document in library.documents()}
    for name in acknowledged:
        assert library.document(files[name].doc_id).text == Path(name).read_text()
    passages = library.info()["passages"]
    assert passages == stored_tokens(library.path) == len(held)
    assert len(library.search("hive", 10_000)) == passages


def test_killed_at_random_moments(synced, tmp_path):
    """Old and new meet: each run changes the folder first, and may find what the killed ones before it have left."""
    chance, folder, times_killed, longest = random.Random(7), tmp_path / "docs", 0, 60.0
    for run in range(KILLS + 1):
        for _ in range(80):
            disturb(folder, chance, NAMES, FILLER)
        began = time.monotonic()
        acknowledged, killed = synced(chance.uniform(0, longest) if run else longest)
        if not killed:  # what the whole work takes here and now
            longest = min(longest, time.monotonic() - began)
        times_killed += killed
        with opened(tmp_path / "library") as library:
            assert_whole(library, acknowledged)
    with opened(tmp_path / "library") as library:
        library.sync(folder)
        assert_in_step(library, folder)
    assert times_killed >= KILLS // 4


# --- a disk that fills up


@pytest.fixture
def disk(tmp_path):
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=800k", "tmpfs", folder], capture_output=True)
    if mounted.returncode:
        pytest.skip(f"tmpfs cannot be mounted here: {mounted.stderr!r}")
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_a_disk_that_fills_up_keeps_what_was_there(disk, tmp_path):
    folder, few = tmp_path / "docs", 20
    for number in range(few):
        write(folder / f"{number}.txt", f"Number{number} is written here.{FILLER}")
    with opened(disk / "library") as library:
        assert counts(library.sync(folder)) == {"added": few}
        for number in range(few, 200):
            write(folder / f"{number}.txt", f"Number{number} is written here.{FILLER}")
        write(folder / "0.txt", f"Number1000 is written here.{FILLER}")
        (folder / "1.txt").rename(folder / "moved.txt")
        report = library.sync(folder)
        assert report.moved == [(str(folder / "1.txt"), str(folder / "moved.txt"))]
        assert report.failed
        assert all("free some space or choose another folder" in failure.reason for failure in report.failed)
        assert_whole(library, [*report.added, *report.replaced, *report.unchanged, str(folder / "moved.txt")])
        assert len(library.documents()) == few + len(report.added)
        subprocess.run(["mount", "-o", "remount,size=50m", disk], check=True)
        library.sync(folder)
        assert_in_step(library, folder)


# --- readers

READER = """
import sys, re
from fakes import HashedEncoder
from retrieval import Library, Settings
steady = re.compile("Number(1|2|3) is written here")
asked = 0
with Library(sys.argv[1], Settings(threshold=0.0), encoder=HashedEncoder()) as library:
    print("ready", flush=True)
    for number in [1, 2, 3] * 10_000:
        answer = library.ask(f"Where is number{number} written?")
        assert answer.citations[0].quote.startswith(f"Number{number} is written here."), answer.citations
        assert library.verify(answer.citations[0]) == "valid"
        for hit in library.search("Who weighs the hive?", 5):
            assert re.match(r"Number\\d+ is written here\\. The keeper weighs", hit.passage.text), hit
        asked += 1
        print(asked, flush=True)
"""


def test_readers_in_other_processes_get_answers_during_a_sync(python, tmp_path):
    """What does not change is found at every moment; what does is quoted as one of its versions or not at all."""
    chance, folder = random.Random(3), tmp_path / "docs"
    for number in (1, 2, 3):
        write(folder / f"kept{number}.md", f"Number{number} is written here.{FILLER}")
    with opened(tmp_path / "library") as library:
        library.sync(folder)
        readers = [python(READER, tmp_path / "library") for _ in range(2)]
        for reader in readers:
            assert reader.stdout.readline() == "ready\n", reader.stderr.read()
        for _ in range(8):
            for _ in range(40):
                disturb(folder, chance, NAMES, FILLER)
            library.sync(folder, sure=True)
            for reader in readers:
                assert reader.stdout.readline().strip().isdigit(), reader.stderr.read()
    for reader in readers:
        assert reader.poll() is None, reader.stderr.read()
