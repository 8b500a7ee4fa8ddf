"""Text as it is searched: one form for every letter, and nothing that nobody sees."""

import pytest

from retrieval.text import has_forms, printable, searchable, words


@pytest.mark.parametrize(
    ("text", "searched"),
    [
        ("plain text, 1.5 km", "plain text, 1.5 km"),
        ("the o\ufb03ce of \ufb02ight", "the office of flight"),
        ("\uff34\uff48\uff45 \uff11\uff12", "The 12"),
        ("Lis\u00adbon, zep\u200bpelin", "Lisbon, zeppelin"),
        ("CO\u2082 and 5 m\u00b2", "CO2 and 5 m2"),
        ("10\u2076 cells, 3 \u00d7 10\u207b\u2074", "10^6 cells, 3 \u00d7 10^-4".replace("-", "\u2212")),
        ("\U0001d400\U0001d401", "AB"),
        ("it\u2019s \u2026 \u00bd \u2122", "it\u2019s \u2026 \u00bd \u2122"),
    ],
)
def test_what_is_searched(text, searched):
    assert searchable(text) == searched


def test_words_of_a_question_and_of_a_text_are_the_same():
    assert words("the o\ufb03ce in Lis\u00adbon, CO\u2082") == words("the office in Lisbon, CO2")


def test_only_forms_that_a_model_does_not_know_are_told():
    assert has_forms("o\ufb03ce") and has_forms("\uff21")
    assert not has_forms("caf\u00e9 \u2026 m\u00b2 \u6e2f") and not has_forms("office")
    assert printable("Lis\u00adbon") == "Lisbon"
