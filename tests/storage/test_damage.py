"""A library whose files were damaged: it is said, nothing wrong is quoted, and what is only a cache is made anew."""

import os
import random
import shutil
from pathlib import Path

import pytest
from fakes import HashedEncoder, assert_answers, numbered

from retrieval import Document, Library, PinciteError, Settings
from retrieval.errors import LibraryDamagedError, LibraryError, StorageError

COUNT = 60


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A library of many documents, closed; to be copied."""
    folder = tmp_path_factory.mktemp("built") / "library"
    with Library(folder, Settings(threshold=0.0), encoder=HashedEncoder()) as library:
        library.add(numbered(number, 0) for number in range(COUNT))
    return folder


@pytest.fixture
def copied(built, tmp_path):
    return Path(shutil.copytree(built, tmp_path / "library"))


def opened(folder):
    return Library(folder, Settings(threshold=0.0), encoder=HashedEncoder())


def damaged(path, place, content):
    with path.open("r+b") as file:
        file.seek(place, os.SEEK_SET if place >= 0 else os.SEEK_END)
        file.write(content)


def tried(folder):
    """Do everything with a library; return the errors. What is answered must be what was added."""
    texts = {f"d{number}": numbered(number, 0).text for number in range(COUNT)}
    errors = []

    def ask(library, number):
        for citation in library.ask(f"mark word{number}v0").citations:
            assert texts[citation.doc_id][citation.start : citation.end] == citation.quote

    steps = [
        lambda library: [ask(library, number) for number in range(0, COUNT, 7)],
        lambda library: library.documents(),
        lambda library: [library.document(f"d{number}") for number in range(COUNT)],
        lambda library: library.search("hive", where={"version": 0}),
        lambda library: library.info(),
        lambda library: library.check(),
        lambda library: library.add(Document("new", text="Bees.")),
        lambda library: library.remove("d3"),
    ]
    for step in steps:
        try:
            with opened(folder) as library:
                step(library)
        except PinciteError as error:
            errors.append(error)
    return errors


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(30))
def test_a_damaged_database_is_said_or_harmless(copied, seed):
    """Random bytes over a random place: no other error than ours, which names the file, and no wrong quote."""
    chance = random.Random(seed)
    path = copied / "library.db"
    size = chance.choice([1, 16, 300, 4096, 20_000])
    damaged(path, chance.randrange(path.stat().st_size - size), chance.randbytes(size))
    for error in tried(copied):
        assert isinstance(error, LibraryError)
        assert str(path) in str(error)


@pytest.mark.parametrize("place", [0, 16, 100, 1024, 4096, 5000])
def test_damage_at_the_head_is_said(copied, place):
    damaged(copied / "library.db", place, b"\xa5" * 4096)
    before = (copied / "library.db").read_bytes()
    errors = []
    try:
        with opened(copied) as library:
            library.check()
    except LibraryDamagedError as error:
        errors.append(str(error))
    assert errors
    assert "restore it from a backup, or add your documents to a new library" in errors[0]
    assert (copied / "library.db").read_bytes() == before


@pytest.mark.parametrize("share", [0.0, 0.001, 0.3, 0.9, 0.98])
def test_a_cut_database_is_said(copied, share):
    path = copied / "library.db"
    os.truncate(path, int(path.stat().st_size * share))
    errors = tried(copied)
    assert errors
    assert {type(error) for error in errors} <= {LibraryDamagedError, StorageError}


@pytest.mark.slow
@pytest.mark.parametrize("content", [b"", b"x", b"\xff" * 100_000], ids=["empty", "one byte", "noise"])
def test_a_damaged_snapshot_costs_nothing(copied, content):
    (copied / "vectors.faiss").write_bytes(content)
    with opened(copied) as library:
        assert_answers(library, [f"d{number}" for number in range(COUNT)])


def test_a_snapshot_that_is_gone_or_a_folder_costs_nothing(copied):
    (copied / "vectors.faiss").unlink()
    with opened(copied) as library:
        assert_answers(library, ["d0", "d59"])
    (copied / "vectors.faiss").unlink()
    (copied / "vectors.faiss").mkdir()
    with opened(copied) as library:
        assert_answers(library, ["d0", "d59"])
