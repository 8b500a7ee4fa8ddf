"""Slips of spelling in a question."""

import pytest

from retrieval import Document, Library, Settings


@pytest.fixture(scope="module")
def library(tmp_path_factory, encoder):
    documents = [
        Document(
            "a", "Bellavia manual", "The pump works at a pressure of 15 bar. Rinse the tank before the first use."
        ),
        Document("b", "Defence", "Minister Sergei Shoigu met the Turkish delegation. Oleg Marin kept the minutes."),
        Document("c", "Garden", "Tomatoes need water every day. Marigolds change the smell and keep insects away."),
    ]
    with Library(tmp_path_factory.mktemp("spelling") / "library", Settings(), encoder=encoder) as opened:
        opened.add(documents)
        yield opened


@pytest.mark.parametrize(
    ("question", "asked_as", "quote"),
    [
        ("what presure has the pump", "what pressure has the pump", "The pump works at a pressure of 15 bar."),
        ("Who did Shogu meet?", "Who did Shoigu meet?", "Minister Sergei Shoigu met the Turkish delegation."),
        ("Do tomatos need watter?", "Do tomatos need water?", "Tomatoes need water every day."),
    ],
)
def test_a_slip_is_set_right(library, question, asked_as, quote):
    answer = library.ask(question)
    assert answer.asked_as == asked_as
    assert [citation.quote for citation in answer.citations] == [quote]


@pytest.mark.parametrize(
    "question",
    [
        "What does error E7 mean?",
        "What pressure has the pump?",
        "Who is Oleg Martin?",
        "What do Marigolds charge?",
        "Who is the gardener Shore?",
    ],
)
def test_what_is_no_slip_stays(library, question):
    assert library.ask(question).asked_as == question
