"""pincite review: every document asked the same questions, from the command line."""

import csv

import pytest


@pytest.mark.slow
def test_a_table_is_written(pincite, library, tmp_path):
    (tmp_path / "questions.txt").write_text(
        "Who opened the bridge at Harwick?\n\nWhat did Ibrahim Kalin say?\n", "utf-8"
    )
    out = tmp_path / "review.csv"
    result = pincite("review", "--library", library, "--questions", tmp_path / "questions.txt", "--out", out)
    assert result.exit_code == 0 and "2 documents, 2 questions; " in result.output
    head, *rows = csv.reader(out.read_text("utf-8-sig").splitlines())
    assert head[0] == "document" and head[2] == "Who opened the bridge at Harwick?"
    bridge = next(row for row in rows if row[0] == "Harwick Bridge")
    assert "Mayor Ellen Brandt" in bridge[2] and bridge[3].endswith("¶ 1")


def test_what_cannot_be_written_or_read_is_said_before_anything_is_asked(pincite, library, tmp_path):
    (tmp_path / "questions.txt").write_text("Why?\n", "utf-8")
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    given = ["review", "--library", library, "--questions"]
    assert pincite(*given, tmp_path / "questions.txt", "--out", "a.doc").exit_code == 2
    assert pincite(*given, tmp_path / "binary", "--out", "a.csv").exit_code == 2
    assert pincite(*given, tmp_path / "missing", "--out", "a.csv").exit_code == 3
    (tmp_path / "questions.txt").write_text("\n", "utf-8")
    empty = pincite(*given, tmp_path / "questions.txt", "--out", "a.csv")
    assert empty.exit_code == 3 and "0 questions; expected 1 to 100" in empty.output
