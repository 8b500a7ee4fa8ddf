"""What the service makes of errors."""

import pytest
from fakes import HashedEncoder

from retrieval import Document, Library, PinciteError, Settings
from ui.web import Service, open_library
from ui.web.service import guarded


@pytest.mark.slow
def test_the_pages_own_library_is_among_the_persons_data_and_what_was_deleted_stays_deleted(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    for expected in (True, False):
        opened, new = open_library(None)
        with opened as library:
            assert new is expected
            assert library.path.parent == tmp_path / "pincite"
            service = Service(library, seeds=new)
            service.warm()
            assert len(library.documents()) == int(expected)
            library.remove(*(document.doc_id for document in library.documents()))
    opened, new = open_library(tmp_path / "named")
    with opened as library:
        assert (library.path, new) == (tmp_path / "named", False)


def test_what_goes_wrong_is_told_without_details():
    def fails(error):
        raise error

    call = guarded(fails)
    assert call(PinciteError("do this\nthen that")) == {"error": "do this then that"}
    assert call(KeyError("secret")) == {"error": "The page sent something unexpected; reload it."}
    assert call(OSError("/secret/path")) == {
        "error": "Something went wrong; the terminal where Pincite runs says what."
    }


def test_a_review_asks_what_is_there(hashed):
    service = Service(hashed)
    service.warm()
    asked = {"questions": ["What was  said?", " "], "documents": []}
    assert service.reviewable(asked) == {"error": "There are no documents to ask yet. Add some first."}
    hashed.add([Document("a", "A", "Some words were said."), Document("b", "B", "Other words.")])
    begun = service.reviewable(asked)
    assert (begun["documents"], begun["questions"]) == (["a", "b"], ["What was said?"])
    assert service.reviewable(asked | {"documents": ["b", "gone"]})["documents"] == ["b"]
    assert service.reviewable({"questions": [" "]}) == {"error": "Write some questions first, one a line."}
    (row,) = service.reviewed(asked | {"documents": ["a", "gone"]})["rows"]
    assert row["answers"][0]["citations"][0]["quote"] == "Some words were said."
    assert service.reviewed(asked) == {"html": "", "rows": []}


def test_a_library_that_cannot_be_used_says_so(tmp_path):
    with Library(tmp_path / "l", Settings(), encoder=HashedEncoder("one")) as library:
        library.add(Document("a", "A", "Some words."))
    with Library(tmp_path / "l", Settings(), encoder=HashedEncoder("two")) as library:
        service = Service(library)
        service.warm()
        assert "was built with encoder one, but two is set" in service.status()["error"]
        assert "was built with encoder" in guarded(service.ask)({"question": "what?"})["error"]
