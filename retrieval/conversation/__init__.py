"""A message and what was said before it become the question that is meant."""

from retrieval.conversation.chat import (
    Context,
    Message,
    Understood,
    context,
    questions,
    reply_to,
    reply_to_foreign,
    small_talk,
    understood,
)
from retrieval.conversation.followups import FUSED, LONGEST_QUESTION, ranked_after, unquoted

__all__ = [
    "FUSED",
    "LONGEST_QUESTION",
    "Context",
    "Message",
    "Understood",
    "context",
    "questions",
    "ranked_after",
    "reply_to",
    "reply_to_foreign",
    "small_talk",
    "understood",
    "unquoted",
]
