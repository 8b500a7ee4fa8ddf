import pytest

from retrieval.text import document_language, language_name, language_of


@pytest.mark.parametrize(
    ("text", "language"),
    [("Wann ist Mittagsruhe?", "de"), ("Quel est le montant de la franchise ?", "fr"), ("飞机可以订商务舱吗?", "zh"),
     ("Когда был построен маяк?", "ru"), ("متى بنيت المنارة؟", "ar"), ("When was the lighthouse built?", "en")],
)  # fmt: skip
def test_languages_of_questions(text, language):
    assert language_of(text) == language


def test_what_names_no_language_has_none():
    assert language_of("12 345") == "" == language_of("")


def test_among_some_the_likeliest_is_named():
    assert language_of("Mittagsruhe", {"de", "zh"}) == "de"


def test_a_document_too_short_to_tell_is_in_the_language_it_states():
    assert document_language("Tee", "de-AT") == "de" and document_language("Tee") == ""
    assert document_language("Grüner Tee wird nach dem Pflücken erhitzt.", "en") == "de"


def test_languages_have_names():
    assert [language_name(code) for code in ("de", "zh", "qqq")] == ["German", "Chinese", "qqq"]
