from retrieval import Answer, Turn
from retrieval.conversation.base import Exchange
from retrieval.conversation.history import continued, last_exchange
from retrieval.records import Coverage

TALK = [
    {"role": "user", "content": "Who opened the bridge at Harwick?"},
    {"role": "assistant", "content": "The bridge at Harwick was opened in 1932 by Mayor Ellen Brandt."},
]


def test_no_context_before_the_first_question():
    assert last_exchange([]) is None
    assert last_exchange([{"role": "assistant", "content": "Hello, ask me something."}]) is None


def test_context_of_chat_messages():
    assert last_exchange(TALK) == Exchange("Who opened the bridge at Harwick?", TALK[1]["content"])
    assert last_exchange(TALK[:1]) == Exchange("Who opened the bridge at Harwick?", "")


def test_context_is_the_last_exchange():
    later = [
        *TALK,
        {"role": "user", "content": "Who kept the Orvik lighthouse?"},
        {"role": "assistant", "content": None},
    ]
    assert last_exchange(later) == Exchange("Who kept the Orvik lighthouse?", "")


def test_a_question_that_leant_keeps_what_it_leant_on():
    later = [*TALK, {"role": "user", "content": "When was it?"}]
    assert last_exchange(later) == Exchange("Who opened the bridge at Harwick? When was it?", "")


def test_context_of_turns():
    assert last_exchange([Turn("Who was he?", "A mayor.")]) == Exchange("Who was he?", "A mayor.")
    answer = Answer("And he?", "Who is Brandt? And he?", False, 0.1, (), (), Coverage(1, 0), {})
    assert last_exchange([Turn("And he?", answer)]) == Exchange("Who is Brandt? And he?", "")  # no reply to go by


def test_small_talk_is_no_last_exchange():
    thanked = [*TALK, {"role": "user", "content": "thanks!"}, {"role": "assistant", "content": "You are welcome."}]
    assert last_exchange(thanked) == last_exchange(TALK)
    assert last_exchange(thanked[2:]) is None


def test_a_long_reply_is_cut():
    assert last_exchange([Turn("Who was he?", "word " * 1000)]).reply == ("word " * 32)
    said = "He was. He was the mayor of Harwick until the spring of 1940. Then he left."
    assert (
        last_exchange([Turn("Who was he?", said)]).reply
        == "He was. He was the mayor of Harwick until the spring of 1940."
    )


def test_the_quotes_of_a_reply_are_read_from_its_text():
    chat = [{"role": "user", "content": "Who?"}, {"role": "assistant", "content": "One thing. [1]\n\nAnother. [2]"}]
    assert last_exchange(chat).quotes == ("One thing.", "Another.")
    more = [*chat, {"role": "user", "content": "tell me more"}, {"role": "assistant", "content": "A third. [1]"}]
    assert last_exchange(more) == Exchange(
        "Who?", "A third. [1]", ("A third.",), ("One thing.", "Another.", "A third.")
    )


def test_one_more_turn_gives_the_exchange_of_the_whole_conversation():
    turns = [Turn("Who was he?", "A mayor."), Turn("And when?", "In 1932. [1]"), Turn("thanks", "You are welcome.")]
    last = None
    for count, turn in enumerate(turns, start=1):
        last = continued(last, turn)
        assert last == last_exchange(turns[:count])
    assert last == Exchange("Who was he? And when?", "In 1932. [1]", ("In 1932.",), ("In 1932.",))
