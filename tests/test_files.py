import os

import pytest

from retrieval.files import file_sha256, new_file, new_folder, remove_abandoned, sha256, write_atomically

HELLO = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_hashes_are_of_the_bytes(tmp_path):
    (tmp_path / "a").write_bytes(b"hello")
    assert sha256(b"hello") == file_sha256(tmp_path / "a") == HELLO
    with pytest.raises(FileNotFoundError):
        file_sha256(tmp_path / "none")


def test_a_file_is_written_whole_or_not_at_all(tmp_path):
    target = tmp_path / "new" / "file"
    write_atomically(target, b"one")
    write_atomically(target, b"two")
    assert target.read_bytes() == b"two"
    with pytest.raises(TypeError):
        write_atomically(target, None)
    assert target.read_bytes() == b"two"
    assert names(target.parent) == ["file"]


def test_a_reader_sees_the_old_file_until_the_new_one_is_whole(tmp_path):
    target = tmp_path / "file"
    target.write_bytes(b"old")
    with new_file(target) as partial:
        partial.write_bytes(b"new")
        assert target.read_bytes() == b"old"
    assert target.read_bytes() == b"new"
    assert names(tmp_path) == ["file"]


def test_a_folder_is_there_whole_or_not_at_all(tmp_path):
    target = tmp_path / "above" / "folder"
    with pytest.raises(ValueError), new_folder(target) as partial:
        (partial / "a").write_bytes(b"one")
        raise ValueError
    assert names(target.parent) == []
    with new_folder(target) as partial:
        (partial / "sub").mkdir()
        (partial / "sub" / "a").write_bytes(b"one")
        assert not target.exists()
    assert (target / "sub" / "a").read_bytes() == b"one"
    assert names(target.parent) == ["folder"]


def test_a_folder_that_holds_something_is_not_replaced(tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "a").write_bytes(b"one")
    with pytest.raises(OSError), new_folder(tmp_path / "folder") as partial:
        (partial / "b").write_bytes(b"two")
    assert names(tmp_path / "folder") == ["a"]
    assert names(tmp_path) == ["folder"]


def test_what_has_not_changed_for_an_hour_is_removed(tmp_path):
    (tmp_path / "old" / "sub").mkdir(parents=True)
    (tmp_path / "new").mkdir()
    (tmp_path / "old.txt").touch()
    for name in ("old", "old.txt"):
        os.utime(tmp_path / name, (1, 1))
    remove_abandoned(tmp_path.iterdir())
    assert names(tmp_path) == ["new"]
