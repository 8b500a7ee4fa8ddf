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
_SMALL_TALK = {
    "greeting": r"(hi|hello|hey|good (morning|afternoon|evening|day))( there| pincite| everyone)?",
    "thanks": r"(ok(ay)?,? )?(many )?(thanks|thank you|thx|cheers)( a lot| very much| so much)?|ok|great|bye|goodbye",
    "help": r"help|(what|how) (can|could|do) you (do|help)( me)?|who are you|what are you|what is (this|pincite)|"
    r"how does (this|it|pincite) work|what can i (ask|do)( you| here)?",
    "documents": r"(which|what|list|show)( me)?( all)?( the| your| of the)? (documents|files|sources|texts)"
    r"( do you have| do you know| are (there|here)| have you got| can i ask)?( here)?",
}
_FEW_WORDS = 4  # besides stop words: fewer, and a pronoun points back
_LISTED = 10  # titles named in a reply
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


def small_talk(message: str) -> str:
    """Return what kind of talk a message is that no document answers, "" for a question."""
    said = " ".join(message.lower().replace("’", "'").split()).strip(" .!?,;:)")
    return next((kind for kind, pattern in _SMALL_TALK.items() if re.fullmatch(pattern, said)), "")


def reply_to(kind: str, titles: Sequence[str]) -> str:
    """Return what to say to a kind of small talk. titles: of the documents that can be asked."""
    count = f"{len(titles)} document{'s' if len(titles) != 1 else ''}"
    listed = "; ".join(titles[:_LISTED]) + (f"; and {len(titles) - _LISTED} more" if len(titles) > _LISTED else "")
    if kind == "documents":
        return f"There are {count} to ask: {listed}." if titles else "There are no documents yet; add some first."
    if kind == "thanks":
        return "You are welcome."
    about = f"Ask a question, and the answer is quoted from {count}, word for word, each quote with its exact place."
    return f"Hello. {about}" if kind == "greeting" else f"{about} What they do not say is not made up."
