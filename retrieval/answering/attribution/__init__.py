"""Who says so: the speaker of a quote, and where it was reported."""

from retrieval.answering.attribution.attribute import Attribution, attribute

__all__ = ["Attribution", "attribute"]
