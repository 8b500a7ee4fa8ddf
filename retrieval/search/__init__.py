"""A question becomes ranked passages."""

from retrieval.search.retriever import Ranked, merged, rank

__all__ = ["Ranked", "merged", "rank"]
