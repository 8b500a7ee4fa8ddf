"""What is not as it was written is said: by use where it would be shown, and all of it by a check."""

import random
import re
import shutil
import sqlite3

import pytest
from fakes import HashedEncoder, numbered

from retrieval import Library, Settings
from retrieval.errors import LibraryDamagedError, LibraryError, StorageError

COUNT = 12


def opened(folder):
    return Library(folder, Settings(threshold=0.0), encoder=HashedEncoder())


@pytest.fixture
def built(tmp_path):
    with opened(tmp_path / "library") as library:
        library.add(numbered(number, 0) for number in range(COUNT))
    return tmp_path / "library"


def changed(folder, statement, *values):
    with sqlite3.connect(folder / "library.db") as connection:
        connection.execute(statement, values)


ALTERED = {
    "text": "UPDATE passages SET text = replace(text, 'word3v0', 'word3v1')",
    "heading": "UPDATE passages SET heading = 'Elsewhere' WHERE text LIKE '%word3v0%'",
    "page": "UPDATE passages SET page = 7 WHERE text LIKE '%word3v0%'",
    "place": "UPDATE passages SET place = 'slide 2' WHERE text LIKE '%word3v0%'",
    "number": "UPDATE passages SET number = 99 WHERE text LIKE '%word3v0%'",
    "owner": "UPDATE passages SET document = 1 WHERE text LIKE '%word3v0%'",
    "sentences": "UPDATE passages SET sentences = substr(sentences, 1, 8) WHERE text LIKE '%word3v0%'",
}


@pytest.mark.slow
@pytest.mark.parametrize("field", ALTERED)
def test_an_altered_passage_is_never_shown(built, field):
    changed(built, ALTERED[field])
    with opened(built) as library, pytest.raises(LibraryDamagedError, match=r"not as it was written|do not fit"):
        library.search("mark word3v0", k=3)
    with opened(built) as library, pytest.raises(LibraryDamagedError):
        library.ask("mark word3v0")
    with opened(built) as library, pytest.raises(LibraryDamagedError):
        [library.passages(f"d{number}") for number in range(COUNT)]
    with opened(built) as library, pytest.raises(LibraryDamagedError):
        library.check()


@pytest.mark.parametrize("statement", ["reach = reach + 1", "reach = reach - 1", "behind = ''"])
def test_a_document_of_which_text_is_missing_is_damage(built, statement):
    changed(built, f"UPDATE passages SET {statement} WHERE id = 2")
    with opened(built) as library, pytest.raises(LibraryDamagedError, match="text"):
        library.check()


@pytest.mark.parametrize(
    "table, column",
    [("passages", "vector"), ("passages", "sentence_vectors"), ("tokens", "bits"), ("tokens", "sentences")],
)
def test_a_check_reads_vectors_and_tokens(built, table, column):
    chance = random.Random(column)
    with sqlite3.connect(built / "library.db") as connection:
        row, data = connection.execute(f"SELECT id, {column} FROM {table} WHERE length({column}) > 0").fetchone()
        flipped = bytearray(data)
        flipped[chance.randrange(len(data))] ^= 1
        connection.execute(f"UPDATE {table} SET {column} = ? WHERE id = ?", (bytes(flipped), row))
    with opened(built) as library, pytest.raises(LibraryDamagedError, match="vectors, tokens or text of d0 are not as"):
        library.check()


def test_a_check_reads_the_full_text(built):
    with sqlite3.connect(built / "library.db") as connection:
        connection.execute("DELETE FROM fulltext_docsize WHERE id = 3")
    with opened(built) as library, pytest.raises(LibraryDamagedError, match="1 passages differ from the full-text"):
        library.check()
    shutil.rmtree(built)
    with opened(built) as library:
        library.add(numbered(0, 0))
    with sqlite3.connect(built / "library.db") as connection:
        connection.execute("UPDATE fulltext_data SET block = zeroblob(length(block)) WHERE id > 10")
    with opened(built) as library, pytest.raises(LibraryDamagedError):
        library.check()


@pytest.mark.slow
def test_flipped_bits_are_said_or_change_nothing_that_is_shown(built, tmp_path):
    """Anywhere in the file: what is answered is what was added."""
    whole = (built / "library.db").read_bytes()
    texts = {f"d{number}": numbered(number, 0).text for number in range(COUNT)}
    chance, said = random.Random(5), 0
    for attempt in range(28):
        folder = tmp_path / str(attempt)
        folder.mkdir()
        flipped = bytearray(whole)
        flipped[chance.randrange(len(whole))] ^= 1 << chance.randrange(8)
        (folder / "library.db").write_bytes(flipped)
        try:
            with opened(folder) as library:
                for number in range(COUNT):
                    answer = library.ask(f"mark word{number}v0")
                    for hit in answer.passages:
                        passage = hit.passage
                        assert texts[passage.doc_id][passage.start : passage.end] == passage.text
                    for citation in answer.citations:
                        assert texts[citation.doc_id][citation.start : citation.end] == citation.quote
        except LibraryError:
            said += 1
    assert said < 40


# --- restored


def test_a_restored_library_is_what_the_backup_was(built, tmp_path, pincite):
    """Though the log of what it replaces is left, as after a crash, and somebody has it open."""
    with opened(built) as library:
        library.backup(tmp_path / "copy")
        (built / "uploads").mkdir()
        library.add(numbered(number, 1) for number in range(COUNT))
        assert (built / "library.db-wal").stat().st_size > 0
        assert pincite("restore", tmp_path / "copy", "--library", built).exit_code == 2
        done = pincite("restore", tmp_path / "copy", "--library", built, "--yes")
        assert (done.exit_code, done.stdout) == (0, f"{COUNT} documents restored to {built}\n")
        with pytest.raises(StorageError, match="was removed or replaced while it was open"):
            library.add(numbered(50, 0))
    with opened(built) as library:
        library.check()
        assert [library.document(f"d{number}") for number in range(COUNT)] == [numbered(n, 0) for n in range(COUNT)]
        assert library.ask("mark word3v0").citations[0].doc_id == "d3"
    assert "uploads" in [path.name for path in built.iterdir()]


def test_a_damaged_library_is_restored_and_a_damaged_backup_is_not(built, tmp_path):
    with opened(built) as library:
        library.backup(tmp_path / "copy")
    (built / "library.db").write_bytes(b"\xff" * 9000)
    (built / "library.db-wal").write_bytes(b"\xff" * 9000)
    Library.restore(tmp_path / "copy", built)
    with opened(built) as library:
        library.check()
        assert len(library.documents()) == COUNT
    changed(tmp_path / "copy", "UPDATE passages SET text = replace(text, 'mark', 'bark')")
    with pytest.raises(LibraryDamagedError, match=re.escape(str(tmp_path / "copy"))):
        Library.restore(tmp_path / "copy", built)
    with pytest.raises(LibraryError, match="is the backup itself"):
        Library.restore(built, built)
    with pytest.raises(LibraryError, match="holds no library"):
        Library.restore(tmp_path / "none", built)
    with opened(built) as library:
        assert len(library.documents()) == COUNT
