"""Who says so: the speaker of a quote, and where it was reported."""

from retrieval.answering.attribution.attribute import attribute

__all__ = ["attribute"]
