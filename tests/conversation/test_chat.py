import pytest

from retrieval import Answer, Document, Turn
from retrieval.conversation.chat import Context, context, leans, questions, reply_to, small_talk, understood
from retrieval.conversation.followups import share
from retrieval.records import Coverage
from retrieval.text.language import foreign

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


def test_small_talk_is_no_context():
    thanked = [*TALK, {"role": "user", "content": "thanks!"}, {"role": "assistant", "content": "You are welcome."}]
    assert context(thanked) == context(TALK)
    assert context(thanked[2:]) is None


def test_a_long_reply_is_cut():
    assert context([Turn("Who was he?", "word " * 1000)]).reply == ("word " * 32)
    said = "He was. He was the mayor of Harwick until the spring of 1940. Then he left."
    assert context([Turn("Who was he?", said)]).reply == "He was. He was the mayor of Harwick until the spring of 1940."


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


# --- corrections, pointers, more

TWO_QUOTES = ("Kazakhstan is not in talks.", "Kyrgyzstan had no information.")
BEFORE = Context("How many soldiers did Kazakhstan send to Syria in 2016?", "", TWO_QUOTES, TWO_QUOTES)


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
    assert understood(message, BEFORE).text == asked_as
    assert understood(message, BEFORE).replaced


@pytest.mark.parametrize("message", ["I meant Oslo", "no, the ferry", "no idea", "And the bridge?", "I meant 21"])
def test_a_correction_of_nothing_in_particular_is_read_behind_the_question(message):
    assert understood(message, BEFORE).text == f"{BEFORE.question} {message}"


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
    read = understood(message, BEFORE)
    assert (read.text, read.more) == (text, more)


@pytest.mark.parametrize(
    "message", ["What happened in the second world war in Europe?", "Who built more ships, Oslo or Bergen?"]
)
def test_words_like_those_point_at_nothing(message):
    assert understood(message, BEFORE).text == message


def test_the_quotes_of_a_reply_are_read_from_its_text():
    chat = [{"role": "user", "content": "Who?"}, {"role": "assistant", "content": "One thing. [1]\n\nAnother. [2]"}]
    assert context(chat).quotes == ("One thing.", "Another.")
    more = [*chat, {"role": "user", "content": "tell me more"}, {"role": "assistant", "content": "A third. [1]"}]
    assert context(more) == Context("Who?", "A third. [1]", ("A third.",), ("One thing.", "Another.", "A third."))


def test_more_brings_sentences_that_were_not_quoted(asked):
    first = asked.ask("What do honey bees do in winter?")
    more = asked.ask("Tell me more", history=[Turn(first.question, first)])
    assert more.asked_as == first.question
    assert not {c.quote for c in more.citations} & {c.quote for c in first.citations}
    assert "Bees 🐝 in Winter" in more.citations[0].title or more.citations[0].doc_id == "bees.txt"


@pytest.mark.parametrize(
    "quote, beside",
    [
        ("Honey bees do not hibernate.", "They form a cluster around the queen and shiver to stay warm."),
        ("The deck was renewed in 1998. The work cost 4.2 million pounds.", None),
        ("The bakery sells 600 loaves on a Saturday.",
         "The sourdough starter of the Mill Street bakery is 74 years old. It is fed twice a day with rye flour and water."),
    ],
)  # fmt: skip
def test_more_about_a_quote_is_what_stands_beside_it(asked, quote, beside):
    history = [{"role": "user", "content": "What?"}, {"role": "assistant", "content": f"Else. [1]\n\n{quote} [2]"}]
    answer = asked.ask("tell me more about the second one", history=history)
    assert ([citation.quote for citation in answer.citations] == [beside]) is (beside is not None)


def test_more_of_nothing_is_asked_back(asked):
    assert asked.ask("Tell me more").text == "More of what? Ask a question first."


@pytest.mark.parametrize(
    "cosine, lead, leaning, least, most",
    [(0.05, 6.0, 0.0, 0, 0.02), (0.6, 0.5, 0.0, 0.34, 0.35), (0.0, 9.0, 0.5, 0.3, 0.3), (0.0, 9.0, 1.0, 0.5, 0.5)],
)
def test_the_share_of_what_was_said(cosine, lead, leaning, least, most):
    assert least <= share(cosine, lead, leaning) <= most


# --- several questions, pasted text, other languages


@pytest.mark.parametrize(
    "message, parts",
    [
        ("Who is Kalin? What did he say?", ["Who is Kalin?", "What did he say?"]),
        ("What is tea made of, and who drinks it?", ["What is tea made of?", "who drinks it?"]),
        ("What did Ann say? And what did Bob say?", ["What did Ann say?", "what did Bob say?"]),
        ("Where and when was the bridge opened?", None),
        ("How and why did the ice melt?", None),
        ("What is the A? B? C? D?", None),
        ("What did Smith and Jones say?", None),
        ("I like tea. Who makes it?", None),
        ("Is that so? Really?!", None),
    ],
)  # fmt: skip
def test_questions_in_a_message(message, parts):
    assert questions(message) == (parts or [message])


def test_two_questions_are_both_answered(asked):
    answer = asked.ask("Who kept the Orvik lighthouse? When was it automated?")
    keeper, automated = answer.parts
    assert any("Jonas Hallgrimsson" in citation.quote for citation in keeper.citations)
    assert any("automated in 1987" in citation.quote for citation in automated.citations)
    assert automated.asked_as == "Who kept the Orvik lighthouse? When was it automated?"
    assert [c.marker for c in answer.citations] == list(range(1, len(answer.citations) + 1))
    assert answer.citations == keeper.citations + automated.citations
    assert answer.text.startswith("Who kept the Orvik lighthouse?\n\n")
    assert answer.to_markdown().startswith("**Who kept the Orvik lighthouse?**\n\n> ")
    assert [part["question"] for part in answer.to_dict()["parts"]] == [keeper.question, automated.question]


@pytest.mark.parametrize(
    "pasted, quotes",
    [
        ("The deck was renewed in 1998. The work cost 4.2 million pounds.", ["The deck was renewed in 1998. The work cost 4.2 million pounds."]),
        ('"…automated in 1987 and the   keeper\'s house\nis now a museum"', ["The lighthouse was automated in 1987 and the keeper’s house is now a museum."]),
        ("Ellen Brandt. It replaced a ferry that had crossed the river since 1811. The deck was renewed", None),
    ],
)  # fmt: skip
def test_a_pasted_text_is_found_word_for_word(asked, pasted, quotes):
    answer = asked.ask(pasted)
    assert ([c.quote for c in answer.citations] == quotes and answer.confidence == 1.0) is (quotes is not None)


FOREIGN = {
    "Wer hat den Leuchtturm von Orvik betreut?": "German", "Wie viele Brote?": "German", "¿Qué dijo Kalin?": "Spanish",
    "Qui a ouvert le pont de Harwick ?": "French", "Кто открыл мост?": "Cyrillic script", "谁打开了桥": "Chinese",
    "水の沸点は何度ですか": "Japanese",
}  # fmt: skip


@pytest.mark.parametrize("question, language", FOREIGN.items())
def test_another_language_gets_a_reply_and_no_quote(asked, question, language):
    answer = asked.ask(question)
    assert (
        answer.text
        == f"This looks like {language}, but the documents are in English. Ask in English, and they are quoted."
    )
    assert (answer.citations, answer.outcome) == ((), "reply")


@pytest.mark.parametrize(
    "question",
    ["Kalin", "Los Angeles", "Le Monde", "Bashar al-Assad Idlib", "Qui Gon Jinn", "who directed das leben der anderen",
     "Eyjafjallajökull", "de facto", "Was Kalin in Ankara?", "die hard", "Wat Pho", "Kim Jong Un"],
)  # fmt: skip
def test_names_and_short_english_are_english(asked, question):
    assert foreign(question) == ""


def test_no_english_documents_no_complaint(hashed):
    hashed.add([Document("a", "Brücke", "Die Brücke wurde 1932 eröffnet. Sie ersetzte eine Fähre.")])
    assert hashed.ask("Wann wurde die Brücke eröffnet?").found


# --- messages that ask nothing of the documents


@pytest.mark.parametrize(
    "message, kind",
    [
        ("Hello!", "greeting"), ("good morning", "greeting"), ("Thanks a lot.", "thanks"), ("ok, thank you", "thanks"), ("OK", "nod"),
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


@pytest.mark.parametrize(
    "message, far",
    [("And what did Kyrgyzstan say?", 0.0), ("And Kyrgyzstan?", 1.0), ("And what about Kyrgyzstan?", 1.0)],
)
def test_a_whole_question_is_no_ellipsis_for_its_and(message, far):
    assert leans(message) == far
