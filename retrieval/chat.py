"""A message and the conversation before it: does it stand alone, and what came before? Knows nothing of documents.

No model writes a question: a message that leans on the question before it is read together with it.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from retrieval.records import Answer, Turn
from retrieval.terms import STOP_WORDS, words

Message = Turn | Mapping[str, Any]

_ELLIPSIS = re.compile(
    r"(and|but|or|so|also|what about|how about|why|why not|how so|tell me more|more|no|sorry|i meant|rather|instead)\b",
    re.IGNORECASE,
)
_POINTER = re.compile(
    r"\b(he|she|it|they|him|his|her|hers|its|them|their|theirs|this|that|these|those|there|then|such|"
    r"the (?:same|other|former|latter|first|second|third|last)(?: one)?)\b",
    re.IGNORECASE,
)
_FEW_WORDS = 4  # besides stop words: fewer, and a pronoun points back
_REPLY = 300  # characters of a reply that say what it is about


@dataclass(frozen=True, slots=True)
class Context:
    """The exchange before a message. question: made to stand alone; reply: its beginning, "" if there was none."""

    question: str
    reply: str


def context(history: Sequence[Message]) -> Context | None:
    """Return the last exchange of a conversation, or None before the first question."""
    exchanges: list[Context] = []
    for turn in history:
        question, reply = _said(turn)
        if question:
            before = f"{exchanges[-1].question} " if exchanges and leans(question) else ""
            exchanges.append(Context(before + question, reply))
        elif reply and exchanges:
            exchanges[-1] = Context(exchanges[-1].question, reply)
    return exchanges[-1] if exchanges else None


def _said(turn: Message) -> tuple[str, str]:
    """Return what was asked and replied in a turn; "" for the part that a {"role", "content"} dict does not have."""
    if isinstance(turn, Turn):
        answer = turn.answer
        asked, reply = (answer.asked_as, answer.text) if isinstance(answer, Answer) else (turn.question, answer)
        return asked.strip(), reply.strip()[:_REPLY]
    content = str(turn.get("content") or "").strip()
    return (content, "") if turn.get("role") == "user" else ("", content[:_REPLY])


def leans(message: str) -> bool:
    """Tell whether a message is an ellipsis, or points back at something and names little itself."""
    content = [word for word in words(message) if word not in STOP_WORDS]
    if not content:
        return True
    if _ELLIPSIS.match(message.strip()) and len(content) < _FEW_WORDS - 1:
        return True
    return len(content) < _FEW_WORDS and bool(_POINTER.search(message))
