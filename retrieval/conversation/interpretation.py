"""A message and the conversation before it become one Interpretation."""

from collections.abc import Iterable

from retrieval.conversation.base import LONGEST_QUESTION, VIEWS, Exchange, Interpretation, Kind, Message, checked
from retrieval.conversation.history import last_exchange
from retrieval.conversation.kinds import kind_of
from retrieval.conversation.rewriting import read
from retrieval.conversation.small_talk import small_talk
from retrieval.conversation.splitting import compared, questions

_LEAST_PASTED = 8  # words: fewer are a question, or stand in too many places
_AROUND = " \t\r\n\"'“”‘’«»…."


def interpret(message: str, history: Iterable[Message] = ()) -> Interpretation:
    """Return what a message asks for; QuestionError where it cannot be asked.

    >>> interpret("Who kept the lighthouse? When was it built?").parts
    ('Who kept the lighthouse?', 'When was it built?')
    >>> interpret("And when?", [{"role": "user", "content": "Who opened the bridge?"}]).text
    'Who opened the bridge? And when?'
    """
    talk = small_talk(checked(message))
    if talk:
        return Interpretation(message, Kind.SMALL_TALK, message, talk=talk)
    before = last_exchange(history)
    asked = questions(message)
    if len(asked) > 1 and kind_of(message) not in VIEWS:
        return Interpretation(message, Kind.SEVERAL, message, parts=tuple(asked), before=before)
    return interpret_question(message, before)


def interpret_question(message: str, before: Exchange | None) -> Interpretation:
    """Return what one question asks for after an exchange."""
    kind = kind_of(message)
    parts = tuple(compared(message)) if kind is Kind.COMPARE else ()
    if kind in VIEWS or parts:
        return Interpretation(message, kind, message, parts=parts, before=before)
    said = read(message, before)
    text = said.text[-LONGEST_QUESTION:]
    if said.more and before is None:
        return Interpretation(message, Kind.MORE, text, talk="more")
    if said.more:
        quoted = before.quoted if before and not said.antecedent else ()
        return Interpretation(message, Kind.MORE, text, said.antecedent, quoted=quoted)
    kind = Kind.PASTED if kind is Kind.LOOK_UP and is_pasted(message) else kind
    if before is None or said.corrected:
        return Interpretation(message, kind, text)
    context = f"{said.antecedent} {before.reply}".strip()
    return Interpretation(message, kind, text, said.antecedent, said.dependence, context)


def is_pasted(message: str) -> bool:
    """Tell whether a message may be a piece of a document: long enough, and no question."""
    return len(message.split()) >= _LEAST_PASTED and not message.rstrip(_AROUND).endswith("?")
