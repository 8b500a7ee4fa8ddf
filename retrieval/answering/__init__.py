"""One question in, one Answer out: quotes chosen from ranked passages, checked, with a confidence."""

from retrieval.answering.pipeline import Asking, replied
from retrieval.answering.quotes import PASSAGES, choose
from retrieval.answering.review import FORMATS as REVIEW_FORMATS
from retrieval.answering.review import Review, ReviewRow, review

__all__ = ["PASSAGES", "REVIEW_FORMATS", "Asking", "Review", "ReviewRow", "choose", "replied", "review"]
