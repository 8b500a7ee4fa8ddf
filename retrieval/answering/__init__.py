"""One question in, one Answer out: quotes chosen from ranked passages, checked, with a confidence."""

from retrieval.answering.confidence import ANY, CONFIDENCE, fitted, signals
from retrieval.answering.pipeline import Pipeline, replied
from retrieval.answering.quotes import PASSAGES, choose, found_sentences, worth_reading
from retrieval.answering.reading import NO_READER, Readings, read
from retrieval.answering.review import FORMATS as REVIEW_FORMATS
from retrieval.answering.review import NOT_STATED, Review, ReviewRow, review
from retrieval.answering.views import is_row

__all__ = [
    "ANY",
    "CONFIDENCE",
    "NOT_STATED",
    "NO_READER",
    "PASSAGES",
    "REVIEW_FORMATS",
    "Pipeline",
    "Readings",
    "Review",
    "ReviewRow",
    "choose",
    "fitted",
    "found_sentences",
    "is_row",
    "read",
    "replied",
    "review",
    "signals",
    "worth_reading",
]
