"""Sources that contradict each other, editions of one text, and things that a question compares."""

import pytest

from retrieval import Document, Library, Settings

OLD = """Remote work policy. Version 1, in force from 1 March 2023.

Employees may work from home two days a week. Core hours are from ten to three.

Requests go to the head of the department. Equipment is lent by the service desk."""
NEW = (
    OLD.replace("Version 1, in force from 1 March 2023", "Version 2, in force from 1 June 2025")
    .replace("two days a week", "three days a week")
    .replace("Requests go to the head of the department.", "Requests go to the team lead.")
)


@pytest.fixture(scope="module")
def library(tmp_path_factory, encoder):
    documents = [
        Document("old", "Remote work policy 2023", OLD),
        Document("new", "Remote work policy 2025", NEW),
        Document("wire", "Wire report", "The ferry sank on Monday. Officials said that 14 people died in the accident.",
                 metadata={"date": "2024-05-02"}),
        Document("paper", "Morning paper", "The ferry sank on Monday. Officials said that 19 people died in the accident.",
                 metadata={"date": "2024-05-06"}),
        Document("plans", "Plans", "The Team plan costs 40 euros a month. It has ten seats.\n\n"
                 "The Enterprise plan costs 400 euros a month. It has a thousand seats."),
        Document("lock", "Canals", "A lock raises and lowers boats, while a weir holds back the water of a river."),
    ]  # fmt: skip
    with Library(tmp_path_factory.mktemp("differing") / "library", Settings(), encoder=encoder) as opened:
        opened.add(documents)
        yield opened


def quoted(answer):
    return [(citation.doc_id, citation.quote) for citation in answer.citations]


def test_two_sources_that_differ_are_both_quoted_the_newest_first(library):
    answer = library.ask("How many people died when the ferry sank?")
    assert quoted(answer) == [
        ("paper", "Officials said that 19 people died in the accident."),
        ("wire", "Officials said that 14 people died in the accident."),
    ]
    assert answer.differ and answer.reason == "These sources differ; the newest stands first."


ARTICLE = """A river town learns to live with water.

The flood of 2016 was the worst. On February 11, 2016, the water rose 4.2 metres in a night and 310 families had to leave.

The town council bought 58 houses along the bank and pulled them down."""
REPORT = """This is Radio Arda. In the flood of February 2016, 280 families had to leave their homes.

The meadow by the river will be kept."""
HOURS = """Opening hours of the library. Valid from 1 January 2024.

The library is open from Tuesday to Saturday, 10 a.m. to 5 p.m. It is closed on Sundays and Mondays.

Books may be kept for three weeks. Laptops may not be used in the reading room."""
NEW_HOURS = """Opening hours of the library. Valid from 1 March 2025. This edition replaces that of 2024.

The library is open from Monday to Saturday, 9 a.m. to 6 p.m. It is closed on Sundays.

Books may be kept for four weeks. Laptops may be used in the reading room by the window."""


@pytest.fixture(scope="module")
def town(tmp_path_factory, encoder):
    documents = [Document("article", "A river town", ARTICLE), Document("radio", "Radio Arda", REPORT),
                 Document("2024", "Opening hours 2024", HOURS), Document("2025", "Opening hours 2025", NEW_HOURS)]  # fmt: skip
    with Library(tmp_path_factory.mktemp("town") / "library", Settings(), encoder=encoder) as opened:
        opened.add(documents)
        yield opened


def test_two_sources_differ_in_other_words_too(town):
    answer = town.ask("How many families had to leave in the flood of 2016?")
    assert answer.differ and sorted(doc_id for doc_id, _ in quoted(answer)) == ["article", "radio"]
    assert {"280 families" in quote or "310 families" in quote for _, quote in quoted(answer)} == {True}


def test_one_edition_forbids_what_the_other_allows(town):
    answer = town.ask("May laptops be used in the reading room?")
    assert answer.differ and quoted(answer) == [
        ("2025", "Laptops may be used in the reading room by the window."),
        ("2024", "Laptops may not be used in the reading room."),
    ]


def test_what_changed_where_no_sentence_is_the_same(town):
    answer = town.ask("How do the new opening hours of the library differ from the old ones?")
    assert answer.parts == () and quoted(answer)[3:7] == [
        ("2025", "The library is open from Monday to Saturday, 9 a.m. to 6 p.m."),
        ("2024", "The library is open from Tuesday to Saturday, 10 a.m. to 5 p.m."),
        ("2025", "It is closed on Sundays."),
        ("2024", "It is closed on Sundays and Mondays."),
    ]


def test_what_changed_of_one_thing(library):
    answer = library.ask("What changed about working from home in the remote work policy?")
    assert quoted(answer) == [
        ("new", "Employees may work from home three days a week."),
        ("old", "Employees may work from home two days a week."),
    ]


def test_of_two_editions_the_newest_answers(library):
    answer = library.ask("How many days a week may employees work from home?")
    assert quoted(answer) == [
        ("new", "Employees may work from home three days a week."),
        ("old", "Employees may work from home two days a week."),
    ]
    assert answer.differ


def test_sources_that_agree_do_not_differ(library):
    answer = library.ask("When did the ferry sink?")
    assert not answer.differ and answer.reason == ""


@pytest.mark.parametrize(
    "question",
    [
        "How does the new edition of the remote work policy differ?",
        "What changed in the remote work policy since 2023?",
    ],
)
def test_what_changed_between_editions(library, question):
    answer = library.ask(question)
    assert quoted(answer) == [
        ("new", "Version 2, in force from 1 June 2025."),
        ("old", "Version 1, in force from 1 March 2023."),
        ("new", "Employees may work from home three days a week."),
        ("old", "Employees may work from home two days a week."),
        ("new", "Requests go to the team lead."),
        ("old", "Requests go to the head of the department."),
    ]


def test_what_is_compared_is_quoted_for_each(library):
    both = ["The Team plan costs 40 euros a month.", "The Enterprise plan costs 400 euros a month."]
    answer = library.ask("Compare the price of the Team plan and the Enterprise plan")
    assert sorted(quote for _, quote in quoted(answer)) == sorted(both)
    apart = library.ask("Compare the Team plan and the ferry")
    assert [part.question for part in apart.parts] == ["the Team plan", "the ferry"]
    assert [bool(part.citations) for part in apart.parts] == [True, True]


def test_one_sentence_that_tells_of_both_is_enough(library):
    answer = library.ask("What is the difference between a lock and a weir?")
    assert answer.parts == ()
    assert quoted(answer) == [("lock", "A lock raises and lowers boats, while a weir holds back the water of a river.")]


BORROWING = "# Rules of the library {year}\n\n## How to borrow\n\nFill in the {form} form. Leave it at the {place}.\n"


@pytest.mark.parametrize(
    ("question", "quote"),
    [
        ("How do I borrow?", "Fill in the green form. Leave it at the desk."),
        ("How do I borrow in 2023?", "Fill in the blue form. Leave it at the door."),
    ],
)
def test_of_sections_that_teach_the_same_the_newest_answers_or_that_of_the_year(tmp_path, encoder, question, quote):
    (tmp_path / "a.md").write_text(BORROWING.format(year=2023, form="blue", place="door"))
    (tmp_path / "b.md").write_text(BORROWING.format(year=2025, form="green", place="desk"))
    with Library(tmp_path / "library", Settings(), encoder=encoder) as opened:
        opened.add([tmp_path / "a.md", tmp_path / "b.md"])
        assert opened.ask(question).citations[0].quote == quote


LEASE = "Parties. The flat at 17B Cobbler Street is let to Tamsin Hale.\n\nRent. The rent is £875 a month.\n"
ALLOTMENT = "Rules of the allotment. The rent for a full plot is £42 a year, for a half plot £24.\n"


@pytest.mark.parametrize(
    ("question", "sure"),
    [
        ("How much is the rent for the Cobbler Street flat?", True),
        ("How much is the rent for the flat at 19A Cobbler Street?", False),
    ],
)
def test_a_document_is_chosen_by_a_name_in_its_title(tmp_path, encoder, question, sure):
    lease, plot = Document("lease", "Tenancy, Cobbler Street", LEASE), Document("plot", "Allotment", ALLOTMENT)
    with Library(tmp_path / "library", Settings(), encoder=encoder) as opened:
        opened.add([lease, plot])
        answer = opened.ask(question)
    assert answer.asked_as == question
    assert (answer.confidence > 0.4) == sure and answer.citations[0].quote.startswith("The rent is £875")


THREAD = """From: Ruth Adler <ruth@example.org>
Date: Tue, 08 Sep 2026 10:00:00 +0200
Subject: Re: Which printer?

I talked to the dealer again. Kestrel cannot deliver before November, so we go with Marlin after all.

On Mon, 7 Sep 2026 at 09:12, Ben Cole <ben@example.org> wrote:
> We go with Kestrel, it is the cheapest.
"""


@pytest.mark.parametrize("question", ["Which printer do we buy?", "Do we go with Kestrel?"])
def test_the_newest_of_a_thread_stands_before_what_it_repeats(question, encoder, tmp_path):
    (tmp_path / "thread.eml").write_text(THREAD)
    with Library(tmp_path / "library", Settings(), encoder=encoder) as library:
        library.add(tmp_path / "thread.eml")
        assert [quote for _, quote in quoted(library.ask(question))] == [
            "Kestrel cannot deliver before November, so we go with Marlin after all.",
            "We go with Kestrel, it is the cheapest.",
        ]
