"""A message and the conversation before it: does it stand alone, and what came before? Knows nothing of documents.

No model writes a question: a message that leans on the question before it is read together with it, one that corrects
it is put in its place, and one that points at a quote is read together with that.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from retrieval.records import Answer, Turn
from retrieval.text import STOP_WORDS, words

Message = Turn | Mapping[str, Any]

_ELLIPSIS = re.compile(
    r"(and|but|or|so|also|what about|how about|why|why not|how so|tell me more|more|no|sorry|i meant|rather|instead)\b",
    re.IGNORECASE,
)
_POINTER = re.compile(
    r"\b(he|she|it|they|him|his|her|hers|its|them|their|theirs|this|that|these|those|there|then|such|"
    r"the (?:same|other|former|latter)(?: one)?)\b",
    re.IGNORECASE,
)
_SMALL_TALK = {
    "greeting": r"(hi|hello|hey|good (morning|afternoon|evening|day))( there| pincite| everyone)?",
    "thanks": r"(ok(ay)?,? )?(many )?(thanks|thank you|thx|cheers)( a lot| very much| so much)?",
    "nod": r"ok(ay)?|great|good|fine|i see|got it|all right|bye|goodbye",
    "help": r"help|(what|how) (can|could|do) you (do|help)( me)?|who are you|what are you|what is (this|pincite)|"
    r"how does (this|it|pincite) work|what can i (ask|do)( you| here)?",
    "documents": r"(which|what|list|show)( me)?( all)?( the| your| of the)? (documents|files|sources|texts)"
    r"( do you have| do you know| are (there|here)| have you got| can i ask)?( here)?",
}
_MORE = re.compile(
    r"(?:(?:and|ok|okay|please|can you|could you) )*(?:(?:tell|show|give) (?:me|us) )?(?:some |any )?"
    r"(?:more|anything else|something else|what else|else)(?: (?:details?|quotes?|passages?|please|on|about|is there|"
    r"information|that|this|it|there|do they say|does it say))*",
    re.IGNORECASE,
)
_COUNTED = {"first": 0, "1st": 0, "second": 1, "2nd": 1, "third": 2, "3rd": 2, "last": -1}
_ORDINAL = re.compile(
    rf"\bthe ({'|'.join(_COUNTED)})"
    r"(?: (?:one|quote|quotation|passage|source|citation|result|answer|point|item)\b|(?=\W*$))",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"\s*\[\d+\](?:\s+|$)")
_CORRECTION = re.compile(
    r"(?:(?:no|sorry|oops|wait|rather|actually|i mean|i meant|make that|correction)\b[,:;.!…—-]*\s*)+"
    r"(?P<right>[^?]{2,60}?)(?:,? (?:and )?not (?P<wrong>[^?,]{2,60}))?[.!?]*",
    re.IGNORECASE,
)
_ANOTHER = re.compile(
    r"(?:and|or|what about|how about)(?: for| in| of| about| with)? (?P<right>[^?]{2,60}?)[?.!]*", re.IGNORECASE
)
_ALIKE = 0.4  # ratio of matching characters from which a name may stand for another of several
_INSTEAD = re.compile(
    r"(?:not (?P<wrong>[^?,]{2,60}?),? but (?P<right>[^?,]{2,60})|"
    r"(?P<right2>[^?,]{2,60}), not (?P<wrong2>[^?,]{2,60}))[.!?]*",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"\d[\d.,]*\b")
_NAMED = re.compile(r"\b[A-Z][\w’'-]*(?: (?:(?:of|de|al|bin|van|von) )?[A-Z][\w’'-]*)*")
_WHICH = r"(?:who|whom|whose|what|when|where|why|which|how)\b"
_QUESTION_WORD = re.compile(_WHICH, re.IGNORECASE)
_ALSO = re.compile(rf",? (?:and|and also|as well as) (?={_WHICH})", re.IGNORECASE)
_NEXT = re.compile(rf"(?<=\?)\s+(?:(?:and|but|also),? (?={_WHICH}))?(?=\S)", re.IGNORECASE)
_WHOLE = re.compile(
    rf"(?:and|but|so|also),? (?!(?:what|how) about\b)(?={_WHICH})", re.IGNORECASE
)  # "And what did Ann say?"
_MOST_QUESTIONS = 3  # in one message that are answered each
_SENTENCE = re.compile(r".{40,}?[.!?](?=\s|$)")
_FEW_WORDS = 4  # besides stop words: fewer, and a pronoun points back
_REPLIES = {
    "thanks": "You are welcome.",
    "nod": "All right. Ask on whenever you like.",
    "more": "More of what? Ask a question first.",
}
NO_ANSWER = "The documents do not say this."
_LISTED = 10  # titles named in a reply
_POINTED = 160  # characters of a quote that a message points at
_REPLY = 160  # characters of a reply that say what it is about; with 300 recall is lower


@dataclass(frozen=True, slots=True)
class Context:
    """The exchange before a message. question: made to stand alone; reply: its first sentence, "" if there was none.

    quotes: those of that reply, in order. quoted: those of all replies.
    """

    question: str
    reply: str
    quotes: tuple[str, ...] = ()
    quoted: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Understood:
    """A message as it is to be asked.

    text: it stands alone. leaning: how far it needs what came before, see `leans`; behind: the question or quote that
    it is about. replaced: it corrects the question before. more: it asks for what was not quoted yet.
    """

    text: str
    leaning: float = 0.0
    behind: str = ""
    replaced: bool = False
    more: bool = False


def context(history: Sequence[Message]) -> Context | None:
    """Return the last exchange of a conversation, or None before the first question."""
    last: Context | None = None
    talking = False
    for turn in history:
        question, reply, quotes = _said(turn)
        talking = bool(small_talk(question)) if question else talking
        if talking or not (question or last):
            continue
        asked = understood(question, last).text if question or last is None else last.question
        last = Context(asked, reply, quotes, (last.quoted if last else ()) + quotes)
    return last


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


def understood(message: str, before: Context | None) -> Understood:
    """Read a message after what came before it."""
    said = " ".join(_ORDINAL.sub(" ", message).split()).strip(" .!?…")
    if before is None:
        return Understood(message, more=bool(_MORE.fullmatch(said)))
    quote = _pointed(message, before.quotes)
    if quote:
        more = not _content(said) or bool(_MORE.fullmatch(said))
        short = quote if len(quote) <= _POINTED else quote[:_POINTED].rpartition(" ")[0] + "…"
        return Understood(short if more else f"{short} {message}", leaning=1.0, behind=quote, more=more)
    if _MORE.fullmatch(said):
        return Understood(before.question, leaning=1.0, more=True)
    corrected = _corrected(message.strip(), before.question)
    if corrected:
        return Understood(corrected, replaced=True)
    leaning = leans(message)
    return Understood(f"{before.question} {message}" if leaning else message, leaning, before.question)


def _pointed(message: str, quotes: Sequence[str]) -> str:
    """Return the quote that "the second one" points at, "" where it points at none."""
    found = _ORDINAL.search(message)
    if not found or not quotes or _content(message.replace(found.group(), " ")) > _FEW_WORDS:
        return ""
    index = _COUNTED[found[1].lower()]
    return quotes[index] if -len(quotes) <= index < len(quotes) else ""


def _content(text: str) -> int:
    return sum(word not in STOP_WORDS for word in words(text))


def _corrected(message: str, question: str) -> str:
    """Put what a message corrects into the question before it; "" where it corrects nothing, or nothing of its kind."""
    found = next(filter(None, (kind.fullmatch(message) for kind in (_CORRECTION, _INSTEAD, _ANOTHER))), None)
    if not found:
        return ""
    parts = found.groupdict()
    right = (parts.get("right") or parts.get("right2") or "").strip(" ,.;:!")
    wrong = (parts.get("wrong") or parts.get("wrong2") or "").strip(" ,.;:!")
    like = _like(right, wrong, question)
    return question.replace(like, right) if like and like.lower() != right.lower() else ""


def _like(right: str, wrong: str, question: str) -> str:
    """Find what a correction is the like of in a question: what it calls wrong, else a number or name as it is one."""
    if wrong:
        return next(iter(re.findall(re.escape(wrong), question, re.IGNORECASE)), "")
    pattern = next((kind for kind in (_NUMBER, _NAMED) if kind.fullmatch(right)), None)
    if pattern is None:
        return ""
    inside = question[:1].lower() + question[1:]  # a capital that begins a question names nothing
    alike = [found for found in pattern.findall(inside) if pattern is _NAMED or len(found) == len(right)]
    closest = max(alike, key=lambda found: SequenceMatcher(None, found, right).ratio(), default="")
    sure = len(alike) == 1 or SequenceMatcher(None, closest, right).ratio() >= _ALIKE
    return closest if sure else ""


def leans(message: str) -> float:
    """Tell how far a message leans on what came before: 1 for an ellipsis, 0.5 if it points back and names little."""
    content = _content(message)
    elliptic = _ELLIPSIS.match(message.strip()) and not (content > 1 and _WHOLE.match(message.strip()))
    if not content or (elliptic and content < _FEW_WORDS - 1):
        return 1.0
    pointing = _POINTER.search(message) or _ORDINAL.search(message)
    return 0.5 if content < _FEW_WORDS and pointing else 0.0


def questions(message: str) -> list[str]:
    """Return the questions in a message, three at the most; the message itself where there is only one."""
    parts = _NEXT.split(message.strip())
    if len(parts) == 1:
        parts = [half.strip() for half in _ALSO.split(message.strip(), maxsplit=1)]
        own = len(parts) == 2 and _QUESTION_WORD.match(parts[0]) and _content(parts[0]) > 1
        return [f"{parts[0].rstrip(',;')}?", parts[1]] if own and _content(parts[1]) else [message]
    return parts if len(parts) <= _MOST_QUESTIONS and all(map(_asks, parts)) else [message]


def _asks(part: str) -> bool:
    return part.endswith("?") and _content(part) > 0


def small_talk(message: str) -> str:
    """Return what kind of talk a message is that no document answers, "" for a question."""
    said = " ".join(message.lower().replace("’", "'").split()).strip(" .!?,;:)")
    return next((kind for kind, pattern in _SMALL_TALK.items() if re.fullmatch(pattern, said)), "")


def reply_to_foreign(language: str) -> str:
    """Return what to say to a question in a language or script that the documents are not in."""
    return f"This looks like {language}, but the documents are in English. Ask in English, and they are quoted."


def reply_to(kind: str, titles: Sequence[str]) -> str:
    """Return what to say to a kind of small talk. titles: of the documents that can be asked."""
    count = f"{len(titles)} document{'s' if len(titles) != 1 else ''}"
    listed = "; ".join(titles[:_LISTED]) + (f"; and {len(titles) - _LISTED} more" if len(titles) > _LISTED else "")
    if kind == "documents":
        verb = "is" if len(titles) == 1 else "are"
        return f"There {verb} {count} to ask: {listed}." if titles else "There are no documents yet; add some first."
    if kind in _REPLIES:
        return _REPLIES[kind]
    about = f"Ask a question, and the answer is quoted from {count}, word for word, each quote with its exact place."
    return f"Hello. {about}" if kind == "greeting" else f"{about} What they do not say is not made up."
