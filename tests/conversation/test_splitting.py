import pytest

from retrieval.conversation.splitting import compared, questions


@pytest.mark.parametrize(
    "message, parts",
    [
        ("Who is Kalin? What did he say?", ["Who is Kalin?", "What did he say?"]),
        ("What is tea made of, and who drinks it?", ["What is tea made of?", "who drinks it?"]),
        ("What did Ann say? And what did Bob say?", ["What did Ann say?", "what did Bob say?"]),
        ("Who hosted it? Who came? Why?", ["Who hosted it?", "Who came?", "Why?"]),
        ("When is the party and who pays for it?", ["When is the party?", "who pays for it?"]),
        ("opening hours and yearly fee of the pool?",
         ["What is the opening hours of the pool?", "What is the yearly fee of the pool?"]),
        ("What are the rent and the deposit for the flat",
         ["What is the rent for the flat?", "What is the deposit for the flat?"]),
        ("What are the pros and cons of the flat?", None),
        ("Who wrote and who printed the book?", None),
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


@pytest.mark.parametrize(
    "message, parts",
    [
        ("Compare the rent of the flat and the house", ["the rent of the flat", "the rent of the house"]),
        ("What is the difference between the Team plan and the Enterprise plan?", ["the Team plan", "the Enterprise plan"]),
        ("How do Graz and Lyon compare in mean cooling?", ["Graz mean cooling", "Lyon mean cooling"]),
        ("Compare the Team and Enterprise plans", ["the Team plans", "Enterprise plans"]),
        ("How does the E61 differ from the E7 in price?", ["the E61 price", "the E7 price"]),
        ("DR-100 vs DR-200", ["DR-100", "DR-200"]),
        ("How do the fees here compare to those at other schools?", []),
        ("How does the new edition differ?", []),
    ],
)  # fmt: skip
def test_things_that_a_message_compares(message, parts):
    assert compared(message) == parts
