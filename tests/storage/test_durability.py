"""A library is read where nothing can be written, and copied while it is used."""

import importlib
import os
import shutil
import sqlite3
import subprocess
import time
import zipfile
from pathlib import Path

import pytest
from fakes import HashedEncoder, assert_answers, numbered
from folders import open_to_all

from retrieval import Library, Settings
from retrieval.errors import LibraryDamagedError, StorageError

pytestmark = pytest.mark.slow  # processes, disks that fill up

COUNT = 20
SCHEMA_5 = Path(__file__).parents[1] / "data" / "schema5.zip"


def opened(folder):
    return Library(folder, Settings(threshold=0.0), encoder=HashedEncoder())


@pytest.fixture
def built(tmp_path):
    """A closed library of numbered documents."""
    with opened(tmp_path / "library") as library:
        library.add(numbered(number, 0) for number in range(COUNT))
    return tmp_path / "library"


# --- read-only media


@pytest.fixture
def disk(tmp_path):
    """A small disk; called with more options, it is mounted anew with them."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=20m", "tmpfs", folder], capture_output=True)
    if mounted.returncode:
        pytest.skip(f"tmpfs cannot be mounted here: {mounted.stderr!r}")
    yield folder
    subprocess.run(["umount", folder], check=True)


def made_read_only(disk):
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)


@pytest.mark.parametrize("index", ["with", "without"])
def test_read_only_media_answer(built, disk, index):
    shutil.copytree(built, disk / "library")
    if index == "without":
        (disk / "library" / "vectors.faiss").unlink()
    made_read_only(disk)
    with opened(disk / "library") as library:
        library.check()
        assert_answers(library, [f"d{number}" for number in range(COUNT)])
        assert str(library.coverage()) == "20 of 20 documents searchable"
        reason = library.add(numbered(COUNT, 0)).failed[0].reason
        assert "readonly database (check the permissions" in reason
        with pytest.raises(StorageError, match="readonly database"):
            library.remove("d0")


def test_a_library_of_an_earlier_schema_on_read_only_media_says_what_to_do(disk):
    with zipfile.ZipFile(SCHEMA_5) as archive:
        archive.extractall(disk)
    made_read_only(disk)
    with pytest.raises(StorageError, match="made by an earlier pincite and must be rewritten; open it, or a copy of"):
        opened(disk / "schema5")


def test_changes_that_read_only_media_would_hide_are_said(built, disk):
    """A process that was killed left its last changes in the log, which cannot be read without writing."""
    with opened(built) as library:
        library.add(numbered(COUNT, 0))
        (disk / "library").mkdir()
        for name in ("library.db", "library.db-wal"):
            shutil.copy(built / name, disk / "library")
    made_read_only(disk)
    with pytest.raises(StorageError, match=r"library\.db-wal holds changes that cannot be read without writing; copy"):
        opened(disk / "library")
    shutil.copytree(disk / "library", built.parent / "copied")
    with opened(built.parent / "copied") as library:
        assert_answers(library, ["d0", f"d{COUNT}"])


def test_whoever_may_only_read_gets_answers(built):
    """And sees what the owner adds meanwhile."""
    if os.getuid() != 0:
        pytest.skip("only root can become somebody else")
    open_to_all(built)
    for name in ("library.db", "vectors.faiss"):
        (built / name).chmod(0o755)
    importlib.import_module("mmap")  # that the reader needs: Python may lie where nobody else may read
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read)
        os._exit(asked_by_nobody(built, lambda: os.write(write, b"ready")))
    os.close(write)
    assert os.read(read, 5) == b"ready"
    with opened(built) as library:
        library.add(numbered(COUNT, 0))
        assert os.waitpid(child, 0)[1] == 0


def asked_by_nobody(folder, ready):
    """Ask without the right to write, now and when there is one document more; return an exit code."""
    try:
        os.setuid(65534)
        assert not os.access(folder, os.W_OK)
        library = opened(folder)
        assert_answers(library, ["d0", "d19"])
        ready()
        deadline = time.monotonic() + 20
        while library.document(f"d{COUNT}") is None and time.monotonic() < deadline:
            time.sleep(0.02)
        assert_answers(library, [f"d{COUNT}"])
        return 0
    except BaseException as error:
        os.write(2, f"{type(error)} {error}\n".encode())
        return 1


# --- backup


def test_a_backup_is_a_library(built, tmp_path):
    with opened(built) as library:
        library.add(numbered(COUNT, 0))
        assert library.backup(tmp_path / "sub" / "copy") == tmp_path / "sub" / "copy"
    assert sorted(path.name for path in (tmp_path / "sub" / "copy").iterdir()) == ["library.db", "vectors.faiss"]
    assert [path.name for path in (tmp_path / "sub").iterdir()] == ["copy"]
    shutil.rmtree(built)
    with opened(tmp_path / "sub" / "copy") as copied:
        copied.check()
        assert_answers(copied, [f"d{number}" for number in range(COUNT + 1)])


def test_a_backup_while_another_process_writes_is_of_one_moment(built, tmp_path, python):
    """Every document of a pair is added and removed in one transaction: a copy has both or neither."""
    code = """
import sys
from fakes import HashedEncoder, numbered
from retrieval import Library
library = Library(sys.argv[1], encoder=HashedEncoder())
number = 100
while True:
    library.add([numbered(number, 0), numbered(number + 1, 0)])
    library.backend.documents.remove([f"d{number - 10}", f"d{number - 9}"])
    print(number, flush=True)
    number += 2
"""
    process = python(code, built)
    for copy in range(6):
        process.stdout.readline()
        with opened(built) as library:
            library.backup(tmp_path / f"copy{copy}")
        with opened(tmp_path / f"copy{copy}") as copied:
            copied.check()
            numbers = {int(document.doc_id[1:]) for document in copied.documents()}
            assert all(number ^ 1 in numbers for number in numbers)
            assert_answers(copied, [f"d{max(numbers)}", "d0"])
    assert process.poll() is None


def test_a_backup_never_takes_the_place_of_anything(built, tmp_path):
    (tmp_path / "here").mkdir()
    with opened(built) as library:
        for target in (tmp_path / "here", built, built / "library.db"):
            with pytest.raises(StorageError, match=f"{target} is there already; name a new folder for the backup"):
                library.backup(target)
        with pytest.raises(StorageError, match=r"no backup was made in .*: .*File exists"):
            library.backup(built / "library.db" / "copy")


def test_a_backup_that_does_not_fit_leaves_nothing(built, disk):
    subprocess.run(["mount", "-o", "remount,size=200k", disk], check=True)
    with opened(built) as library, pytest.raises(StorageError, match=f"no backup was made in {disk}/copy: .*full"):
        library.backup(disk / "copy")
    assert list(disk.iterdir()) == []


def test_a_damaged_library_is_not_copied_as_if_it_were_whole(built, tmp_path):
    with sqlite3.connect(built / "library.db") as connection:
        connection.execute("UPDATE passages SET text = replace(text, 'mark', 'bark')")
    with opened(built) as library, pytest.raises(LibraryDamagedError, match=f"{built} is damaged; restore it"):
        library.backup(tmp_path / "copy")
    assert not (tmp_path / "copy").exists()
