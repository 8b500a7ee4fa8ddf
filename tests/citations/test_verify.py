import json
from dataclasses import replace

import pytest

from retrieval import Document
from retrieval.citations import changed_words

FEES = "Fees\n\nThe pilot fee in Aro is 240 euros for each ship. It is paid on arrival.\n\nTugs are paid by the hour."


@pytest.fixture
def cited(hashed, tmp_path):
    """A file of three paragraphs, and a citation of the fee in it."""
    path = tmp_path / "fees.txt"
    path.write_text(FEES)
    hashed.add(path)
    (citation,) = hashed.ask("What is the pilot fee in Aro?").citations[:1]
    assert citation.quote == "The pilot fee in Aro is 240 euros for each ship."
    return path, citation


@pytest.mark.parametrize(
    "text, state, now",
    [
        (FEES, "valid", "The pilot fee in Aro is 240 euros for each ship."),
        (f"News.\n\n{FEES}", "changed", "The pilot fee in Aro is 240 euros for each ship."),
        (FEES.replace("240", "260"), "changed", "The pilot fee in Aro is 260 euros for each ship."),
        (FEES.replace("fee in Aro is 240 euros", "fee is now 9 crowns"), "changed",
         "The pilot fee is now 9 crowns for each ship."),
        ("The lighthouse at Bel was lit in 1931.", "changed", ""),
        ("", "changed", ""),
    ],
    ids=["same", "moved", "another number", "reworded", "gone", "emptied"],
)  # fmt: skip
def test_what_a_changed_file_says_now(hashed, cited, text, state, now):
    path, citation = cited
    path.write_text(text)
    assert (hashed.verify(citation), hashed.wording_now(citation)) == (state, now)


def test_a_missing_file_says_nothing(hashed, cited):
    path, citation = cited
    path.unlink()
    assert (hashed.verify(citation), hashed.wording_now(citation)) == ("missing", "")


def test_a_document_made_in_memory(hashed):
    hashed.add(Document("fees", "Fees", FEES))
    citation = hashed.ask("What is the pilot fee in Aro?").citations[0]
    hashed.add(Document("fees", "Fees", FEES.replace("240", "260")))
    assert hashed.verify(citation) == "changed"
    assert hashed.wording_now(citation) == "The pilot fee in Aro is 260 euros for each ship."
    hashed.remove("fees")
    assert (hashed.verify(citation), hashed.wording_now(citation)) == ("missing", "")


def test_several_sentences_are_compared_as_one(hashed, cited):
    path, citation = cited
    quote = "The pilot fee in Aro is 240 euros for each ship. It is paid on arrival."
    path.write_text(FEES.replace("240", "260").replace("on arrival", "when it leaves"))
    longer = replace(citation, quote=quote, end=citation.start + len(quote))
    assert hashed.wording_now(longer) == "The pilot fee in Aro is 260 euros for each ship. It is paid when it leaves."


def test_the_command_shows_it(pincite, hashed, cited, tmp_path):
    path, _ = cited
    answer = hashed.ask("What is the pilot fee in Aro?")
    (tmp_path / "answer.json").write_text(json.dumps(answer.to_dict()))
    path.write_text(FEES.replace("240", "260"))
    result = pincite("verify", "--library", hashed.path, tmp_path / "answer.json")
    assert "  quoted: The pilot fee in Aro is 240 euros for each ship." in result.stdout
    assert "  now:    The pilot fee in Aro is 260 euros for each ship." in result.stdout
    assert "  change: The pilot fee in Aro is [-240-] {+260+} euros for each ship." in result.stdout
    assert "is kept" not in result.stdout
    whole = pincite("verify", "--library", hashed.path)
    assert "  -The pilot fee in Aro is 240 euros for each ship. It is paid on arrival." in whole.stdout
    assert "  +The pilot fee in Aro is 260 euros for each ship. It is paid on arrival." in whole.stdout
    hashed.add(path)
    again = pincite("verify", "--library", hashed.path, tmp_path / "answer.json")
    assert f"  the version that it cites is kept: pincite show {answer.citations[0].doc_id}" in again.stdout
    shown = pincite("show", "--library", hashed.path, answer.citations[0].doc_id)
    assert "240 euros" in shown.stdout
    pruned = [pincite("prune", "--library", hashed.path, *options).stdout for options in (("--keep-mb", "1"), ())]
    assert pruned == ["0 earlier versions dropped, 1 kept\n", "1 earlier version dropped, 0 kept\n"]
    assert "not in the library" in pincite("show", "--library", hashed.path, answer.citations[0].doc_id).stderr


def test_a_document_is_valid_as_long_as_a_file_holds_it(hashed, cited, tmp_path):
    path, _ = cited
    (tmp_path / "copy.txt").write_text(FEES)
    hashed.add([tmp_path / "copy.txt", Document("m", "Memory", "Kept in memory.")])
    assert [state for _, state in hashed.verify_sources()] == ["valid"]
    path.unlink()
    assert [state for _, state in hashed.verify_sources()] == ["valid"]
    (tmp_path / "copy.txt").write_text("Another text.")
    assert [state for _, state in hashed.verify_sources()] == ["missing"]
    path.write_text("Another text.")
    assert [state for _, state in hashed.verify_sources()] == ["changed"]


@pytest.mark.parametrize(
    "before, now, told",
    [
        ("It costs 240 euros.", "It costs 260 euros.", "It costs [-240-] {+260+} euros."),
        ("It costs 240 euros.", "It costs 240 euros.", "It costs 240 euros."),
        ("It costs 240 euros.", "It costs 240 euros a day.", "It costs 240 [-euros.-] {+euros a day.+}"),
        ("It rarely costs much.", "It costs much.", "It [-rarely-] costs much."),
    ],
    ids=["replaced", "same", "longer", "shorter"],
)
def test_what_became_of_the_words(before, now, told):
    assert changed_words(before, now) == told


def test_removing_a_document_says_what_becomes_of_its_versions(pincite, hashed, cited):
    path, citation = cited
    for fee in ("260", "280"):
        path.write_text(FEES.replace("240", fee))
        hashed.add(path)
    one = pincite("remove", "--library", hashed.path, citation.doc_id).stdout.splitlines()
    assert one == [f"removed {citation.doc_id}, Fees, {path}", "1 earlier version is gone from the library"]
    rest = pincite("remove", "--yes", "--library", hashed.path, path).stdout.splitlines()
    assert rest[1:] == ["1 earlier version is gone from the library"]
    assert "gone" not in pincite("remove", "--library", hashed.path, path).stdout
