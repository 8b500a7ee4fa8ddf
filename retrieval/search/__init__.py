"""A question becomes ranked passages."""

from retrieval.search.fusion import merged
from retrieval.search.results import Ranked, SentenceSignals, without
from retrieval.search.retriever import rank

__all__ = ["Ranked", "SentenceSignals", "merged", "rank", "without"]
