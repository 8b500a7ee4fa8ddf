"""Commands that could destroy something by mistake do not."""

import os
import stat
import time

import pytest
from fakes import HashedEncoder

from retrieval import Document, Library, Settings
from retrieval.citations import export
from retrieval.errors import ArgumentError, LibraryError
from ui.cli import terminal, verify


@pytest.fixture
def kept(tmp_path, monkeypatch):
    """A library of three files in a folder, which is the working directory."""
    docs = tmp_path / "docs"
    (docs / "sub").mkdir(parents=True)
    for name in ("a.txt", "b.txt", "sub/c.txt"):
        (docs / name).write_text(f"Words of {name}.")
    with Library(tmp_path / "library", Settings(), encoder=HashedEncoder()) as library:
        library.add(docs)
    monkeypatch.chdir(docs)
    return tmp_path / "library"


def count(folder):
    with Library(folder, create=False) as library:
        return len(library.documents())


@pytest.mark.parametrize("empty", ["", "  "])
@pytest.mark.parametrize(
    "command", [("remove",), ("remove", "a.txt"), ("add",), ("sync",), ("sync", "--yes"), ("backup",)], ids=" ".join
)
def test_an_empty_argument_is_wrong_usage(pincite, kept, command, empty):
    result = pincite(*command, empty, "--library", kept)
    assert (result.exit_code, count(kept)) == (2, 3)
    assert "is empty; name a" in result.stderr
    assert pincite("copy", kept, empty).exit_code == pincite("copy", empty, kept).exit_code == 2


def test_an_empty_argument_of_the_library_is_refused_too(kept):
    with Library(kept, create=False) as library:
        for call in (library.remove, library.sync, library.backup):
            with pytest.raises(ArgumentError, match="a path is ''; expected the name of a file or folder"):
                call("")
        with pytest.raises(ArgumentError):
            library.remove("a.txt", " ")
        assert "expected the name of a file or folder" in library.add([""]).failed[0].reason
        with pytest.raises(ArgumentError, match="path is ''; expected the folder of a library"):
            Library("")
        assert len(library.documents()) == 3


def test_whole_folders_are_removed_only_by_who_says_so(pincite, kept, monkeypatch):
    monkeypatch.setattr(terminal, "can_ask", lambda: True)
    asked = pincite("remove", ".", "--library", kept, stdin="n\n")
    assert asked.exit_code == 1
    assert f"Remove all 3 documents below {kept.parent}/docs/?" in asked.stderr
    assert count(kept) == 3
    assert pincite("remove", "a.txt", "--library", kept, stdin="").exit_code == 0  # a file is not asked about
    assert pincite("remove", "sub", "--library", kept, stdin="y\n").exit_code == 0
    assert count(kept) == 1
    assert pincite("remove", ".", "--yes", "--library", kept, stdin="").exit_code == 0
    assert count(kept) == 0


def test_a_library_is_made_in_a_new_or_empty_folder_only(pincite, tmp_path):
    full = tmp_path / "Documents"
    full.mkdir()
    (full / ".hidden").touch()
    with Library(full, encoder=HashedEncoder()):
        pass
    (full / "library.db").unlink()
    (full / "thesis.txt").write_text("Words.")
    with pytest.raises(
        LibraryError, match=r"Documents holds no library, but thesis\.txt; a library is made in a new f"
    ):
        Library(full)
    result = pincite("add", "--library", full, full / "thesis.txt")
    assert (result.exit_code, "holds no library, but thesis.txt" in result.stderr) == (3, True)
    assert sorted(path.name for path in full.iterdir()) == [".hidden", "thesis.txt"]


def test_what_a_library_keeps_is_its_owners_alone(tmp_path):
    with Library(tmp_path / "library", Settings(), encoder=HashedEncoder()) as library:
        library.add(Document("owls", "Owls", "Owls hunt voles."))
        library.search("owls")
        library.backup(tmp_path / "copy")
        paths = [path for folder in ("library", "copy") for path in (tmp_path / folder).iterdir()]
        assert {stat.S_IMODE(path.stat().st_mode) for path in paths} == {0o600}
        assert {"library.db", "library.db-wal", "vectors.faiss"} <= {path.name for path in paths}


def test_an_endless_answer_is_not_read_whole(pincite, kept, monkeypatch):
    monkeypatch.setattr(verify, "MOST_BYTES", 2**20)
    result = pincite("verify", "/dev/zero", "--library", kept)
    assert (result.exit_code, "is longer than 1 MB" in result.stderr) == (2, True)


def test_what_a_killed_backup_left_is_swept_and_nothing_else(kept, tmp_path):
    old, new, other = (tmp_path / f"{name}.partial-x" for name in ("old", "new", "other"))
    for folder in (old, new):
        (folder / "new").mkdir(parents=True)
        (folder / "new" / "library.db").touch()
    other.mkdir()
    for folder in (old, other):
        os.utime(folder, (1, 1))
    with Library(kept, create=False) as library:
        library.backup(tmp_path / "copy")
    assert [old.exists(), new.exists(), other.exists()] == [False, True, True]


@pytest.mark.parametrize(
    "url, shown", [("https://a.example/x", True), ("javascript:alert(1)", False), ("file:///etc", False)]
)
def test_only_addresses_of_the_web_are_exported(tmp_path, url, shown):
    with Library(tmp_path / "new", Settings(threshold=0.0), encoder=HashedEncoder()) as library:
        library.add(Document("owls", "Owls", "Owls hunt voles at night.", metadata={"url": url}))
        citations = library.ask("What do owls hunt?").citations
        for style in ("bibtex", "ris", "csl-json"):
            assert (url in export(citations, library.document, style)) is shown


def test_a_home_that_cannot_be_written_is_said(pincite, kept, tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("PINCITE_CACHE", str(tmp_path / "file" / "cache"))
    for command in (("ask", "why?"), ("ask", "why?", "--library", tmp_path / "new"), ("list",)):
        result = pincite(*command)
        assert result.exit_code == 3
        assert result.stderr.count("\n") == 1
    assert pincite("list", "--library", kept).exit_code == 0  # which needs no model


def test_a_clock_that_was_set_back_changes_nothing(kept, tmp_path, monkeypatch):
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now - 10 * 365 * 86_400)
    with Library(kept, Settings(threshold=0.0), encoder=HashedEncoder()) as library:
        library.add(Document("owls", "Owls", "Owls hunt voles at night."))
        (tmp_path / "docs" / "a.txt").write_text("Other words.")
        assert library.sync(tmp_path / "docs").replaced == [str(tmp_path / "docs" / "a.txt")]
        library.backup(tmp_path / "copy")
        assert library.ask("What do owls hunt?").citations[0].doc_id == "owls"
