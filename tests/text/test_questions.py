"""Questions that are made of a sentence or a heading, by rule."""

from retrieval.text import heading_question, sentence_questions


def test_each_rule_makes_a_question_of_its_kind():
    made = dict(sentence_questions("The bridge at Harwick was opened in 1932 by Ellen Brandt."))
    assert made == {"when": "When was the bridge at Harwick opened?", "date": "What happened in 1932?"}
    made = dict(sentence_questions("The bridge at Harwick was opened by Ellen Brandt."))
    assert made == {"who": "Who was the bridge at Harwick opened by?"}
    assert dict(sentence_questions("Kyzyl is the capital of Tuva.")) == {"what": "What is Kyzyl?"}
    made = dict(sentence_questions("The Collective Security Treaty Organization (CSTO) met."))
    assert made == {"acronym": "What does CSTO stand for?"}
    made = dict(
        sentence_questions("Askat Dukenbayev, a political scientist from Bishkek, also argued that it was over.")
    )
    assert made == {"said": "What did Askat Dukenbayev argue?", "role": "Who is Askat Dukenbayev?"}


def test_a_speaker_stands_before_or_behind_the_verb_without_office_or_opening_word():
    for sentence, question in {
        "Then Islam Kuraev declared that it was over.": "What did Islam Kuraev declare?",
        "“It will last,” said the mayor of the town, Ellen Brandt.": "What did Ellen Brandt say?",
        "Foreign Minister Kairat Abdrakhmanov said so.": "What did Kairat Abdrakhmanov say?",
    }.items():
        assert dict(sentence_questions(sentence)) == {"said": question}


def test_nothing_is_asked_about_what_has_no_name():
    assert list(sentence_questions("He was there, and it rained in the end.")) == []
    assert list(sentence_questions("")) == []


def test_a_heading_is_a_question_or_becomes_one():
    assert heading_question("Who may vote?") == "Who may vote?"
    assert heading_question("Costs") == "What does “Costs” say?"
    assert [heading_question(heading) for heading in ("", "A", "Long " * 20, "Why " * 30 + "?")] == [""] * 4
