"""A conversation so far becomes the one exchange that the next message follows."""

import re
from collections.abc import Iterable

from retrieval.conversation.base import Exchange, Message
from retrieval.conversation.rewriting import read
from retrieval.conversation.small_talk import small_talk
from retrieval.records import NO_ANSWER, Answer, Turn

_QUOTED = re.compile(r"\s*\[\d+\](?:\s+|$)")
_SENTENCE = re.compile(r".{40,}?[.!?](?=\s|$)")
_REPLY = 160  # characters of a reply that say what it is about; with 300 recall is lower


def last_exchange(history: Iterable[Message]) -> Exchange | None:
    """Return the last exchange of a conversation, or None before the first question; small talk is none."""
    last: Exchange | None = None
    talking = False
    for turn in history:
        question, reply, quotes = _said(turn)
        talking = bool(small_talk(question)) if question else talking
        if not talking:
            last = _after(last, question, reply, quotes)
    return last


def continued(before: Exchange | None, turn: Turn) -> Exchange | None:
    """Return the last exchange of a conversation that one more turn is added to."""
    question, reply, quotes = _said(turn)
    return before if small_talk(question) else _after(before, question, reply, quotes)


def _after(last: Exchange | None, question: str, reply: str, quotes: tuple[str, ...]) -> Exchange | None:
    """Return what was said as an exchange; an answer without a question belongs to the last."""
    if not question and last is None:
        return None
    asked = read(question, last).text if question or last is None else last.question
    return Exchange(asked, reply, quotes, (last.quoted if last else ()) + quotes)


def _said(turn: Message) -> tuple[str, str, tuple[str, ...]]:
    """Return what was asked and replied in a turn, and the quotes in it; "" for what a dict does not have."""
    if isinstance(turn, Turn):
        answer = turn.answer
        if isinstance(answer, Answer):
            return answer.asked_as.strip(), _reply(answer.text), tuple(citation.quote for citation in answer.citations)
        return turn.question.strip(), _reply(answer), _quotes(answer)
    content = str(turn.get("content") or "").strip()
    return (content, "", ()) if turn.get("role") == "user" else ("", _reply(content), _quotes(content))


def _reply(text: str) -> str:
    """Return how a reply begins: its first sentence of some length, "" where it says that there is no answer."""
    said = " ".join(text.split())
    if said.startswith(NO_ANSWER):
        return ""
    sentence = _SENTENCE.match(said)
    return (sentence.group() if sentence else said)[:_REPLY]


def _quotes(reply: str) -> tuple[str, ...]:
    """Return the quotes of a reply written as `Answer.text`: each with its marker behind it."""
    return tuple(part.strip() for part in _QUOTED.split(reply)[:-1] if part.strip())
