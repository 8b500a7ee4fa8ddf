"""What is lost, doubled and out of order, worked out by hand; and a folder of files against other programs."""

import json

from eval_program import run

from eval.formats.corpus import compare

ONE, TWO = "The first sentence stands in here at the top.", "A second sentence of some length comes after it."
THREE, FOUR = "Nobody has ever lost the third of these sentences.", "The fourth one ends what there is to be read."


def test_the_same_text_differs_in_nothing():
    assert compare(f"{ONE} {TWO}\n{THREE}", [ONE, f"{TWO} {THREE}"]) == (3, (), (), ())


def test_what_is_not_there_is_lost_and_what_is_there_twice_is_doubled():
    assert compare(f"{ONE} {THREE} {THREE}", [ONE, TWO, THREE]) == (3, (TWO,), (THREE,), ())


def test_the_fewest_sentences_that_must_move_are_out_of_order():
    assert compare(f"{TWO} {THREE} {FOUR} {ONE}", [ONE, TWO, THREE, FOUR]) == (4, (), (), (ONE,))
    assert compare(f"{TWO} {ONE} {FOUR} {THREE}", [ONE, TWO, THREE, FOUR])[3] == (ONE, THREE)


def test_names_and_numbers_are_no_sentences():
    assert compare("", ["Ann Lee", "12 of 40", ""]) == (0, (), (), ())


def test_a_folder_is_compared_by_kind_and_what_is_not_read_is_said(tmp_path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "a.md").write_text(f"# A title of four words\n\n{ONE} {TWO}\n\n- {THREE}\n")
    (tmp_path / "empty.txt").write_text("")
    (tmp_path / "b.bin").write_text(ONE)
    code, said = run("formats", tmp_path, "--out", tmp_path / "found.json")
    rows = {line.split()[0]: line.split()[1:] for line in said.splitlines() if line.strip()}
    assert code == 0
    assert rows[".md"][:4] == ["1", "0", "1", "4"]
    assert rows["all"][:4] == ["2", "1", "1", "4"]
    assert "not read, 1: " in said
    found = {item["name"]: item for item in json.loads((tmp_path / "found.json").read_text())}
    assert (found["deep/a.md"]["lost"], found["deep/a.md"]["reader"]) == ([], "pandoc")
