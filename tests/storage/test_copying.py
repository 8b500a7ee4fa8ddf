"""Libraries move between a folder and a server, and are the same afterwards. The server is Milvus Lite's real one."""

import pytest
from engines import patient
from fakes import HashedEncoder, numbered

from retrieval import Library
from retrieval.errors import EncoderMismatchError, StorageError
from retrieval.storage.copying import Totals, copy, totals

ENCODER = HashedEncoder()


def opened(place, encoder=ENCODER):
    return Library(place, patient(), encoder=encoder)


@pytest.fixture
def source(tmp_path):
    """A library of files, one of which cannot be read, of documents made in memory, and of a judgement."""
    folder = tmp_path / "articles"
    folder.mkdir()
    (folder / "bees.txt").write_text("Honey bees do not hibernate.\n\nA colony eats 30 pounds of honey.")
    (folder / "ants.txt").write_text("Ants march in lines.")
    (folder / "broken.pdf").write_text("no PDF")
    with opened(tmp_path / "source") as library:
        library.add([folder, *(numbered(number, 0) for number in range(5))])
        library.add_feedback("Who?", True, ["He."], True, "good")
        yield library


@pytest.fixture(params=["folder to server", "server to folder"])
def places(request, tmp_path, source, engine):
    """Where a library is, and where to copy it."""
    there = engine.address()
    if request.param == "folder to server":
        return str(source.path), there
    with opened(there) as server:
        source.copy_to(server)
    return there, str(tmp_path / "target")


QUESTIONS = ["mark word3v0", "How many pounds of honey?", "Do ants march?"]


def test_a_copy_is_the_same_library(places, source):
    here, there = map(opened, places)
    assert here.copy_to(there) == totals(source.backend)
    assert [(d.doc_id, d.source) for d in there.documents()] == [(d.doc_id, d.source) for d in here.documents()]
    assert there.backend.files.all() == here.backend.files.all()
    assert (there.feedback(), str(there.coverage())) == (here.feedback(), str(here.coverage()))
    assert there.backend.facts.get("encoder") == "hashed-words"
    for question in QUESTIONS:
        assert there.ask(question).citations == here.ask(question).citations


def test_a_copy_that_was_interrupted_goes_on(places):
    here, there = map(opened, places)

    def stop(done, total, name):
        if done >= 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        copy(here.backend, there.backend, stop, batch_passages=6)
    kept = {document.doc_id: there.header(document.doc_id) for document in there.documents()}
    assert 0 < len(kept) < 7
    written = there.backend.facts.generation()
    here.copy_to(there)
    assert there.backend.facts.generation() > written
    here.copy_to(there)  # and once more: nothing is there twice
    assert (there.info()["documents"], there.info()["passages"]) == (7, 33)
    assert len(there.feedback()) == 1


def test_what_differs_at_the_end_is_said(source, tmp_path):
    with opened(tmp_path / "target") as target:
        target.add(numbered(9, 0))
        with pytest.raises(StorageError, match=r"target holds Totals.documents=8, .* and .*source Totals.documents=7,"):
            source.copy_to(target)


def test_the_encoder_must_be_the_same(source, tmp_path):
    with opened(tmp_path / "target", HashedEncoder("another")) as target:
        target.add(numbered(9, 0))
        with pytest.raises(
            EncoderMismatchError, match=r"target was built with encoder another, and .* with hashed-words"
        ):
            source.copy_to(target)


def test_a_copy_is_encoded_anew_for_another_model(source, tmp_path):
    def stop(done, total, name):
        raise KeyboardInterrupt

    other = HashedEncoder(fingerprint="another")
    with opened(tmp_path / "target", other) as target:
        with pytest.raises(KeyboardInterrupt):
            source.copy_to(target, stop, encode=True)
        assert source.copy_to(target, encode=True) == totals(source.backend)
        assert target.backend.facts.get("encoder") == "another"
        for question in QUESTIONS:
            assert target.ask(question).citations[0].quote == source.ask(question).citations[0].quote


def test_a_model_that_reads_less_than_a_passage_is_refused(source, tmp_path):
    short = HashedEncoder(fingerprint="short")
    short.max_tokens = 3
    expected = r"a passage has \d+ tokens, and this model reads 3"
    with opened(tmp_path / "target", short) as target, pytest.raises(EncoderMismatchError, match=expected):
        source.copy_to(target, encode=True)


def test_totals_change_with_every_span(source):
    before = totals(source.backend)
    assert before == Totals(7, 33, 3, before.spans)
    with source.backend.database.writing() as connection:
        connection.execute("UPDATE passages SET number = number + 1, checksum = NULL WHERE id = 1")
    with opened(source.path) as again:  # what was read before is kept in memory
        assert totals(again.backend).spans != before.spans


def test_the_command_copies_and_compares(source, engine, pincite):
    target = engine.address()
    result = pincite("copy", source.path, target)
    assert result.exit_code == 0
    assert result.stdout.startswith(f"7 documents, 33 passages, 3 files are the same in {target} (SHA-256")
    assert pincite("info", "--library", target, "--json").exit_code == 0
    assert "d3" in pincite("list", "--library", target).stdout
    wrong = pincite("copy", source.path / "nothing", target)
    assert (wrong.exit_code, wrong.stderr.split(";")[0]) == (3, f"pincite: {source.path}/nothing holds no library")
