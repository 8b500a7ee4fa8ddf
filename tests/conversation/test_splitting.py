import pytest

from retrieval.conversation.splitting import questions


@pytest.mark.parametrize(
    "message, parts",
    [
        ("Who is Kalin? What did he say?", ["Who is Kalin?", "What did he say?"]),
        ("What is tea made of, and who drinks it?", ["What is tea made of?", "who drinks it?"]),
        ("What did Ann say? And what did Bob say?", ["What did Ann say?", "what did Bob say?"]),
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
