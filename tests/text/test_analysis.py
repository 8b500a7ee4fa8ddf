import pytest

from retrieval.text import WORDS, PieceAnalysis, asked, stems


@pytest.fixture(scope="module")
def analysis(encoder):
    return encoder.analysis


def terms(analysis, text):
    return stems(analysis.indexed(text))


def test_pieces_and_first_letters(analysis):
    assert analysis.indexed("The bridges, opened") == "the 9the bridges 9bridg opened 9opene"
    assert analysis.indexed("Eyjafjalla").split()[-1] == "9eyjaf"


def test_terms_are_ascii_words_in_every_script(analysis):
    for text in (
        "Brücke über die Saône",
        "Когда построен маяк",
        "出差住宿标准",
        "किताब",
        "mật ong",
        "ไทย",
        "##ing _x_",
    ):
        terms = analysis.indexed(text).split()
        assert terms and all(term.isascii() and term.isalnum() for term in terms), text


def test_a_sign_of_a_script_without_blanks_is_found_inside_a_sentence(analysis):
    held = terms(analysis, "出差住宿标准为每晚600元。")
    assert terms(analysis, "住宿标准") < held
    assert not terms(analysis, "飞机") & held


def test_words_are_found_by_their_first_letters(analysis):
    assert "9steue" in terms(analysis, "Steuererklärungen") & terms(analysis, "Steuer")
    assert analysis.letters("Hibernating") == analysis.letters("hibernates") == "9hiber"


def test_accents_tell_words_apart(analysis):
    assert analysis.letters("mật") != analysis.letters("mất")


def test_questions_lose_their_stop_words():
    assert asked("Who opened the bridge?").split() == ["opened", "bridge?"]
    assert asked("Who is it?") == "Who is it?"


def test_without_a_tokenizer_there_are_words():
    assert (WORDS.indexed("CO₂ rises"), WORDS.letters("rises"), WORDS.version) == ("CO2 rises", "rises", "words")
    assert PieceAnalysis.version != WORDS.version
