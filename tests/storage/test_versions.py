"""What a document said before another took its place, and that it is gone with that one."""

import os
from dataclasses import replace
from pathlib import Path

import pytest
from fakes import HashedEncoder

from retrieval import Document, Library, Settings

OLD, NEW, NEWEST = (f"The pilot fee in Aro is {fee} euros for each ship." for fee in (240, 260, 280))
MARCH = 1_772_500_000


@pytest.fixture
def fees(hashed, tmp_path):
    """A file of fees that was written in March and has changed since, and a citation of what it said."""
    path = tmp_path / "fees.txt"
    path.write_text(f"Fees\n\n{OLD}")
    os.utime(path, (MARCH, MARCH))
    hashed.add(path)
    citation = hashed.ask("What is the pilot fee in Aro?").citations[0]
    rewrite(hashed, path, NEW)
    return path, citation


def rewrite(library, path, text):
    path.write_text(f"Fees\n\n{text}")
    return library.add(path)


def texts(library):
    names = [(version.document.doc_id, version.document.sha256) for version in library.versions()]
    return [library.version(*name).document.text.splitlines()[-1] for name in names]


def test_what_a_file_said_is_there_for_citations_and_found_by_no_search(hashed, fees):
    path, citation = fees
    version = hashed.version(citation.doc_id, citation.sha256)
    assert version.document.text[citation.start : citation.end] == citation.quote == OLD
    assert (version.document.title, version.document.source) == (citation.title, str(path))
    assert [(p.number, p.locator, p.text) for p in version.passages] == [(1, "¶ 1", f"Fees\n\n{OLD}")]
    assert {p.language for p in version.passages} == {version.document.metadata.get("language", "")} == {"en"}
    (now,) = hashed.documents()
    assert (version.successor, version.written_ns) == (now.doc_id, MARCH * 10**9)
    assert hashed.verify(citation) == "changed"
    assert "240" not in "".join(hit.passage.text for hit in hashed.search("What was the pilot fee of 240 euros?"))
    assert hashed.document(citation.doc_id) is None


def test_versions_follow_the_document_that_is_there_now(hashed, fees):
    path, _ = fees
    rewrite(hashed, path, NEWEST)
    (now,) = hashed.documents()
    assert texts(hashed) == [OLD, NEW]
    assert [version.document.doc_id for version in hashed.versions(now.doc_id)] == [
        version.document.doc_id for version in hashed.versions()
    ]


def test_what_comes_back_is_no_earlier_version(hashed, fees):
    path, citation = fees
    rewrite(hashed, path, OLD)
    assert texts(hashed) == [NEW]
    assert hashed.version(citation.doc_id) is None
    assert hashed.verify(citation) == "valid"


@pytest.mark.parametrize("name", ["doc_id", "path", "folder"])
def test_removed_documents_take_their_versions_with_them(hashed, fees, tmp_path, name):
    path, _ = fees
    rewrite(hashed, path, NEWEST)
    (now,) = hashed.documents()
    hashed.remove({"doc_id": now.doc_id, "path": str(path), "folder": str(tmp_path)}[name])
    assert (hashed.versions(), hashed.documents()) == ([], [])


def test_a_version_alone_can_be_removed(hashed, fees):
    path, citation = fees
    rewrite(hashed, path, NEWEST)
    assert hashed.remove(citation.doc_id) == [citation.doc_id]
    assert texts(hashed) == [NEW]


def test_a_file_that_is_deleted_or_emptied_takes_them_with_it(hashed, fees):
    path, _ = fees
    path.write_text("")
    hashed.add(path)
    assert hashed.versions() == []


def test_a_sync_keeps_them_for_what_changed_and_moved_and_drops_those_of_what_is_gone(hashed, tmp_path):
    folder = tmp_path / "articles"
    folder.mkdir()
    for name in ("fees", "tugs"):
        (folder / f"{name}.txt").write_text(f"{name}\n\n{OLD}")
    hashed.sync(folder)
    for name in ("fees", "tugs"):
        (folder / f"{name}.txt").write_text(f"{name}\n\n{NEW}")
    hashed.sync(folder)
    assert texts(hashed) == [OLD, OLD]
    (folder / "fees.txt").rename(folder / "moved.txt")
    hashed.sync(folder)
    assert texts(hashed) == [OLD, OLD]
    (folder / "tugs.txt").unlink()
    hashed.sync(folder, sure=True)
    (version,) = hashed.versions()
    assert Path(version.document.source).name == "fees.txt"


def test_a_file_that_becomes_the_copy_of_another_is_replaced_by_it(hashed, fees, tmp_path):
    path, _ = fees
    (tmp_path / "copy.txt").write_text("Tugs are paid by the hour.")
    hashed.add(tmp_path / "copy.txt")
    path.write_text("Tugs are paid by the hour.")
    hashed.add(path)
    assert texts(hashed) == [OLD, NEW]
    hashed.remove(str(path))  # the copy holds the text still, but of this file nothing is left
    assert (texts(hashed), [Path(d.source).name for d in hashed.documents()]) == ([], ["copy.txt"])


def test_what_another_file_holds_is_no_earlier_version(hashed, tmp_path):
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_text(OLD)
    hashed.add([tmp_path / "a.txt", tmp_path / "b.txt"])
    rewrite(hashed, tmp_path / "a.txt", NEW)
    assert hashed.versions() == []


def test_documents_made_in_memory_have_them_under_their_own_name(hashed):
    hashed.add(Document("fees", "Fees", OLD))
    citation = hashed.ask("What is the pilot fee in Aro?").citations[0]
    hashed.add(Document("fees", "Fees 2", OLD))  # the same text
    assert hashed.versions() == []
    hashed.add(Document("fees", "Fees", NEW))
    assert hashed.version("fees", citation.sha256).document.text == OLD
    assert (hashed.version("fees", "ab"), hashed.version("tugs")) == (None, None)
    hashed.remove("fees")
    assert hashed.versions() == []


@pytest.mark.parametrize("most, kept", [(2**20, 9), (0, 0), (240, 3)])
def test_all_of_them_take_so_much_room_at_most(tmp_path, most, kept):
    with Library(tmp_path / "held", Settings(versions_bytes=most), encoder=HashedEncoder()) as library:
        for number in range(10):
            library.add(Document("fees", "Fees", f"The fee is {number} euros."))
        found = texts(library)
        assert found == [f"The fee is {number} euros." for number in range(9)][9 - len(found) :]
        assert len(found) == kept


@pytest.mark.usefixtures("fees")
def test_they_are_dropped_when_asked(hashed):
    assert (hashed.prune(2**20), hashed.prune(), hashed.prune()) == (0, 1, 0)
    assert hashed.versions() == []
    assert len(hashed.documents()) == 1


def test_backups_and_copies_carry_them(hashed, fees, tmp_path):
    path, citation = fees
    rewrite(hashed, path, NEWEST)
    hashed.backup(tmp_path / "backup")
    Library.restore(tmp_path / "backup", tmp_path / "restored")
    with Library(tmp_path / "restored", encoder=HashedEncoder()) as restored:
        assert texts(restored) == [OLD, NEW]
    with Library(tmp_path / "copy", encoder=HashedEncoder()) as copied:
        for _ in range(2):
            hashed.copy_to(copied)
            assert copied.versions() == hashed.versions()
        assert copied.version(citation.doc_id) == hashed.version(citation.doc_id)


@pytest.mark.usefixtures("fees")
def test_a_write_that_fails_replaces_nothing(hashed):
    (now,) = hashed.documents()
    prepared = hashed.backend.documents.indexed([now.doc_id])[0]
    other = replace(prepared, document=replace(now, doc_id="other", sha256="ab"), file=(1, 1), vectors=[])
    with pytest.raises(ValueError, match="zip"):
        hashed.backend.documents.add([other])
    assert texts(hashed) == [OLD]
    assert hashed.documents() == [now]
