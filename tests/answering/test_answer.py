import numpy as np
import pytest
from articles import QUESTIONS, SEED
from fakes import prepare

from retrieval import Library, Settings
from retrieval.answering.missing import unmentioned
from retrieval.answering.quotes import QUOTES, SENTENCES, Quote, choose, cite, found_sentences
from retrieval.records import Document
from retrieval.search import Ranked, SentenceSignals
from retrieval.storage.local.backend import LocalBackend

TEXT = "One bee. Two bees. Three bees. Four bees. Five bees. Six bees.\n\nOne ant. Two ants. Three ants.\n\nOne bee. Two flies."


@pytest.fixture
def store(tmp_path):
    opened = LocalBackend(tmp_path)
    opened.documents.add([prepare(Document("d", "Insects", TEXT, source="/docs/d.txt", sha256="ab12"))])
    yield opened
    opened.close()


def ranked(store, *rows, behind=0.0):
    """The store's passages in order; rows: of each, the cosines of its sentences. behind: distance of one to the next."""
    return [
        Ranked(candidate, 1.0 - behind * place, {"passage": 0.5, "maxsim": 0.5}, SentenceSignals(*[np.array(row, np.float32)] * 3))
        for place, (candidate, row) in enumerate(zip(store.passages.candidates([1, 2, 3]), rows, strict=False))
    ]  # fmt: skip


def found(store, *rows, behind=0.0):
    return found_sentences(ranked(store, *rows, behind=behind))


def quotes(store, *rows, behind=0.0):
    return [quote.text for quote in choose(found(store, *rows, behind=behind))]


# --- choosing


def test_the_best_sentence_is_quoted(store):
    assert quotes(store, [0, 0, 1, 0, 0, 0], [0, 0, 0], [0, 0]) == ["Three bees."]


def test_adjacent_sentences_are_joined_with_what_stands_between_them(store):
    assert quotes(store, [0, 0.9, 1, 0.95, 0, 0], [0, 0, 0]) == ["Two bees. Three bees. Four bees."]


def test_sentences_apart_are_quotes_of_their_own_best_first(store):
    assert quotes(store, [0.9, 0, 1, 0, 0, 0], [0, 0.95, 0]) == ["Three bees.", "Two ants.", "One bee."]


def test_at_most_three_quotes(store):
    found = quotes(store, [1, 0, 1, 0, 1, 0], [1, 0, 1])
    assert len(found) == QUOTES == 3


def test_at_most_five_sentences(store):
    assert quotes(store, [1] * 6, [1] * 3) == ["One bee. Two bees. Three bees. Four bees. Five bees."]
    assert SENTENCES == 5


def test_the_same_words_are_not_quoted_twice(store):
    assert quotes(store, [1, 0, 0, 0, 0, 0], [0, 0, 0], [0.99, 0]) == ["One bee."]


def test_a_passage_far_behind_the_first_is_not_quoted(store):
    assert quotes(store, [1, 0, 0, 0, 0, 0], [1, 0, 0], behind=0.5) == ["One bee.", "One ant."]
    assert quotes(store, [1, 0, 0, 0, 0, 0], [1, 0, 0], behind=50.0) == ["One bee."]


def test_nothing_ranked_nothing_chosen():
    assert choose([]) == []


# --- citing


def test_a_citation_has_the_exact_place(store):
    (citation,) = cite(store, choose(found(store, [0] * 6, [0, 1, 0])))
    assert (citation.marker, citation.doc_id, citation.title, citation.locator) == (1, "d", "Insects", "¶ 2")
    assert (citation.start, citation.end, citation.quote) == (73, 82, "Two ants.")
    assert (citation.source, citation.sha256) == ("/docs/d.txt", "ab12")
    assert TEXT[73:82] == "Two ants."


def test_a_citation_says_who_says_so(store):
    text = "It snowed.\n\n“It is late,” said Anna Berg (VG, May 3)."
    prepared = prepare(Document("d", "Night", text))
    store.documents.add([prepared])
    (citation,) = cite(store, [Quote(prepared.passages[-1], 0, 0, 1.0)])
    assert (citation.speaker, citation.speaker_span) == ("Anna Berg", (31, 40))
    assert (citation.reported_in, citation.reported_span) == ("VG, May 3", (42, 51))
    assert text[31:40] == "Anna Berg" and text[42:51] == "VG, May 3"


def test_a_quote_that_is_not_in_the_stored_text_is_dropped(store):
    chosen = choose(found(store, [0, 0, 0, 0, 0, 1], [0, 1, 0]))
    store.documents.add([prepare(Document("d", "Insects", TEXT.replace("Six bees", "Six wasps")))])
    assert [citation.quote for citation in cite(store, chosen)] == []
    store.documents.add([prepare(Document("d", "Insects", TEXT.replace("Two ants", "Ten ants")))])
    assert [(citation.marker, citation.quote) for citation in cite(store, chosen)] == [(1, "Six bees.")]
    store.documents.remove(["d"])
    assert cite(store, chosen) == ()


def test_a_quote_is_a_run_of_whole_sentences(store):
    passage = store.passages.candidates([1])[0].passage
    assert Quote(passage, 1, 2, 0.0).text == "Two bees. Three bees."
    assert TEXT[slice(*Quote(passage, 1, 2, 0.0).span)] == "Two bees. Three bees."


# --- through the library, with the packaged model


@pytest.fixture(scope="module")
def answers(asked):
    return [asked.ask(question) for question in QUESTIONS]


@pytest.mark.slow
def test_every_quote_is_its_source(asked, answers):
    """Promise 1: the span of every quote holds the quote, in the stored text and in the file."""
    count = 0
    for answer in answers:
        for number, citation in enumerate(answer.citations, start=1):
            assert citation.marker == number
            document = asked.document(citation.doc_id)
            assert document.text[citation.start : citation.end] == citation.quote
            assert (citation.source, citation.sha256) == (document.source, document.sha256)
            assert asked.verify(citation) == "valid"
            count += 1
    assert count >= len(QUESTIONS)


def test_quotes_are_whole_sentences_without_repeats(asked, answers):
    for answer in answers:
        assert answer.found
        assert 1 <= len(answer.citations) <= QUOTES
        spans = [(citation.doc_id, citation.start, citation.end) for citation in answer.citations]
        for index, (doc_id, start, end) in enumerate(spans):
            assert all(other != doc_id or e <= start or end <= s for other, s, e in spans[:index])
        hits = asked.search(answer.asked_as, k=5)
        sentences = {(hit.passage.doc_id, span) for hit in hits for span in hit.passage.sentences}
        for doc_id, start, end in spans:
            assert any(own == doc_id and first == start for own, (first, _) in sentences)
            assert any(own == doc_id and last == end for own, (_, last) in sentences)


@pytest.mark.parametrize(
    "question, words",
    [
        ("Who opened the bridge at Harwick?", "opened in 1932 by Mayor Ellen Brandt"),
        ("How old is the sourdough starter?", "74 years old"),
        ("When did Eyjafjallajökull erupt?", "April 2010"),
        ("Who urged the CIS countries to help in Syria?", "Shoigu"),
        ("What is in the keeper's house now?", "keeper’s house is now a museum"),
    ],
)
def test_the_answer_is_in_a_quote(answers, question, words):
    (answer,) = [answer for answer in answers if answer.question == question]
    assert words in " ".join(citation.quote for citation in answer.citations)


@pytest.mark.parametrize(
    "question",
    [
        "How do I reset the password of my router?", "What is the capital of Mongolia's northern province?",
        "Which enzyme splits lactose?", "asdf qwer zxcv",
    ],
)  # fmt: skip
@pytest.mark.slow
def test_something_else_entirely_is_not_found(asked, question):
    with Library(asked.path, Settings(), encoder=asked._load_encoder()) as library:
        answer = library.ask(question, k=4)
    assert (answer.found, answer.citations) == (False, ())
    assert answer.confidence < 0.3
    assert [hit.rank for hit in answer.passages] == [1, 2, 3, 4]
    assert answer.text.startswith("The documents do not say this. Nothing in them mentions “")
    assert answer.text.endswith("”. Related passages follow.")
    assert answer.to_markdown().count("\n- related passage, ") == 3


def test_passages_follow_k(asked):
    assert [len(asked.ask("Do bees hibernate?", k=k).passages) for k in (1, 3, 12)] == [1, 3, 12]


def test_a_follow_up_is_asked_with_what_it_leans_on(asked):
    history = [{"role": "user", "content": "Who opened the bridge at Harwick?"}, {"role": "assistant", "content": "…"}]
    answer = asked.ask("And when?", history=history)
    assert answer.question == "And when?"
    assert "Harwick" in answer.asked_as
    assert "1932" in answer.citations[0].quote


def test_the_seed_is_cited_by_paragraph(answers):
    (answer,) = [answer for answer in answers if answer.question == "Who urged the CIS countries to help in Syria?"]
    seed = [citation for citation in answer.citations if citation.source == str(SEED)]
    assert seed
    assert all(citation.locator.startswith("¶ ") for citation in seed)
    assert seed[0].title == "Russia’s Allies Do Not Want to Take Part in Syrian Operation"


def test_an_empty_library_says_so(hashed):
    answer = hashed.ask("Do bees hibernate?")
    assert (answer.found, answer.confidence, answer.passages) == (False, 0.0, ())
    assert answer.text == "The documents do not say this."


# --- what is missing


@pytest.mark.parametrize(
    "question, missing",
    [
        ("Who opened the bridge at Harwick?", ()),
        ("Who opened the bridge at Harwick in Scotland?", ("Scotland",)),
        ("Did Ellen Brandt open the bridge at Harwick in 1932 or 1933?", ("1933",)),
        ("Who opened the bridge at Harwik?", ()),
        ("WHO OPENED THE BRIDGE AT HARWICK IN SCOTLAND?", ()),
    ],
)
def test_names_and_numbers_that_no_quoted_passage_mentions(asked, question, missing):
    answer = asked.ask(question)
    assert answer.found
    assert answer.missing == missing
    assert answer.outcome == ("partly" if missing else "answered")
    assert answer.to_dict()["outcome"] == answer.outcome


def test_partly_is_said(asked):
    answer = asked.ask("Who opened the bridge at Harwick in Scotland?")
    assert answer.reason == "None of the quoted passages mentions “Scotland”."
    assert "\n\nNone of the quoted passages mentions “Scotland”.\n\n1. " in answer.to_markdown()


@pytest.mark.parametrize(
    "question, missing",
    [("What is the GDP of Mongolia?", ("GDP", "Mongolia")), ("how do volcanoes hiccup?", ("hiccup",)), ("", ())],
)
def test_words_that_no_document_mentions(asked, question, missing):
    assert unmentioned(asked.backend, question) == missing


def test_what_nothing_mentions_is_named_when_nothing_was_found(asked, tmp_path):
    with Library(asked.path, Settings(threshold=1.0)) as strict:
        answer = strict.ask("What is the GDP of Mongolia?")
    assert answer.outcome == "not found"
    assert answer.text.startswith("The documents do not say this. Nothing in them mentions “GDP”, “Mongolia”. Related")


def test_a_country_is_not_asked_for_by_what_stands_beside_another_name(tmp_path, encoder):
    with Library(tmp_path / "library", Settings(), encoder=encoder) as library:
        library.add(SEED)
        answer = library.ask("What did Kazakhstan say about deploying troops to Syria?")
    assert answer.citations[0].quote.startswith("“Kazakhstan is not in talks with anyone")
