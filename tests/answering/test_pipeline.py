import pytest

from retrieval import Document, Library, Settings, Turn

TALK = [
    {"role": "user", "content": "Who opened the bridge at Harwick?"},
    {"role": "assistant", "content": "The bridge at Harwick was opened in 1932 by Mayor Ellen Brandt."},
]


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


@pytest.fixture
def mixed(encoder, tmp_path):
    """A library with the packaged model, which knows English: a text in English, one in German, one in Chinese."""
    texts = {
        "bridge": "The bridge at Harwick was opened in 1932. It replaced a ferry.",
        "hausordnung": "Die Mittagsruhe dauert von 13 bis 15 Uhr. Wäsche wird im Keller getrocknet.",
        "制度": "出差住宿标准为每晚600元。机票应当提前七天预订。",
    }
    with Library(tmp_path / "mixed", encoder=encoder) as library:
        yield library, library.add([Document(name, name.title(), text) for name, text in texts.items()])


def test_documents_in_other_languages_are_quoted(mixed):
    library, _ = mixed
    assert library.ask("Wie lange dauert die Mittagsruhe?").citations[0].quote.startswith("Die Mittagsruhe dauert")
    assert library.ask("出差住宿标准是多少?").citations[0].doc_id == "制度"
    assert library.ask("When was the bridge at Harwick opened?").citations[0].doc_id == "bridge"


def test_a_question_in_another_language_is_not_told_that_documents_lack_its_nouns(mixed):
    library, _ = mixed
    assert library.ask("Wie lange dauert die Gartenruhe am Sonntag?").missing == ()


def test_the_language_of_documents_is_found_and_limits_a_question(mixed):
    library, report = mixed
    assert [document.metadata["language"] for document in library.documents()] == ["en", "de", "zh"]
    found = library.search("Mittagsruhe", where={"language": ["de", "fr"]})
    assert {(hit.passage.doc_id, hit.passage.language) for hit in found} == {("hausordnung", "de")}
    assert report.hint == (
        "2 documents are in German and Chinese; pip install 'pincite[languages]' finds more, "
        "with PINCITE_MODEL=multilingual"
    )


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


@pytest.fixture(scope="module")
def desk(encoder, tmp_path_factory):
    documents = [
        Document("lease", "Residential Lease Agreement", "This lease is made with Harold Whitcombe.\n\nNo pets are allowed."),
        Document("handbook", "Employee Handbook", "Dogs are allowed on Fridays.\n\nLeave is 25 days a year."),
        Document("heron", "Project Heron", "Heron begins in May.\n\nRisks\n\n- The printers are old.\n- Few know the interfaces."),
    ]  # fmt: skip
    with Library(tmp_path_factory.mktemp("desk") / "library", Settings(threshold=0.0), encoder=encoder) as library:
        library.add(documents)
        yield library


@pytest.mark.parametrize(
    ("question", "doc_id", "asked_as"),
    [
        ("What does the lease agreement with Mr Whitcombe say about pets?", "lease", "What does it say about pets?"),
        ("What does the handbook say about animals?", "handbook", "What does it say about animals?"),
        ("According to the handbook, are pets allowed?", "handbook", "are pets allowed?"),
        ("What did Harold Whitcombe say about pets?", None, "What did Harold Whitcombe say about pets?"),
        ("What does the charter say about pets?", None, "What does the charter say about pets?"),
    ],
)
def test_a_document_that_is_named_is_asked_alone_and_its_name_is_no_word_to_find(desk, question, doc_id, asked_as):
    answer = desk.ask(question)
    assert answer.asked_as == asked_as
    assert {hit.passage.doc_id for hit in answer.passages} == ({doc_id} if doc_id else {"lease", "handbook", "heron"})


MAIL = """From: Carla Mendes <carla@fjord.example>
To: Jonas Weber <jonas@acme.example>
Subject: Delivery by Fjord
Date: Tue, 03 Feb 2026 09:12:00 +0100
Content-Type: text/plain; charset=utf-8

Hello Jonas,

We grant a credit of 480 euros, so that 5,720 euros remain to be paid.

Kind regards
Carla Mendes
"""


REPLIED = """From: Carla Mendes <carla@fjord.example>
To: Jonas Weber <jonas@acme.example>
Date: Tue, 03 Feb 2026 09:12:00 +0100
Subject: Re: The delayed delivery

Hello Jonas,

I am sorry about the delay. The new delivery date is Thursday, 12 February 2026.

Kind regards

> On Mon, 2 Feb 2026, Jonas Weber wrote:
> Our order of insulation was due on 22 January. We had to stop work, which costs us 1,200 euros a day.
"""


@pytest.mark.parametrize(
    ("question", "quotes"),
    [
        ("When will the insulation be delivered?", ["The new delivery date is Thursday, 12 February 2026."]),
        ("When was the order of insulation due?", ["Our order of insulation was due on 22 January."]),
    ],
)
def test_a_mail_answers_before_what_it_repeats_of_earlier_ones(encoder, tmp_path, question, quotes):
    (tmp_path / "a.eml").write_text(REPLIED)
    with Library(tmp_path / "library", Settings(), encoder=encoder) as library:
        library.add([tmp_path / "a.eml"])
        assert [citation.quote for citation in library.ask(question).citations][:1] == quotes


def test_the_head_of_a_mail_answers_what_is_asked_of_mails_only(encoder, tmp_path):
    (tmp_path / "a.eml").write_text(MAIL)
    with Library(tmp_path / "library", Settings(threshold=0.0), encoder=encoder) as library:
        library.add([tmp_path / "a.eml"])
        owed = library.ask("How much does Jonas Weber owe Carla Mendes of Fjord?")
        sent = library.ask("When did Carla Mendes write to Jonas Weber?")
        closed = library.ask("What does Carla Mendes want?")
    assert not any("Kind regards" in each.quote for each in closed.citations)
    assert "5,720 euros" in owed.citations[0].quote and not any("From:" in each.quote for each in owed.citations)
    assert any("03 Feb 2026" in each.quote for each in sent.citations)
