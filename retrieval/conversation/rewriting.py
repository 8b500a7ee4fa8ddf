"""A message is read after the exchange before it: what it is about, and the question that it stands for.

No model writes a question: a message that depends on the question before it is read together with it, one that corrects
it is put in its place, and one that points at a quote is read together with that.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from retrieval.conversation.base import Exchange, count_content
from retrieval.text import PROPER_NAME, QUESTION_WORD

_ELLIPSIS = re.compile(
    r"(and|but|or|so|also|what about|how about|why|why not|how so|tell me more|more|no|sorry|i meant|rather|instead)\b",
    re.IGNORECASE,
)
_POINTER = re.compile(
    r"\b(he|she|it|they|him|his|her|hers|its|them|their|theirs|this|that|these|those|there|then|such|"
    r"the (?:same|other|former|latter)(?: one)?)\b",
    re.IGNORECASE,
)
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
_NUMBER = re.compile(r"\d(?:[\d.,]*\d)?\b")
_NAMED = re.compile(PROPER_NAME)
_WHOLE = re.compile(
    rf"(?:and|but|so|also),? (?!(?:what|how) about\b)(?={QUESTION_WORD})", re.IGNORECASE
)  # "And what did Ann say?"
_FEW_WORDS = 4  # besides stop words: fewer, and a pronoun points back
_POINTED = 160  # characters of a quote that a message points at


@dataclass(frozen=True, slots=True)
class Reading:
    """A message as it is meant: text, antecedent and dependence as in `Interpretation`.

    corrected: it corrects the question before, and takes its place. more: it asks for what was not quoted yet.
    """

    text: str
    dependence: float = 0.0
    antecedent: str = ""
    corrected: bool = False
    more: bool = False


def read(message: str, before: Exchange | None) -> Reading:
    """Read a message after what came before it."""
    said = " ".join(_ORDINAL.sub(" ", message).split()).strip(" .!?…")
    if before is None:
        return Reading(message, more=bool(_MORE.fullmatch(said)))
    quote = _pointed(message, before.quotes)
    if quote:
        more = not count_content(said) or bool(_MORE.fullmatch(said))
        short = quote if len(quote) <= _POINTED else quote[:_POINTED].rpartition(" ")[0] + "…"
        return Reading(short if more else f"{short} {message}", dependence=1.0, antecedent=quote, more=more)
    if _MORE.fullmatch(said):
        return Reading(before.question, dependence=1.0, more=True)
    corrected = _corrected(message.strip(), before.question)
    if corrected:
        return Reading(corrected, corrected=True)
    dependence = context_dependence(message)
    return Reading(f"{before.question} {message}" if dependence else message, dependence, before.question)


def context_dependence(message: str) -> float:
    """Tell how far a message needs what came before: 1 for an ellipsis, 0.5 if it points back and names little."""
    content = count_content(message)
    elliptic = _ELLIPSIS.match(message.strip()) and not (content > 1 and _WHOLE.match(message.strip()))
    if not content or (elliptic and content < _FEW_WORDS - 1):
        return 1.0
    pointing = _POINTER.search(message) or _ORDINAL.search(message)
    return 0.5 if content < _FEW_WORDS and pointing else 0.0


def _pointed(message: str, quotes: Sequence[str]) -> str:
    """Return the quote that "the second one" points at, "" where it points at none."""
    found = _ORDINAL.search(message)
    if not found or not quotes or count_content(message.replace(found.group(), " ")) > _FEW_WORDS:
        return ""
    index = _COUNTED[found[1].lower()]
    return quotes[index] if -len(quotes) <= index < len(quotes) else ""


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
