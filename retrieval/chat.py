"""A message and the conversation before it become a standalone question. Knows nothing about documents.

No model writes it: the words of the question before are put in front of a message that leans on them.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from retrieval.records import Turn
from retrieval.terms import STOP_WORDS, words

Message = Turn | Mapping[str, Any]

_ELLIPSIS = re.compile(
    r"(and|but|or|so|also|what about|how about|why|why not|how so|tell me more|more)\b", re.IGNORECASE
)
_POINTER = re.compile(
    r"\b(he|she|it|they|him|his|her|hers|its|them|their|theirs|this|that|these|those|there|then|such|"
    r"the (?:same|other|former|latter|first|second|third|last)(?: one)?)\b",
    re.IGNORECASE,
)
_FEW_WORDS = 4


def standalone(message: str, history: Sequence[Message]) -> str:
    """Return the message itself, or with the last question before it where it cannot stand alone."""
    questions = [question for question in map(_question, history) if question]
    if not questions or not _leans(message):
        return message
    return f"{questions[-1]} {message}"


def _question(turn: Message) -> str:
    """Return what a person asked in a turn; "" for a reply in the chat form {"role", "content"}."""
    if isinstance(turn, Turn):
        return turn.question.strip()
    return str(turn.get("content") or "").strip() if turn.get("role") == "user" else ""


def _leans(message: str) -> bool:
    """Tell whether a message is an ellipsis, or points back at something and names little itself."""
    content = [word for word in words(message) if word not in STOP_WORDS]
    if not content:
        return True
    if _ELLIPSIS.match(message.strip()) and len(content) <= _FEW_WORDS:
        return True
    return len(content) < _FEW_WORDS and bool(_POINTER.search(message))
