"""Texts become unit vectors: of questions, passages, sentences and tokens."""

from retrieval.embedding.base import (
    NO_SENTENCE,
    Encoder,
    PassageVectors,
    QuestionVectors,
    analysis_of,
    encoder_name,
    languages_of,
    unit,
)
from retrieval.embedding.export import exported
from retrieval.embedding.loading import check_encoder, open_encoder
from retrieval.embedding.models import MULTILINGUAL, fingerprint, model_folder
from retrieval.embedding.multilingual import INSTALL
from retrieval.linalg import Floats

__all__ = [
    "INSTALL",
    "MULTILINGUAL",
    "NO_SENTENCE",
    "Encoder",
    "Floats",
    "PassageVectors",
    "QuestionVectors",
    "analysis_of",
    "check_encoder",
    "encoder_name",
    "exported",
    "fingerprint",
    "languages_of",
    "model_folder",
    "open_encoder",
    "unit",
]
