"""Texts become unit vectors: of questions, passages, sentences and tokens."""

from retrieval.embedding.base import NO_SENTENCE, Encoder, Floats, PassageVectors, QuestionVectors, unit
from retrieval.embedding.export import exported
from retrieval.embedding.loading import open_encoder
from retrieval.embedding.models import fingerprint, model_folder

__all__ = [
    "NO_SENTENCE",
    "Encoder",
    "Floats",
    "PassageVectors",
    "QuestionVectors",
    "exported",
    "fingerprint",
    "model_folder",
    "open_encoder",
    "unit",
]
