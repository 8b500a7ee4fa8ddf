"""One question in, one Answer out: quotes chosen from ranked passages, checked, with a confidence."""

from retrieval.answering.confidence import CONFIDENCE, fitted, signals
from retrieval.answering.pipeline import Pipeline, replied
from retrieval.answering.quotes import PASSAGES, choose
from retrieval.answering.review import FORMATS as REVIEW_FORMATS
from retrieval.answering.review import Review, ReviewRow, review

__all__ = [
    "CONFIDENCE",
    "PASSAGES",
    "REVIEW_FORMATS",
    "Pipeline",
    "Review",
    "ReviewRow",
    "choose",
    "fitted",
    "replied",
    "review",
    "signals",
]
