"""A library that follows a folder: what is there answers, what is gone does not, and nothing is encoded twice."""

import os
import random
import shutil
from pathlib import Path

import pytest
from encoders import CountingEncoder
from fakes import HashedEncoder
from folders import TEXTS, assert_in_step, counts, disturb, four_files, open_to_all, sources, write

from retrieval import Document, Library, Settings
from retrieval.errors import SyncError

BROKEN = {"empty.txt": b"", "picture.txt": b"\x89PNG\r\n\x1a\n\x00\x00", "video.xyz": b"film"}


@pytest.fixture
def folder(tmp_path):
    return four_files(tmp_path / "docs")


@pytest.fixture
def library(tmp_path):
    with Library(tmp_path / "library", Settings(threshold=0.0), encoder=CountingEncoder()) as opened:
        yield opened


# --- in step


def test_a_folder_is_added_and_then_unchanged(library, folder):
    report = library.sync(folder)
    assert report.added == sorted(str(folder / name) for name in TEXTS)
    assert str(report) == "4 added, 0 unchanged, 0 replaced, 0 moved, 0 removed, 0 failed"
    generation, encoded = library.info()["generation"], library._given_encoder.encoded
    assert counts(library.sync(folder)) == {"unchanged": 4}
    assert (library.info()["generation"], library._given_encoder.encoded) == (generation, encoded)


def test_what_is_deleted_stops_answering(library, folder):
    library.sync(folder)
    (folder / "a.txt").unlink()
    report = library.sync(folder)
    assert report.removed == [str(folder / "a.txt")]
    assert counts(report) == {"unchanged": 3, "removed": 1}
    assert all("Bees" not in hit.passage.text for hit in library.search("bees shiver", 9))
    assert str(library.coverage()) == "3 of 3 documents searchable"


def test_what_is_deleted_stops_answering_before_anything_is_read(library, folder):
    library.sync(folder)
    (folder / "a.txt").unlink()
    write(folder / "new.txt", "Rivers flow.")
    seen = []
    library.sync(folder, progress=lambda *_: seen.append([hit.passage.text for hit in library.search("bees", 9)]))
    assert len(seen) == 1
    assert TEXTS["a.txt"] not in seen[0]


def test_what_is_changed_is_replaced(library, folder):
    library.sync(folder)
    write(folder / "a.txt", "Wasps do not.")
    report = library.sync(folder)
    assert report.replaced == [str(folder / "a.txt")]
    assert counts(report) == {"unchanged": 3, "replaced": 1}
    assert TEXTS["a.txt"] not in sources(library)
    os.utime(folder / "a.txt", ns=(5, 5))
    assert counts(library.sync(folder)) == {"unchanged": 4}
    assert library._given_encoder.encoded == 5


def test_what_is_moved_is_not_encoded_again(library, folder):
    library.sync(folder)
    (folder / "a.txt").rename(folder / "sub" / "z.txt")
    (folder / "sub" / "deep").rename(folder / "other")
    report = library.sync(folder)
    assert report.moved == [
        (str(folder / "sub/deep/d.txt"), str(folder / "other/d.txt")),
        (str(folder / "a.txt"), str(folder / "sub/z.txt")),
    ]
    assert counts(report) == {"unchanged": 2, "moved": 2}
    assert library._given_encoder.encoded == 4
    citation = library.ask("bees shiver").citations[0]
    assert (citation.source, citation.title) == (str(folder / "sub/z.txt"), "z")
    assert library.verify(citation) == "valid"


def test_files_may_change_places(library, folder):
    """As logs do that are turned over: a to b, b to c."""
    library.sync(folder)
    write(folder / "e.txt", "Rivers flow.")
    library.sync(folder)
    (folder / "e.txt").rename(folder / "f.txt")
    (folder / "a.txt").rename(folder / "e.txt")
    assert counts(library.sync(folder)) == {"unchanged": 3, "moved": 2}
    (folder / "e.txt").rename(folder / "tmp")
    (folder / "f.txt").rename(folder / "e.txt")
    (folder / "tmp").rename(folder / "f.txt")
    assert counts(library.sync(folder)) == {"unchanged": 3, "moved": 2}
    assert library._given_encoder.encoded == 5
    assert sources(library)["Rivers flow."] == str(folder / "e.txt")
    assert sources(library)[TEXTS["a.txt"]] == str(folder / "f.txt")


def test_a_copy_is_linked_and_outlives_its_original(library, folder):
    library.sync(folder)
    shutil.copy(folder / "a.txt", folder / "copy.txt")
    assert counts(library.sync(folder)) == {"unchanged": 5}
    (folder / "a.txt").unlink()
    assert counts(library.sync(folder)) == {"unchanged": 4, "removed": 1}
    assert sources(library)[TEXTS["a.txt"]] == str(folder / "copy.txt")
    assert library._given_encoder.encoded == 4


def test_one_file_that_becomes_two_was_moved_once(library, folder):
    library.sync(folder)
    shutil.copy(folder / "a.txt", folder / "y.txt")
    (folder / "a.txt").rename(folder / "x.txt")
    report = library.sync(folder)
    assert report.moved == [(str(folder / "a.txt"), str(folder / "x.txt"))]
    assert counts(report) == {"unchanged": 4, "moved": 1}


def test_another_type_is_read_anew(library, folder):
    library.sync(folder)
    (folder / "b.md").rename(folder / "b.txt")
    assert counts(library.sync(folder)) == {"added": 1, "unchanged": 3, "removed": 1}
    (folder / "a.txt").rename(folder / "a.xyz")
    assert counts(library.sync(folder)) == {"unchanged": 3, "removed": 1, "failed": 1}


def test_only_files_below_the_folder_are_touched(library, folder, tmp_path):
    write(tmp_path / "docs2" / "x.txt", "Rivers flow.")
    library.add([tmp_path / "docs2", Document("m", "Memory", "Kept in memory.", source=str(folder / "m.txt"))])
    (tmp_path / "docs2" / "x.txt").unlink()
    library.sync(folder)
    (folder / "sub" / "c.txt").unlink()
    assert counts(library.sync(folder)) == {"unchanged": 3, "removed": 1}
    assert counts(library.sync(folder / "sub")) == {"unchanged": 1}
    assert {"Rivers flow.", "Kept in memory."} <= sources(library).keys()


def test_what_comes_from_elsewhere_is_not_encoded_again(library, folder, tmp_path):
    write(tmp_path / "inbox" / "x.txt", "Rivers flow.")
    library.add(tmp_path / "inbox")
    library.sync(folder)
    (tmp_path / "inbox" / "x.txt").rename(folder / "x.txt")
    report = library.sync(folder)
    assert report.moved == [(str(tmp_path / "inbox/x.txt"), str(folder / "x.txt"))]
    assert sources(library)["Rivers flow."] == str(folder / "x.txt")
    assert library.coverage().known == 5


def test_a_folder_has_one_name(library, folder, monkeypatch):
    monkeypatch.chdir(folder / "sub")
    library.sync("..")
    assert counts(library.sync(folder)) == {"unchanged": 4}
    assert counts(library.sync("../sub/.")) == {"unchanged": 2}
    assert library.add("../sub/../a.txt").unchanged


@pytest.mark.slow
def test_at_random(library, folder):
    """Files are written, moved, copied and deleted as it comes; after each sync, library and folder agree."""
    (folder / "b.md").unlink()
    chance = random.Random(4)
    for _ in range(40):
        for _ in range(chance.randint(1, 4)):
            disturb(folder, chance)
        library.sync(folder, sure=True)
        assert_in_step(library, folder)


def test_a_new_name_is_found_and_the_old_one_is_not(library, folder):
    library.sync(folder)
    (folder / "a.txt").rename(folder / "winter quarters.txt")
    (folder / "b.md").rename(folder / "drinks.md")
    library.sync(folder)
    assert [document.title for document in library.documents()] == ["winter quarters", "Tea", "c", "d"]
    found = library.backend.passages.bm25(["quarters", "drinks", "a"], 9, {})
    assert [library.backend.passages.candidates([number])[0].passage.text for number in found] == [TEXTS["a.txt"]]
    (folder / "winter quarters.txt").unlink()
    library.sync(folder)
    assert library.backend.passages.bm25(["quarters", "shiver"], 9, {}) == {}
    library.check()


# --- what fails


def test_what_fails_is_said_and_read_again_when_it_has_changed(library, folder):
    for name, content in BROKEN.items():
        write(folder / name, content)
    first = library.sync(folder)
    assert counts(first) == {"added": 4, "failed": 3}
    before = library.backend.files.all()
    second = library.sync(folder)
    assert second.failed == first.failed
    assert counts(second) == {"unchanged": 4, "failed": 3}
    assert library.backend.files.all() == before
    write(folder / "empty.txt", "Now it holds text.")
    assert counts(library.sync(folder)) == {"added": 1, "unchanged": 4, "failed": 2}
    (folder / "video.xyz").unlink()
    assert counts(library.sync(folder)) == {"unchanged": 5, "removed": 1, "failed": 1}
    assert str(library.coverage()) == "5 of 6 documents searchable; 1 failed"


def test_a_file_that_was_emptied_answers_no_more(library, folder):
    library.sync(folder)
    shutil.copy(folder / "a.txt", folder / "copy.txt")
    library.sync(folder)
    write(folder / "a.txt", "")
    assert counts(library.sync(folder)) == {"unchanged": 4, "failed": 1}
    assert sources(library)[TEXTS["a.txt"]] == str(folder / "copy.txt")
    write(folder / "copy.txt", " ")
    assert counts(library.sync(folder)) == {"unchanged": 3, "failed": 2}
    assert TEXTS["a.txt"] not in sources(library)


def test_a_linked_folder_is_followed(library, folder, tmp_path):
    write(tmp_path / "elsewhere" / "e.txt", "Rivers flow.")
    (folder / "link").symlink_to(tmp_path / "elsewhere")
    assert counts(library.sync(folder)) == {"added": 5}
    assert counts(library.sync(folder)) == {"unchanged": 5}
    (folder / "link").unlink()
    assert counts(library.sync(folder)) == {"unchanged": 4, "removed": 1}


def test_what_failed_is_not_read_again(library, folder):
    """Nor opened: a file that takes the reader's last second to fail would do so at every sync."""
    write(folder / "empty.txt", "")
    library.sync(folder)
    (folder / "empty.txt").unlink()
    os.mkfifo(folder / "empty.txt")
    os.utime(folder / "empty.txt", ns=(write.time, write.time))
    assert [failure.reason for failure in library.sync(folder).failed] == ["is empty"]
    assert [failure.reason for failure in library.add(folder).failed] == ["is not a regular file"]


def test_a_limit_that_is_raised_lets_a_file_in(folder, tmp_path):
    for limit, expected in ((24, {"added": 3, "failed": 1}), (26, {"added": 1, "unchanged": 3})):
        with Library(tmp_path / "library", Settings(max_file_bytes=limit), encoder=HashedEncoder()) as library:
            assert counts(library.sync(folder)) == expected


def test_a_file_that_becomes_unreadable_keeps_answering_until_it_is_gone(library, folder):
    library.sync(folder)
    write(folder / "a.txt", b"\x00\x01\x02")
    assert counts(library.sync(folder)) == {"unchanged": 3, "failed": 1}
    assert counts(library.sync(folder)) == {"unchanged": 3, "failed": 1}
    assert library.ask("bees shiver").citations[0].quote == TEXTS["a.txt"]
    write(folder / "a.txt", TEXTS["a.txt"])
    assert counts(library.sync(folder)) == {"replaced": 1, "unchanged": 3}
    assert library.failures() == {}
    write(folder / "a.txt", b"\x00\x01\x02")
    library.sync(folder)
    (folder / "a.txt").unlink()
    assert counts(library.sync(folder)) == {"unchanged": 3, "removed": 1}
    assert TEXTS["a.txt"] not in sources(library)


def test_a_name_that_is_not_text_is_said_each_time(library, folder):
    Path(os.fsdecode(os.fsencode(folder) + b"/b\xff.txt")).write_text("Tea.")
    for expected in ({"added": 4, "failed": 1}, {"unchanged": 4, "failed": 1}):
        report = library.sync(folder)
        assert counts(report) == expected
        assert "is not valid text" in report.failed[0].reason


@pytest.fixture
def nobody(library, tmp_path):
    """Be somebody who may not read everything, if this is root."""
    if os.geteuid() != 0:
        yield
        return
    open_to_all(tmp_path)
    for path in (tmp_path, *tmp_path.rglob("*")):
        os.chown(path, 65534, 65534)
    os.seteuid(65534)
    yield
    os.seteuid(0)


def test_a_folder_that_may_not_be_read_keeps_what_it_held(library, folder, nobody):
    library.sync(folder)
    (folder / "sub").chmod(0)
    try:
        assert counts(library.sync(folder)) == {"unchanged": 2, "failed": 1}
        assert len(library.documents()) == 4
    finally:
        (folder / "sub").chmod(0o755)
    assert counts(library.sync(folder)) == {"unchanged": 4}
    assert library.failures() == {}


# --- what may be a mistake


def test_a_folder_that_is_gone_or_empty_wipes_nothing(library, folder, tmp_path):
    library.sync(folder)
    folder.rename(tmp_path / "elsewhere")
    with pytest.raises(SyncError, match=f"{folder} is not a folder that is there"):
        library.sync(folder)
    folder.mkdir()
    with pytest.raises(SyncError, match=r"^4 of the 4 files in .* are gone; if .* on purpose, say so with --yes"):
        library.sync(folder)
    assert len(library.documents()) == 4
    assert counts(library.sync(folder, sure=True, dry_run=True)) == {"removed": 4}
    assert counts(library.sync(folder, sure=True)) == {"removed": 4}
    assert library.documents() == []
    assert counts(library.sync(folder)) == {}


def test_most_of_many_files_may_not_vanish_unsaid(library, folder):
    for number in range(30):
        write(folder / "many" / f"{number}.txt", f"Number {number}.")
    library.sync(folder)
    for number in range(17):
        (folder / "many" / f"{number}.txt").unlink()
    assert counts(library.sync(folder, dry_run=True)) == {"unchanged": 17, "removed": 17}
    assert counts(library.sync(folder)) == {"unchanged": 17, "removed": 17}
    for path in (folder / "many").iterdir():
        path.unlink()
    with pytest.raises(SyncError, match="13 of the 17 files"):
        library.sync(folder)


def test_a_disk_below_the_folder_may_be_unmounted(library, folder):
    """Its mount point is there and empty; a folder that was deleted is not."""
    for number in range(30):
        write(folder / f"{number}.txt", f"Number {number}.")
    for number in range(11):
        write(folder / "disk" / "sub" / f"{number}.txt", f"Disk {number}.")
    library.sync(folder)
    shutil.rmtree(folder / "disk" / "sub")
    with pytest.raises(SyncError, match=f"{folder}/disk is empty, and the library holds 11 files of it"):
        library.sync(folder)
    (folder / "disk").rmdir()
    assert counts(library.sync(folder)) == {"unchanged": 34, "removed": 11}


def test_a_dry_run_changes_nothing_and_tells_what_would_happen(library, folder):
    assert counts(library.sync(folder, dry_run=True)) == {"added": 4}
    assert library.documents() == []
    library.sync(folder)
    before = library.backend.files.all()
    (folder / "a.txt").rename(folder / "z.txt")
    (folder / "b.md").unlink()
    write(folder / "sub" / "c.txt", "Snow falls.")
    expected = {"unchanged": 1, "replaced": 1, "moved": 1, "removed": 1}
    assert counts(library.sync(folder, dry_run=True)) == expected
    assert library.backend.files.all() == before
    assert counts(library.sync(folder)) == expected


# --- what is left alone


def test_patterns_keep_files_out_and_take_them_out(library, folder):
    library.sync(folder)
    (folder / ".pinciteignore").write_text("# drafts\n*.md\n/sub/deep/\n")
    assert counts(library.sync(folder)) == {"unchanged": 2, "removed": 2}
    assert counts(library.sync(folder, ignore=["a.txt"])) == {"unchanged": 1, "removed": 1}
    assert counts(library.sync(folder, ignore=["!b.md"])) == {"added": 2, "unchanged": 1}
    (folder / ".pinciteignore").unlink()
    assert counts(library.sync(folder)) == {"added": 1, "unchanged": 3}


def test_patterns_are_those_of_gitignore(library, folder):
    write(folder / "build" / "x.txt", "Built.")
    write(folder / "sub" / "build" / "x.txt", "Built below.")
    for patterns, kept in (
        (["build"], {"a.txt", "b.md", "c.txt", "d.txt"}),
        (["/build/", "*.md"], {"a.txt", "c.txt", "d.txt", "x.txt"}),
        (["**/build/*", "sub/*", "!sub/deep"], {"a.txt", "b.md", "d.txt"}),
    ):
        report = library.sync(folder, ignore=patterns, dry_run=True)
        assert {Path(name).name for name in report.added} == kept


@pytest.mark.parametrize("content", [b"!\n", b"\xff\xfe\x00"], ids=["no pattern", "no text"])
def test_patterns_that_cannot_be_read_stop_everything(library, folder, content):
    (folder / ".pinciteignore").write_bytes(content)
    with pytest.raises(SyncError, match=r"expected patterns as in a \.gitignore|\.pinciteignore cannot be read"):
        library.sync(folder)
    assert library.documents() == []
