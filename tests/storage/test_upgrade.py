"""A library of the schema before opens as before, and is brought to the present one whole or not at all.

tests/data/schema5.zip was written by the last version of that schema: d0, d1 (replaced once) and "wide", whose tokens
have six times the bits.
"""

import sqlite3
import threading
import zipfile
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from fakes import HashedEncoder, numbered, prepare

from retrieval import Library, Settings
from retrieval.errors import LibraryDamagedError, StorageError
from retrieval.storage.local.backend import LocalBackend
from retrieval.storage.local.database import Database

WRITTEN = Path(__file__).parents[1] / "data" / "schema5.zip"


@pytest.fixture
def folder(tmp_path):
    with zipfile.ZipFile(WRITTEN) as archive:
        archive.extractall(tmp_path)
    return tmp_path / "schema5"


def opened(folder):
    return Library(folder, Settings(threshold=0.0), encoder=HashedEncoder())


def sql(folder, statement, *values):
    with closing(sqlite3.connect(folder / "library.db")) as connection, connection:
        return connection.execute(statement, values).fetchall()


def flipped(folder, table, column, row):
    """Flip one bit of a value."""
    ((data,),) = sql(folder, f"SELECT {column} FROM {table} WHERE id = ?", row)
    changed = bytes([*data[:9], data[9] ^ 1, *data[10:]])
    sql(folder, f"UPDATE {table} SET {column} = ? WHERE id = ?", changed, row)


def test_it_answers_as_before(folder):
    with opened(folder) as library:
        assert library.backend.facts.generation() == 5
        library.check()
        assert [library.document(f"d{number}") for number in (0, 1)] == [numbered(0, 0), numbered(1, 1)]
        for words, doc_id in {"word0v0": "d0", "word1v1": "d1", "wide384": "wide"}.items():
            assert library.ask(f"What is the mark? mark {words}").citations[0].doc_id == doc_id
        assert [version.document.doc_id for version in library.versions()] == ["d1"]
        assert library.remove("d1") == ["d1"]
        library.add(numbered(2, 0))
        library.check()
    with opened(folder) as library:
        assert library.ask("mark word2v0").citations[0].doc_id == "d2"


def test_what_it_holds_is_as_if_it_was_written_now(folder, tmp_path):
    LocalBackend(folder).close()
    new = LocalBackend(tmp_path / "new")
    new.documents.add([prepare(numbered(0, 0))])
    columns = "p.vector, p.sentence_vectors, t.sentences, t.bits, p.checksum, p.text, p.behind, p.reach, d.lead"
    query = f"""SELECT {columns} FROM passages p JOIN tokens t ON t.id = p.id
        JOIN documents d ON d.id = p.document WHERE doc_id = 'd0' ORDER BY p.id"""
    for own, made in zip(sql(folder, query), sql(tmp_path / "new", query), strict=True):
        assert own[2:] == made[2:]
        np.testing.assert_array_equal(
            np.frombuffer(own[0], np.int8, offset=4), np.frombuffer(made[0], np.int8, offset=4)
        )
        assert len(own[1]) == len(made[1])
    ((bits, count),) = sql(folder, "SELECT bits, length(bits) / 16 FROM tokens ORDER BY id DESC LIMIT 1")
    halves = np.frombuffer(bits, np.uint8).reshape(count, 2, 8)
    np.testing.assert_array_equal(halves[:, 0], halves[:, 1])
    new.close()


def test_it_is_rewritten_once(folder):
    LocalBackend(folder).close()
    assert sql(folder, "SELECT value FROM meta WHERE key = 'schema'") == [("7",)]
    assert [sql(folder, f"PRAGMA {name}") for name in ("page_size", "journal_mode")] == [[(8192,)], [("wal",)]]
    before = (folder / "library.db").read_bytes()
    LocalBackend(folder).close()
    assert (folder / "library.db").read_bytes() == before


def test_several_may_open_it_at_once(folder):
    errors = []

    def use():
        try:
            Database(folder / "library.db").check()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=use) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []


def test_it_stays_as_it_is_where_rewriting_ends_midway(folder):
    sql(folder, """CREATE TRIGGER full BEFORE UPDATE ON tokens WHEN NEW.id = (SELECT max(id) FROM tokens)
        BEGIN SELECT RAISE(ABORT, 'the disk is full'); END""")  # fmt: skip
    before = sql(folder, "SELECT id, vector, derived FROM passages")
    with pytest.raises(StorageError, match="made by an earlier pincite and must be rewritten; open it, or a copy"):
        opened(folder)
    assert sql(folder, "SELECT id, vector, derived FROM passages") == before
    sql(folder, "DROP TRIGGER full")
    with opened(folder) as library:
        library.check()


@pytest.mark.parametrize(
    "table, column",
    [("passages", "vector"), ("passages", "sentence_vectors"), ("tokens", "bits"), ("tokens", "sentences")],
)
def test_what_was_damaged_before_is_damaged_afterwards(folder, table, column):
    flipped(folder, table, column, 2)
    with (
        opened(folder) as library,
        pytest.raises(LibraryDamagedError, match="vectors, tokens or text of d0 are not as"),
    ):
        library.check()


def test_what_cannot_be_read_is_damage_and_stays_as_it_is(folder):
    sql(folder, "UPDATE passages SET sentence_vectors = x'00' WHERE id = 3")
    with pytest.raises(LibraryDamagedError, match="restore it from a backup"):
        opened(folder)
    assert sql(folder, "SELECT value FROM meta WHERE key = 'schema'") == [("5",)]


def test_a_library_without_checksums_gets_them(folder):
    for name in ("checksum", "derived"):
        sql(folder, f"ALTER TABLE passages DROP COLUMN {name}")
    with opened(folder) as library:
        assert library.ask("mark word0v0").citations[0].doc_id == "d0"
        library.check()
        library.add(numbered(3, 0))
    flipped(folder, "passages", "vector", 2)
    sql(folder, "UPDATE passages SET text = replace(text, 'word3v0', 'word3v1')")
    with opened(folder) as library:
        with pytest.raises(LibraryDamagedError):
            library.search("mark word3v0")
        with pytest.raises(LibraryDamagedError, match="vectors, tokens or text of d0 are not as"):
            library.check()
