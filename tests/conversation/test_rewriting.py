import pytest

from retrieval.conversation.base import Exchange
from retrieval.conversation.rewriting import context_dependence, read

TWO_QUOTES = ("Kazakhstan is not in talks.", "Kyrgyzstan had no information.")
BEFORE = Exchange("How many soldiers did Kazakhstan send to Syria in 2016?", "", TWO_QUOTES, TWO_QUOTES)


@pytest.mark.parametrize(
    "message",
    [
        "Why?", "And Kyrgyzstan?", "What about the ferry?", "How much did it cost?", "Who was he?", "And the second one?",
        "I meant 2017", "tell me more", "What did they say about that?",
    ],
)  # fmt: skip
def test_what_leans_on_the_message_before(message):
    assert context_dependence(message)


@pytest.mark.parametrize(
    "message",
    [
        "Who urged the CIS countries to help in Syria?", "When was the Alma-Ata Declaration signed?",
        "And how do I bake sourdough bread?", "What is the capital of France?", "When did Russia ask its allies to help them?",
    ],
)  # fmt: skip
def test_what_stands_alone(message):
    assert not context_dependence(message)


@pytest.mark.parametrize(
    "message, far",
    [("And what did Kyrgyzstan say?", 0.0), ("And Kyrgyzstan?", 1.0), ("And what about Kyrgyzstan?", 1.0)],
)
def test_a_whole_question_is_no_ellipsis_for_its_and(message, far):
    assert context_dependence(message) == far


@pytest.mark.parametrize(
    "message, asked_as",
    [
        ("I meant 2017", "How many soldiers did Kazakhstan send to Syria in 2017?"),
        ("no, Kyrgyzstan", "How many soldiers did Kyrgyzstan send to Syria in 2016?"),
        ("Sorry, I meant Kyrgyzstan!", "How many soldiers did Kyrgyzstan send to Syria in 2016?"),
        ("Turkey, not Syria", "How many soldiers did Kazakhstan send to Turkey in 2016?"),
        ("not Syria but Iraq", "How many soldiers did Kazakhstan send to Iraq in 2016?"),
        ("no, I meant tanks, not soldiers", "How many tanks did Kazakhstan send to Syria in 2016?"),
        ("And Tajikistan?", "How many soldiers did Tajikistan send to Syria in 2016?"),
    ],
)
def test_a_correction_takes_the_place_of_its_like(message, asked_as):
    assert read(message, BEFORE).text == asked_as
    assert read(message, BEFORE).corrected


@pytest.mark.parametrize("message", ["I meant Oslo", "no, the ferry", "no idea", "And the bridge?", "I meant 21"])
def test_a_correction_of_nothing_in_particular_is_read_behind_the_question(message):
    assert read(message, BEFORE).text == f"{BEFORE.question} {message}"


@pytest.mark.parametrize(
    "message, text, more",
    [
        ("the second one", TWO_QUOTES[1], True),
        ("Tell me more about the first quote.", TWO_QUOTES[0], True),
        ("And the last one?", TWO_QUOTES[1], True),
        ("Who denied the second one?", f"{TWO_QUOTES[1]} Who denied the second one?", False),
        ("the third quote", f"{BEFORE.question} the third quote", False),
        ("tell me more", BEFORE.question, True),
        ("What else?", BEFORE.question, True),
    ],
)
def test_what_a_message_points_at(message, text, more):
    found = read(message, BEFORE)
    assert (found.text, found.more) == (text, more)


@pytest.mark.parametrize(
    "message", ["What happened in the second world war in Europe?", "Who built more ships, Oslo or Bergen?"]
)
def test_words_like_those_point_at_nothing(message):
    assert read(message, BEFORE).text == message
