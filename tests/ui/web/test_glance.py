"""Questions to begin with: made of the documents' words, kept only where the documents answer them."""

import pytest
from articles import SEED
from fakes import HashedEncoder

from retrieval import Document, Library, Settings
from ui.web.glance import following, glance, questions


def suggested(tmp_path, encoder, *documents) -> list[str]:
    with Library(tmp_path / "library", Settings(), encoder=encoder) as library:
        library.add(documents)
        made = questions(library)
        assert all(library.ask(question).found for question in made)
        return made


@pytest.mark.slow
def test_of_the_shipped_article(tmp_path, encoder):
    made = suggested(tmp_path, encoder, SEED)
    assert "What happened in May 2014?" in made
    assert "Who is Askat Dukenbayev?" in made
    assert len(made) == len(set(made)) == 4


def test_each_document_gets_a_turn(tmp_path, encoder):
    bridge = "The bridge at Harwick was opened in 1932. “It will last,” said the mayor of the town, Ellen Brandt."
    glacier = "Surveyors of the Polar Ice Research Institute (PIRI) measure the Aldra glacier every September."
    made = suggested(tmp_path, encoder, Document("b", "Bridge", bridge), Document("g", "Glacier", glacier))
    assert set(made) <= {
        "What does PIRI stand for?", "What did Ellen Brandt say?", "What happened in 1932?",
    }  # fmt: skip
    assert len(made) >= 1


def test_offices_and_institutions_are_not_taken_for_people(tmp_path, encoder):
    text = "Foreign Minister Kairat Abdrakhmanov said so. Rural Affairs councillors met. The Rural Affairs Council, the oldest of its kind, agreed."
    made = suggested(tmp_path, encoder, Document("a", "A", text))
    assert made == ["What did Kairat Abdrakhmanov say?"]


REPORT = """# Harbours

Two harbours lie on the coast of Aro.

## Depth

The depth at Bel was measured on 3 May 2021. “It silts up,” said the harbour master, Ellen Brandt.

## Fees

### Pilots

The Port Aid Fund (PAF) pays the pilots since June 2019.
"""


def test_a_document_at_a_glance(tmp_path, encoder):
    (tmp_path / "report.md").write_text(REPORT)
    with Library(tmp_path / "library", Settings(), encoder=encoder) as library:
        (doc_id,) = library.add(tmp_path / "report.md").added
        seen = glance(library, doc_id)
        assert seen.outline == [(0, "Depth", 2), (0, "Fees", 3), (1, "Pilots", 3)]
        assert next(each.quote for _, each in seen.overview) == "Two harbours lie on the coast of Aro."
        assert [(number, each.speaker) for number, each in seen.speakers] == [(2, "Ellen Brandt")]
        assert [each.quote for _, each in seen.dates] == [
            "The Port Aid Fund (PAF) pays the pilots since June 2019.", "The depth at Bel was measured on 3 May 2021.",
        ]  # fmt: skip
        assert all(library.ask(question).found for question in seen.questions) and seen.questions
        answer = library.ask("What did Ellen Brandt say?")
        assert answer.found and "What did Ellen Brandt say?" not in following(
            library, answer.question, answer.citations
        )
    assert seen.versions == []


def test_nothing_is_made_of_nothing(tmp_path):
    assert suggested(tmp_path, HashedEncoder()) == []
