"""A library is found by the terms of an analysis; an older one is indexed anew without encoding."""

from fakes import HashedEncoder, about_bees

from retrieval import Document, Library
from retrieval.storage.local.backend import LocalBackend


class WithPieces(HashedEncoder):
    """The fast encoder with the packaged model's analysis."""

    def __init__(self, encoder):
        super().__init__()
        self.analysis = encoder.analysis


def found(library, question):
    return [hit.passage.doc_id for hit in library.search(question) if hit.signals["bm25"] > 0]


def test_an_older_library_is_indexed_anew(encoder, tmp_path):
    with Library(tmp_path / "library", encoder=HashedEncoder()) as library:
        library.add([about_bees(), Document("a2", "制度", "出差住宿标准为每晚600元。")])
        before = library.backend.documents.indexed(["a1"])
        assert found(library, "住宿标准") == []
    with Library(tmp_path / "library", encoder=WithPieces(encoder)) as library:
        assert found(library, "住宿标准") == ["a2"]
        assert library.backend.facts.get("analysis") == "pieces 1"
        assert (library.backend.documents.indexed(["a1"])[0].vectors[0].vector == before[0].vectors[0].vector).all()
        generation = library.generation()
    with Library(tmp_path / "library", encoder=WithPieces(encoder)) as library:
        assert found(library, "hibernating") == ["a1"] and library.generation() == generation


def test_what_is_removed_is_found_no_more_and_needs_no_model(encoder, tmp_path):
    with Library(tmp_path / "library", encoder=WithPieces(encoder)) as library:
        library.add([about_bees(), about_bees("a2", "Rye bread is baked at night.")])
    with Library(tmp_path / "library") as library:
        library.remove("a1")
    store = LocalBackend(tmp_path / "library")
    assert store.passages.bm25(["honey"], 9, {}) == {}
    assert len(store.passages.bm25(["bread"], 9, {})) == 1
    assert store.database.path.exists()
    store.close()
