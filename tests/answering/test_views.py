from types import SimpleNamespace

import numpy as np
import pytest

from retrieval import Passage
from retrieval.answering.quotes import Quote
from retrieval.answering.views import (
    abbreviation,
    asked_speaker,
    by_speaker,
    completed,
    conclusion,
    defining,
    is_cut,
    outlets,
    overview,
    speakers,
    timeline,
)
from retrieval.answering.views.documents.mentions import countries, decisions
from retrieval.answering.views.sections import clause, clause_asked, sections_meant
from retrieval.text import find_dates, sentence_spans


def passages(*paragraphs: str, headings=()) -> list[Passage]:
    """Passages of a document with these paragraphs; a line end in one is a sentence end."""
    made, start = [], 0
    for number, text in enumerate(paragraphs, start=1):
        spans, at = [], 0
        for line in text.split("\n"):
            spans += [(start + at + a, start + at + b) for a, b in sentence_spans(line)]
            at += len(line) + 1
        heading = headings[number - 1] if headings else ""
        made.append(Passage("d", number, start, start + len(text), text, tuple(spans), heading=heading))
        start += len(text) + 2
    return made


def texts(quotes) -> list[str]:
    return [quote.text for quote in quotes]


def vectors(given, alike=()):
    """One axis a sentence, so that none is like another; `alike` names sentences that share the first."""
    total = sum(len(passage.sentences) for passage in given)
    rows = np.eye(total, total + 1, 1, dtype=np.float32)
    rows[:, 0] = 0.1
    rows[list(alike)] = np.eye(1, total + 1, dtype=np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    ends = np.cumsum([len(passage.sentences) for passage in given])
    return np.split(rows, ends[:-1])


HANDBOOK = passages(
    "Version 4.2 is in force from 1 January 2026.",
    "The regular working week is 37.5 hours. It ends on Friday.",
    "You may work from home up to three days a week. Tuesday is the office day.",
    "Tell your manager before 9:00 on the first day. Short.",
    headings=["", "1 Time", "2 Home", "3 Leave › 3.1 Sick leave"],
)


def test_an_overview_has_a_sentence_of_every_section_in_order():
    assert texts(overview(HANDBOOK, vectors(HANDBOOK))) == [
        "Version 4.2 is in force from 1 January 2026.",
        "The regular working week is 37.5 hours.",
        "You may work from home up to three days a week.",
        "Tell your manager before 9:00 on the first day.",
    ]


def test_an_overview_leaves_out_what_cannot_stand_alone():
    given = passages("The dam was built in 1930. It leaks a little every spring. Details",
                     "This is why the town has closed the road. Farmers asked for a new dam last year.",
                     "The council will vote on the new dam in May.")  # fmt: skip
    assert texts(overview(given, vectors(given))) == [
        "The dam was built in 1930.",
        "Farmers asked for a new dam last year.",
        "The council will vote on the new dam in May.",
    ]


def test_an_overview_leaves_out_who_was_there():
    given = passages("Present: Margaret Oduya (chair), Tom Brackley, Priya Sandhu. Apologies: Hanna Weiss.",
                     "The council agreed to apply for a grant.", "The boiler will be replaced in November.",
                     "The council chose Larkin and Sons.")  # fmt: skip
    assert texts(overview(given, vectors(given))) == [passage.text for passage in given[1:]]


def test_an_overview_of_lines_has_lines_and_of_nothing_has_nothing():
    given = passages("Milk\nBread\nEggs")
    assert texts(overview(given, vectors(given))) == ["Milk", "Bread", "Eggs"]
    assert overview([], []) == []


def test_a_conclusion_stands_under_its_heading_or_at_the_end():
    given = passages("We measured the heat in many streets.", "Trees cool the streets by two degrees.",
                     "Cities should plant more trees soon.", "We thank the city of Graz for its help.",
                     headings=["Methods", "Results", "Conclusions", "Thanks"])  # fmt: skip
    assert texts(conclusion(given, vectors(given))) == ["Cities should plant more trees soon."]
    plain = passages(*(passage.text for passage in given))
    assert texts(conclusion(plain, vectors(plain))) == ["We thank the city of Graz for its help."]


SAID = passages(
    "“We need the bridge,” Mayor Ellen Brandt said (Harwick Times, June 3, 2019). The ferry is slow.",
    "Engineer Tom Ashby said that the deck is rotten. “It will fall,” Ashby added (Reuters, May 2, 2018).",
    "According to a report by Radio Arda, the ferry ran aground.",
)


def test_each_speaker_and_each_outlet_is_quoted_once():
    assert texts(speakers(SAID)) == [
        "“We need the bridge,” Mayor Ellen Brandt said (Harwick Times, June 3, 2019).",
        "Engineer Tom Ashby said that the deck is rotten.",
    ]
    assert texts(outlets(SAID)) == [
        "“We need the bridge,” Mayor Ellen Brandt said (Harwick Times, June 3, 2019).",
        "“It will fall,” Ashby added (Reuters, May 2, 2018).",
        "According to a report by Radio Arda, the ferry ran aground.",
    ]


def test_a_timeline_is_in_the_order_of_its_dates():
    assert [quote.span[0] for quote in timeline([(SAID, 0)])] == [SAID[1].sentences[1][0], SAID[0].sentences[0][0]]


@pytest.mark.parametrize(("asked", "found"), [("June 2019", 1), ("2018", 1), ("May 2019", 0), ("June 4, 2019", 0)])
def test_a_timeline_can_be_of_one_time(asked, found):
    assert len(timeline([(SAID, 0)], find_dates(asked))) == found


def test_dates_without_a_year_belong_to_the_documents():
    given = passages("The vote is on 4 May. The report of 2019 is out. The law of June 2018 ended.")
    assert texts(timeline([(given, 0)])) == [
        "The law of June 2018 ended.",
        "The report of 2019 is out.",
        "The vote is on 4 May.",
    ]
    assert texts(timeline([(given, 2017)]))[0] == "The vote is on 4 May."


STEPS = passages(
    "Expenses are paid monthly. To claim expenses:",
    "1. Photograph every receipt.\n2. Choose the cost centre.\n3. Submit the claim.",
    "Meals are reimbursed up to 45 euros.",
)


def test_a_lead_in_is_quoted_with_what_it_announces():
    quotes = completed(Quote(STEPS[0], 1, 1, 0.0), STEPS, every=False)
    assert texts(quotes) == ["To claim expenses:", STEPS[1].text]


def test_an_item_is_quoted_with_its_list_where_all_are_asked_for():
    item = Quote(STEPS[1], 1, 1, 0.0)
    assert texts(completed(item, STEPS, every=True)) == ["To claim expenses:", STEPS[1].text]
    assert completed(item, STEPS, every=False) == [item]


REASONS = passages(
    "Moscow has two reasons. The first is ideological. It wants to look strong. The second is rather more practical. "
    "Its own soldiers are few. Nobody else was asked."
)


def test_a_short_item_is_quoted_with_what_explains_it_and_the_items_behind_it():
    begun = Quote(REASONS[0], 0, 1, 0.0)
    assert is_cut(begun)
    assert texts(completed(begun, REASONS, every=False))[0].endswith("Its own soldiers are few.")
    assert not is_cut(Quote(REASONS[0], 0, 4, 0.0))


@pytest.mark.parametrize("sentence", [0, 1, 3])
def test_reasons_are_quoted_with_what_explains_them(sentence):
    (quote,) = completed(Quote(REASONS[0], sentence, sentence, 0.0), REASONS, every=True)
    assert quote.text.startswith("Moscow has two reasons.") and quote.text.endswith("Its own soldiers are few.")


def test_steps_in_prose_end_with_their_section():
    given = passages("Heat the oven to 250 °C. Bake the loaf for 20 minutes.", "Wait two hours before cutting.",
                     "A dense crumb is a mistake.", headings=["Baking", "Baking", "Mistakes"])  # fmt: skip
    first = Quote(given[0], 0, 0, 0.0)
    assert texts(completed(first, given, every=True, steps=True)) == [given[0].text, "Wait two hours before cutting."]
    assert completed(first, given, every=False) == [first]


def test_what_was_decided_is_told_by_the_verb():
    given = passages("It was decided to mend the boat. Tom is the chair.", "Decision: no more newsletters. It rained.")
    assert texts(decisions(given)) == ["It was decided to mend the boat.", "Decision: no more newsletters."]


@pytest.mark.parametrize(
    ("question", "found"),
    [("Which risks does Heron face?", True), ("What risks are mentioned?", True), ("Which risks did Ann see?", False)],
)
def test_a_section_is_called_by_its_heading(question, found):
    (passage,) = passages("The printers are old.", headings=["Plan › Risks"])
    ranked = [SimpleNamespace(candidate=SimpleNamespace(passage=passage))]
    assert next(sections_meant(question, ranked, {"d": "Project Heron"}), None) == ((passage, None) if found else None)


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("What are the action items?", True), ("Who has what to do after the meeting?", True),
        ("What has to be done?", True), ("What has to be done by May?", False), ("Who wrote it?", False),
    ],
)  # fmt: skip
def test_a_passage_is_called_by_the_words_that_it_begins_with(question, found):
    (passage,) = passages("Actions: Mr Lee to write the application. Mrs Holm to order the swings.")
    ranked = [SimpleNamespace(candidate=SimpleNamespace(passage=passage))]
    whole = Quote(passage, 0, 1, 0.0)
    assert next(sections_meant(question, ranked, {"d": "Minutes"}), None) == ((passage, whole) if found else None)


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("Who was present at the meeting?", "Present: Ida Marten, Tom Okafor"),
        ("How many people attended the September meeting?", "Present: Ida Marten, Tom Okafor"),
        ("Who was absent?", "Apologies: Grace Holm"), ("Who couldn't come to the meeting?", "Apologies: Grace Holm"),
        ("Who attended the school in Rome?", None), ("Who came first in the race?", None),
    ],
)  # fmt: skip
def test_who_was_there_is_told_in_a_line_of_its_own(question, found):
    (passage,) = passages("Present: Ida Marten, Tom Okafor\nApologies: Grace Holm")
    ranked = [SimpleNamespace(candidate=SimpleNamespace(passage=passage))]
    told = next(sections_meant(question, ranked, {"d": "Minutes"}), None)
    assert (told[1].text if told else None) == found


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("where has Moen worked?", "Experience"), ("Which companies has Ida Moen worked for?", "Experience"),
        ("Where has Lee worked?", None), ("Where did Moen study?", "Education"), ("What degrees does Ida have?", "Education"),
        ("Where did Moen get the horse?", None),
    ],
)  # fmt: skip
def test_parts_of_a_cv_are_asked_for_by_the_name_of_whose_it_is(question, found):
    given = passages("2016 - 2021: Analyst, Kelp.", "2011: MSc, Bergen.", headings=["Experience", "Education"])
    ranked = [SimpleNamespace(candidate=SimpleNamespace(passage=passage)) for passage in given]
    told = next(sections_meant(question, ranked, {"d": "CV of Ida Moen"}), None)
    assert (told[0].heading if told else None) == found


@pytest.mark.parametrize(("steps", "found"), [(True, True), (False, False)])
def test_a_section_teaches_what_a_question_asks_how_to_do(steps, found):
    (passage,) = passages("Close the lid.", headings=["How to fire"])
    ranked = [SimpleNamespace(candidate=SimpleNamespace(passage=passage))]
    assert next(sections_meant("How do I fire the kiln?", ranked, {}, steps), None) == (
        (passage, None) if found else None
    )


def test_steps_in_a_clause_of_a_contract_are_those_of_the_clause():
    given = passages(
        "7. Smoking. Smoking is prohibited. 8. Repairs. Report defects in writing. They are mended within a day. "
        "9. Entry. The landlord rings first. 10. Subletting. It needs consent. "
        "11. Early termination. Give 60 days' notice. Then pay a month's rent. 12. Law. Maine's holds."
    )
    number = next(n for n, (a, b) in enumerate(given[0].sentences) if given[0].text[a:b].startswith("Give"))
    notice = Quote(given[0], number, number, 0.0)
    expected = "11. Early termination. Give 60 days' notice. Then pay a month's rent."
    assert texts(completed(notice, given, every=True, steps=True)) == [expected]


def test_what_is_left_open_is_quoted_with_what_became_of_it():
    given = passages(
        "Mr Reeve asked whether the lamps could be turned off. Mrs Oduya was against it. It was rejected. Tea."
    )
    asked = Quote(given[0], 0, 0, 0.0)
    assert is_cut(asked) and not is_cut(Quote(given[0], 2, 2, 0.0))
    (whole,) = completed(asked, given, every=False)
    assert whole.text.endswith("It was rejected.")


def test_a_quote_that_is_not_around_stays_as_it_is():
    other = Quote(passages("Something else.")[0], 0, 0, 0.0)
    assert completed(other, STEPS, every=True) == [other]


def test_a_sentence_for_every_country_none_twice():
    given = passages(
        "Kenya and Chad signed. Chad paid. Nobody else came.", "The U.S. watched. Georgians and Kenya left."
    )
    assert texts(countries(given)) == ["Kenya and Chad signed.", "The U.S. watched."]


@pytest.mark.parametrize(
    ("question", "short"),
    [
        ("What does CIS stand for?", "CIS"),
        ("What is WHO short for?", "WHO"),
        ("Who runs the CIS?", ""),
        ("What does it mean?", ""),
    ],
)
def test_abbreviations_that_are_asked_for(question, short):
    assert abbreviation(question) == short


def test_an_abbreviation_is_written_out_before_or_in_brackets():
    given = passages(
        "CIS leaders met. The Commonwealth of Independent States (CIS) is old.",
        "The EDM (Eurasia Daily Monitor) reports. The minister (RIA) spoke. PFAS means forever chemicals.",
    )
    assert texts(defining("CIS", given)) == ["The Commonwealth of Independent States (CIS) is old."]
    assert texts(defining("EDM", given)) == ["The EDM (Eurasia Daily Monitor) reports."]
    assert texts(defining("PFAS", given)) == ["PFAS means forever chemicals."]
    assert defining("RIA", given) == []


REOPENING = (
    "Council leader Tom Baker said that the hall would open in May. The engineer Dr Ines Falk was less confident. "
    "“The beams are rotten. I would be surprised by that,” she told the Courier. Ann Lee lives there."
)


@pytest.mark.parametrize(
    ("question", "quoted"),
    [
        ("What did Tom Baker say about the hall?", ["Council leader Tom Baker said that the hall would open in May."]),
        ("What does Ines Falk think?", ["“The beams are rotten. I would be surprised by that,” she told the Courier."]),
        ("What did the engineer say?", ["“The beams are rotten. I would be surprised by that,” she told the Courier."]),
        (
            "What did Baker and Falk say?",
            ["Council leader Tom Baker said that the hall would open in May.",
             "“The beams are rotten. I would be surprised by that,” she told the Courier."],
        ),
        ("What did Ann Lee say?", ["The engineer Dr Ines Falk was less confident."]),
        ("Who is Ines Falk?", ["The engineer Dr Ines Falk was less confident."]),
    ],
)  # fmt: skip
def test_the_words_of_whom_a_question_asks_for_are_preferred(question, quoted):
    (passage,) = given = passages(REOPENING)
    number = next(n for n, (a, b) in enumerate(passage.sentences) if "confident" in passage.text[a:b])
    quotes = [Quote(passage, number, number, 0.0)]
    who = asked_speaker(question)
    assert texts(by_speaker(who, quotes, [], given) if who else quotes) == quoted


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("What does clause 3.3 say?", ["3.3 The price may rise."]),
        ("What's in section 3 of the contract?", ["3. Price. 3.1 The fee is 9 euros. Late fees are 2. 3.3 The price may rise."]),
        ("What does clause 8 say?", []), ("Do 3 people fit?", []),
    ],
)  # fmt: skip
def test_a_clause_is_called_by_its_number(question, found):
    given = passages(
        "3. Price. 3.1 The fee is 9 euros. Late fees are 2. 3.3 The price may rise.", "4. Staff. They come."
    )
    number = clause_asked(question)
    assert texts(clause(number, given) if number else []) == found
