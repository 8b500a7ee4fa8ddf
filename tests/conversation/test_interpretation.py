import pytest

from retrieval import Turn
from retrieval.conversation import Kind, interpret
from retrieval.errors import QuestionError

QUOTED = [Turn("Who kept the lighthouse?", "Jonas kept it. [1]\n\nIt was built in 1870. [2]")]
PASTED = "The deck was renewed in 1998. The work cost 4.2 million pounds."


@pytest.mark.parametrize(
    "message, history, kind",
    [
        ("Who kept the lighthouse?", [], Kind.LOOK_UP),
        ("And when?", QUOTED, Kind.LOOK_UP),
        ("tell me more", QUOTED, Kind.MORE),
        ("the second one", QUOTED, Kind.MORE),
        (PASTED, [], Kind.PASTED),
        ("what do i need to bring to the working day", [], Kind.LIST),
        ("Who kept it? Who built it?", [], Kind.SEVERAL),
        ("Hello!", QUOTED, Kind.SMALL_TALK),
    ],
)
def test_the_kind_of_a_message(message, history, kind):
    assert interpret(message, history).kind == kind


def test_a_question_that_stands_alone_keeps_its_text_and_has_what_was_said_beside_it():
    found = interpret("How old is the sourdough starter?", QUOTED)
    assert (found.text, found.dependence) == ("How old is the sourdough starter?", 0.0)
    assert found.antecedent == "Who kept the lighthouse?"
    assert found.context == "Who kept the lighthouse? Jonas kept it. [1] It was built in 1870. [2]"


def test_a_correction_needs_no_context():
    found = interpret("I meant 1920", [Turn("Who kept the lighthouse in 1910?", "Jonas.")])
    assert (found.text, found.context) == ("Who kept the lighthouse in 1920?", "")


def test_more_leaves_out_what_was_quoted_unless_it_points_at_a_quote():
    more, second = interpret("tell me more", QUOTED), interpret("more about the second one", QUOTED)
    assert (more.text, more.quoted) == ("Who kept the lighthouse?", ("Jonas kept it.", "It was built in 1870."))
    assert (second.text, second.quoted, second.antecedent) == ("It was built in 1870.", (), "It was built in 1870.")


def test_more_of_nothing_is_talk():
    assert interpret("tell me more").talk == "more"


def test_the_questions_of_a_message_are_in_order():
    assert interpret("Who kept it? Who built it?").parts == ("Who kept it?", "Who built it?")


@pytest.mark.parametrize("message", ["", " \n", "\ud800", "word " * 1000])
def test_what_cannot_be_asked_is_refused(message):
    with pytest.raises(QuestionError):
        interpret(message)
