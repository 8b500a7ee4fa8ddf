"""What a message is taken for, and the records that hold it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from retrieval.errors import QuestionError
from retrieval.records import Turn
from retrieval.text import STOP_WORDS, words

Message = Turn | Mapping[str, Any]
LONGEST_QUESTION = 4000  # characters, and of a reading of it; the model reads about 1,000


class Kind(StrEnum):
    """What a message asks for; each has its own way to an answer.

    LOOK_UP: a question. MORE: what was not quoted yet. PASTED: where a piece of a document stands. SEVERAL: a few
    questions at once. SMALL_TALK: nothing of the documents. OVERVIEW, CONCLUSION, SPEAKERS, OUTLETS, COUNTRIES,
    DECISIONS and TIMELINE: a view of whole documents. LIST, STEPS, REASONS: all of several things, looked up like one.
    COMPARE: a difference.
    """

    LOOK_UP = "look-up"
    MORE = "more"
    PASTED = "pasted"
    SEVERAL = "several"
    SMALL_TALK = "small talk"
    OVERVIEW = "overview"
    CONCLUSION = "conclusion"
    SPEAKERS = "speakers"
    OUTLETS = "outlets"
    COUNTRIES = "countries"
    DECISIONS = "decisions"
    TIMELINE = "timeline"
    LIST = "list"
    STEPS = "steps"
    REASONS = "reasons"
    COMPARE = "compare"


VIEWS = frozenset(
    {Kind.OVERVIEW, Kind.CONCLUSION, Kind.SPEAKERS, Kind.OUTLETS, Kind.COUNTRIES, Kind.DECISIONS, Kind.TIMELINE}
)


@dataclass(frozen=True, slots=True)
class Exchange:
    """A question and its reply. question: made to stand alone; reply: its first sentence, "" if there was none.

    quotes: those of that reply, in order. quoted: those of all replies so far.
    """

    question: str
    reply: str
    quotes: tuple[str, ...] = ()
    quoted: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Interpretation:
    """A message as it is to be asked.

    text: it stands alone. antecedent: the question or quote before that it is about, "" where there is none or it was
    put into the text. dependence: how far it needs that, see `context_dependence`. context: what was said before it,
    to be searched together with it as far as it counts; "" where it is searched alone.
    quoted: quotes that are not to be chosen again. parts: the questions in it, where there are several, or one for each
    thing that is compared.
    talk: which small talk it is, or "more" of nothing, see `reply_to`. before: the exchange that it follows.
    """

    message: str
    kind: Kind
    text: str
    antecedent: str = ""
    dependence: float = 0.0
    context: str = ""
    quoted: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    talk: str = ""
    before: Exchange | None = None


def checked(question: str) -> str:
    """Return a question that can be asked; QuestionError says what is wrong with another."""
    if not isinstance(question, str) or not question.strip():
        raise QuestionError("the question is empty; ask something, for example: Who urged the CIS countries to help?")
    if any("\ud800" <= character <= "\udfff" for character in question):
        raise QuestionError("the question holds half of a surrogate pair, which is not text")
    if len(question) > LONGEST_QUESTION:
        size = f"{len(question):,} characters ({len(question.split()):,} words)"
        raise QuestionError(f"the question has {size}; at most {LONGEST_QUESTION:,} characters can be asked at once")
    return question


def count_content(text: str) -> int:
    """Count the words of a text that are no stop words."""
    return sum(word not in STOP_WORDS for word in words(text))
