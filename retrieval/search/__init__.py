"""A question becomes ranked passages."""

from retrieval.search.fusion import merged
from retrieval.search.results import Ranked, SentenceSignals, without
from retrieval.search.retriever import rank
from retrieval.search.spelling import corrected

__all__ = ["Ranked", "SentenceSignals", "corrected", "merged", "rank", "without"]
