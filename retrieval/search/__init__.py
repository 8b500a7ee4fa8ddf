"""A question becomes ranked passages."""

from retrieval.search.fusion import merged
from retrieval.search.languages import ENGLISH, asked_in
from retrieval.search.results import Ranked, SentenceSignals, without
from retrieval.search.retriever import rank
from retrieval.search.spelling import corrected

__all__ = [
    "ENGLISH",
    "Ranked",
    "SentenceSignals",
    "asked_in",
    "corrected",
    "merged",
    "rank",
    "without",
]
