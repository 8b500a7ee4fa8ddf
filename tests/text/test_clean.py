from pathlib import Path

import pytest

from retrieval.text.clean import one_line, printable, title_of, trimmed


def test_a_span_is_shrunk_to_what_is_not_white_space():
    text = "ab  cd \n ef"
    assert trimmed(text, 2, 9) == (4, 6)
    assert trimmed(text, 0, 2) == (0, 2)
    start, end = trimmed(text, 6, 9)
    assert start >= end, "nothing is left of white space"


@pytest.mark.parametrize(
    "text, expected",
    [
        ("one\r\ntwo\rthree\u2028four\x0cfive", "one\ntwo\nthree\nfour\nfive"),
        ("soft\u00adhyphen, no\u200bwidth, \ufeffmark, \x00zero", "softhyphen, nowidth, mark, zero"),
        ("half \ud83d of a pair", "half \ufffd of a pair"),
        ("tab\tand line\nstay", "tab\tand line\nstay"),
        ("Größe 漢字 🐝", "Größe 漢字 🐝"),
    ],
    ids=["line ends", "unseen", "surrogate", "white space", "letters"],
)
def test_what_nobody_sees_is_removed(text, expected):
    assert printable(text) == expected


def test_a_line_has_single_blanks():
    assert one_line("  a \n\t b\u00a0c ") == "a b c"


def test_the_title_of_a_file_is_its_name():
    assert title_of(Path("/notes/field\n notes.v2.txt")) == "field notes.v2"
