import os
import sys
from dataclasses import asdict
from pathlib import Path
from types import SimpleNamespace

import pytest

from retrieval.errors import DocumentError
from retrieval.parsers import shared
from ui.web import Service
from ui.web.adding import Uploads


@pytest.mark.parametrize(
    "name, kept",
    [
        ("My Owls.txt", "My Owls.txt"),
        ("../../etc/passwd.TXT", "passwd.txt"),
        ("Übersicht (2).md", "Übersicht (2).md"),
        ("a\x00b\u202e/..\\c:d.md", "c d.md"),
        ("-.txt", "upload.txt"),
        (f"{'word ' * 40}.txt", f"{'word ' * 8}".strip() + ".txt"),
    ],
    ids=["plain", "path", "letters", "marks", "nothing", "long"],
)
def test_a_file_keeps_its_name_without_what_has_a_meaning_in_paths(tmp_path, name, kept):
    path = Uploads(tmp_path).keep(name, b"owls")
    assert (path.name, path.read_bytes()) == (kept, b"owls")
    assert path.parent.parent == tmp_path


def test_a_title_is_never_a_hash(hashed, tmp_path):
    (doc_id,) = hashed.add(Uploads(tmp_path / "uploads").keep("My Owls.txt", b"Owls hunt voles.")).added
    assert hashed.document(doc_id).title == "My Owls"


def test_the_same_file_has_the_same_path_and_two_of_a_name_have_two(tmp_path):
    uploads = Uploads(tmp_path)
    first, again, other = (uploads.keep("a.txt", content) for content in (b"one", b"one", b"two"))
    assert first == again != other
    uploads.drop(str(first))
    assert not first.parent.exists() and other.read_bytes() == b"two"
    uploads.drop(str(tmp_path / "other.txt"))  # none of these


def test_what_cannot_be_read_or_kept_is_refused(tmp_path):
    with pytest.raises(DocumentError, match=r"files of type \.exe are not read"):
        Uploads(tmp_path).keep("a.exe", b"MZ")
    with pytest.raises(DocumentError, match="nowhere to stay"):
        Uploads(None).keep("a.txt", b"one")


@pytest.mark.slow
def test_a_second_upload_that_fails_takes_nothing_from_the_first(hashed, monkeypatch):
    service = Service(hashed)
    service.warm()
    page = sent("owls.html", b"<p>Owls hunt voles at night.</p>")
    first = service.upload(page)
    shared.close()
    monkeypatch.setattr(sys, "executable", "/there/is/no/python")
    path = Path(hashed.documents()[0].source)
    assert service.upload(page) == {"doc_id": first["doc_id"], "new": False, "note": ""}  # not even read
    os.utime(path, (1, 1))
    assert "error" in service.upload(page)
    assert "error" in service.upload(sent("eagle owls.html", page.files[0][1]))
    assert [document.doc_id for document in hashed.documents()] == [first["doc_id"]]
    assert path.read_bytes() == page.files[0][1]
    assert hashed.verify(hashed.ask("What do owls hunt?").citations[0]) == "changed"  # the reader still fails
    assert sorted(file.name for file in path.parent.iterdir()) == ["owls.html"]
    monkeypatch.undo()
    assert service.upload(page)["doc_id"] == first["doc_id"]
    assert hashed.verify(hashed.ask("What do owls hunt?").citations[0]) == "valid"
    assert hashed.failures() == {}


def test_what_could_not_be_read_leaves_nothing(hashed):
    service = Service(hashed)
    service.warm()
    assert "error" in service.upload(sent("owls.pdf", b"no PDF"))
    assert [file for file in (hashed.path / "uploads").rglob("*") if file.is_file()] == []
    assert hashed.failures() == {}


def test_a_torn_file_is_written_again(tmp_path):
    path = Uploads(tmp_path).keep("owls.txt", b"Owls hunt voles.")
    path.write_bytes(b"Owls")
    assert Uploads(tmp_path).keep("owls.txt", b"Owls hunt voles.") == path
    assert path.read_bytes() == b"Owls hunt voles."
    assert list(path.parent.iterdir()) == [path]


def sent(name, content):
    return SimpleNamespace(files=[(name, content)])


def test_uploads_have_a_quota(tmp_path):
    uploads = Uploads(tmp_path, most=20)
    kept = uploads.keep("owls.txt", b"Owls hunt voles.")
    with pytest.raises(DocumentError, match="at most 0 GB are kept; remove documents"):
        uploads.keep("bees.txt", b"Bees.")
    assert uploads.keep("owls.txt", b"Owls hunt voles.") == kept  # the same again takes none
    uploads.drop(str(kept))
    assert uploads.keep("bees.txt", b"Bees.").read_bytes() == b"Bees."


OLD, NEW = b"The pilot fee in Aro is 240 euros.", b"The pilot fee in Aro is 260 euros."


def test_a_corrected_file_of_the_same_name_is_asked_about(hashed):
    service = Service(hashed)
    service.warm()
    first = service.upload(sent("fees.txt", OLD))
    assert service.upload(sent("fees.txt", NEW)) == {"held": "fees.txt"}
    assert service.upload(sent("fees.txt", OLD)) == {"doc_id": first["doc_id"], "new": False, "note": ""}
    assert [document.doc_id for document in hashed.documents()] == [first["doc_id"]]
    second = service.beside(sent("fees.txt", NEW))
    assert [document.doc_id for document in hashed.documents()] == [first["doc_id"], second["doc_id"]]
    assert hashed.versions() == []


def test_it_replaces_the_other_and_what_that_said_stays_readable(hashed):
    service = Service(hashed)
    service.warm()
    first = service.upload(sent("fees.txt", OLD))
    citation = hashed.ask("What is the pilot fee?").citations[0]
    source = Path(citation.source)
    second = service.replace(sent("fees.txt", NEW))
    assert [(document.doc_id, document.title) for document in hashed.documents()] == [(second["doc_id"], "fees")]
    assert not source.parent.exists()
    assert list(hashed.backend.files.all()) == [hashed.documents()[0].source]
    record = hashed.version(first["doc_id"], citation.sha256)
    assert (record.document.text.encode(), record.successor) == (OLD, second["doc_id"])
    told = service.verify({"citations": [asdict(citation)]})["1"]
    assert told.startswith("Cites the version of ") and f'data-doc="{second["doc_id"]}"' in told
    view = service.view({"doc_id": first["doc_id"], "sha256": citation.sha256})
    assert view["earlier"] and "You are reading the version of " in view["html"] and "240 euros" in view["html"]
    assert service.view({"doc_id": second["doc_id"]})["earlier"] is False
    service.remove({"doc_id": second["doc_id"]})
    assert service.view({"doc_id": first["doc_id"], "sha256": citation.sha256}) == {
        "error": "This document is no longer in the library."
    }


def test_one_that_cannot_be_read_replaces_nothing(hashed):
    service = Service(hashed)
    service.warm()
    first = service.upload(sent("fees.html", b"<p>The pilot fee is 240 euros.</p>"))
    assert "error" in service.replace(sent("fees.html", b"<p></p>"))
    assert [document.doc_id for document in hashed.documents()] == [first["doc_id"]]
    assert [state for _, state in hashed.verify_sources()] == ["valid"]
