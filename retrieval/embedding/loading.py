"""Opens the encoder that the settings name."""

import json

from retrieval.embedding.base import Encoder
from retrieval.embedding.export import exported
from retrieval.embedding.models import (
    fingerprint,
    model_folder,
)
from retrieval.embedding.onnx import OnnxEncoder
from retrieval.embedding.sentence_transformer import TransformerEncoder
from retrieval.settings import Settings


def open_encoder(settings: Settings) -> Encoder:
    """Return the encoder that the settings name; exports it on first use. ModelError where it cannot be had."""
    folder = exported(settings)
    record = json.loads((folder / "encoder.json").read_text())
    if record["pooling"]:
        return OnnxEncoder(folder, fingerprint(settings), settings.threads)
    return TransformerEncoder(model_folder(settings), fingerprint(settings))
