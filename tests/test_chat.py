import pytest

from retrieval import Answer, Turn
from retrieval.chat import Context, context, leans, reply_to, small_talk
from retrieval.records import Coverage

TALK = [
    {"role": "user", "content": "Who opened the bridge at Harwick?"},
    {"role": "assistant", "content": "The bridge at Harwick was opened in 1932 by Mayor Ellen Brandt."},
]


@pytest.mark.parametrize(
    "message",
    [
        "Why?", "And Kyrgyzstan?", "What about the ferry?", "How much did it cost?", "Who was he?", "And the second one?",
        "I meant 2017", "tell me more", "What did they say about that?",
    ],
)  # fmt: skip
def test_what_leans_on_the_message_before(message):
    assert leans(message)


@pytest.mark.parametrize(
    "message",
    [
        "Who urged the CIS countries to help in Syria?", "When was the Alma-Ata Declaration signed?",
        "And how do I bake sourdough bread?", "What is the capital of France?", "When did Russia ask its allies to help them?",
    ],
)  # fmt: skip
def test_what_stands_alone(message):
    assert not leans(message)


def test_no_context_before_the_first_question():
    assert context([]) is None
    assert context([{"role": "assistant", "content": "Hello, ask me something."}]) is None


def test_context_of_chat_messages():
    assert context(TALK) == Context("Who opened the bridge at Harwick?", TALK[1]["content"])
    assert context(TALK[:1]) == Context("Who opened the bridge at Harwick?", "")


def test_context_is_the_last_exchange():
    later = [
        *TALK,
        {"role": "user", "content": "Who kept the Orvik lighthouse?"},
        {"role": "assistant", "content": None},
    ]
    assert context(later) == Context("Who kept the Orvik lighthouse?", "")


def test_a_question_that_leant_keeps_what_it_leant_on():
    later = [*TALK, {"role": "user", "content": "When was it?"}]
    assert context(later) == Context("Who opened the bridge at Harwick? When was it?", "")


def test_context_of_turns():
    assert context([Turn("Who was he?", "A mayor.")]) == Context("Who was he?", "A mayor.")
    answer = Answer("And he?", "Who is Brandt? And he?", False, 0.1, (), (), Coverage(1, 0), {})
    assert context([Turn("And he?", answer)]) == Context("Who is Brandt? And he?", "")  # no reply to go by


def test_a_long_reply_is_cut():
    assert context([Turn("Who was he?", "word " * 1000)]).reply == ("word " * 60)


@pytest.mark.parametrize(
    "message, quote",
    [
        ("When was it automated?", "The lighthouse was automated in 1987"),
        ("And the bridge at Harwick?", "The bridge at Harwick was opened in 1932"),
    ],
)
def test_a_follow_up_is_answered(asked, message, quote):
    answer = asked.ask(message, history=[Turn("Who kept the Orvik lighthouse?", "Jonas Hallgrimsson")])
    assert any(quote in citation.quote for citation in answer.citations)
    assert answer.question == message
    assert answer.asked_as == f"Who kept the Orvik lighthouse? {message}"


def test_a_new_subject_is_asked_as_if_it_came_first(asked):
    question = "How many loaves does the bakery sell on a Saturday?"
    alone, after = asked.ask(question), asked.ask(question, history=TALK)
    assert after.asked_as == question
    assert (after.citations, after.passages, after.confidence) == (alone.citations, alone.passages, alone.confidence)


def test_context_without_history_changes_nothing(asked):
    assert asked.ask("When was it automated?").asked_as == "When was it automated?"


# --- messages that ask nothing of the documents


@pytest.mark.parametrize(
    "message, kind",
    [
        ("Hello!", "greeting"), ("good morning", "greeting"), ("Thanks a lot.", "thanks"), ("ok, thank you", "thanks"),
        ("What can you do?", "help"), ("help", "help"), ("Which documents do you have?", "documents"),
        ("list all documents", "documents"), ("Which documents were adopted in advance?", ""), ("Who said hello?", ""),
        ("What can you do about mine clearance?", ""), ("bees", ""),
    ],
)  # fmt: skip
def test_small_talk_is_told_from_questions(message, kind):
    assert small_talk(message) == kind


def test_small_talk_gets_a_reply_and_no_quote(asked):
    answer = asked.ask("Hello!")
    assert (answer.found, answer.citations, answer.passages, answer.outcome) == (False, (), (), "reply")
    assert (
        answer.text
        == answer.to_markdown()
        == (
            "Hello. Ask a question, and the answer is quoted from 9 documents, word for word, each quote with its exact place."
        )
    )


def test_documents_are_named():
    assert reply_to("documents", ["Bees", "Tea"]) == "There are 2 documents to ask: Bees; Tea."
    assert reply_to("documents", ["T"] * 12).endswith("T; T; and 2 more.")
    assert reply_to("documents", []) == "There are no documents yet; add some first."
