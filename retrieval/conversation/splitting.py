"""One message becomes the questions in it."""

import re

from retrieval.conversation.base import count_content
from retrieval.text import QUESTION_WORD

_ASKING = re.compile(QUESTION_WORD, re.IGNORECASE)
_ALSO = re.compile(rf",? (?:and|and also|as well as) (?={QUESTION_WORD})", re.IGNORECASE)
_NEXT = re.compile(rf"(?<=\?)\s+(?:(?:and|but|also),? (?={QUESTION_WORD}))?(?=\S)", re.IGNORECASE)
_MOST_QUESTIONS = 3  # in one message that are answered each


def questions(message: str) -> list[str]:
    """Return the questions in a message, three at the most; the message itself where there is only one."""
    parts = _NEXT.split(message.strip())
    if len(parts) == 1:
        parts = [half.strip() for half in _ALSO.split(message.strip(), maxsplit=1)]
        own = len(parts) == 2 and _ASKING.match(parts[0]) and count_content(parts[0]) > 1
        return [f"{parts[0].rstrip(',;')}?", parts[1]] if own and count_content(parts[1]) else [message]
    return parts if len(parts) <= _MOST_QUESTIONS and all(map(_asks, parts)) else [message]


def _asks(part: str) -> bool:
    return part.endswith("?") and count_content(part) > 0
