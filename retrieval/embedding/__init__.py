"""Texts become unit vectors: of questions, passages, sentences and tokens."""

from retrieval.embedding.base import NO_SENTENCE, Encoder, PassageVectors, QuestionVectors, unit
from retrieval.embedding.export import exported
from retrieval.embedding.loading import check_encoder, open_encoder
from retrieval.embedding.models import fingerprint, model_folder
from retrieval.linalg import Floats

__all__ = [
    "NO_SENTENCE",
    "Encoder",
    "Floats",
    "PassageVectors",
    "QuestionVectors",
    "check_encoder",
    "exported",
    "fingerprint",
    "model_folder",
    "open_encoder",
    "unit",
]
