"""A message and what was said before it become one Interpretation: what is asked, standing alone."""

from retrieval.conversation.base import LONGEST_QUESTION, VIEWS, Exchange, Interpretation, Kind, Message, checked
from retrieval.conversation.followups import context_weight
from retrieval.conversation.history import continued
from retrieval.conversation.interpretation import interpret, interpret_question
from retrieval.conversation.small_talk import reply_to

__all__ = [
    "LONGEST_QUESTION",
    "VIEWS",
    "Exchange",
    "Interpretation",
    "Kind",
    "Message",
    "checked",
    "context_weight",
    "continued",
    "interpret",
    "interpret_question",
    "reply_to",
]
