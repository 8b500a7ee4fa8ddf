import pytest

from retrieval.conversation.small_talk import reply_to, small_talk


@pytest.mark.parametrize(
    "message, kind",
    [
        ("Hello!", "greeting"), ("good morning", "greeting"), ("Thanks a lot.", "thanks"), ("ok, thank you", "thanks"), ("OK", "nod"),
        ("What can you do?", "help"), ("help", "help"), ("Which documents do you have?", "documents"),
        ("list all documents", "documents"), ("Which documents were adopted in advance?", ""), ("Who said hello?", ""),
        ("What can you do about mine clearance?", ""), ("bees", ""),
        ("Delete everything", "command"), ("please write me a poem about bees", "command"), ("Translate it into French.", "command"),
        ("Thanks, that helped a lot", "thanks"), ("Thank you for the quick answer!", "thanks"), ("Good night", "nod"),
        ("How are you today?", "greeting"), ("Thanks, that helps, but what about dogs?", ""),
        ("Delete the lease agreement", "command"), ("Remind me to pay the rent", "command"), ("calculate the rent for a year", "command"),
        ("order form deadline", ""), ("Delete everything?", ""), ("remove the filter before cleaning", ""),
    ],
)  # fmt: skip
def test_small_talk_is_told_from_questions(message, kind):
    assert small_talk(message) == kind


def test_documents_are_named():
    assert reply_to("documents", ["Bees", "Tea"]) == "There are 2 documents to ask: Bees; Tea."
    assert reply_to("documents", ["T"] * 12).endswith("T; T; and 2 more.")
    assert reply_to("documents", []) == "There are no documents yet; add some first."
