"""The encoder that the settings name is opened, and compared with the one that a library was built with."""

import json

from retrieval.embedding.base import Encoder
from retrieval.embedding.export import exported
from retrieval.embedding.models import fingerprint, model_folder
from retrieval.embedding.onnx import OnnxEncoder
from retrieval.embedding.sentence_transformer import TransformerEncoder
from retrieval.errors import EncoderMismatchError
from retrieval.settings import Settings

PACKAGED_KNOWS = frozenset({"en"})  # all-MiniLM-L6-v2


def open_encoder(settings: Settings) -> Encoder:
    """Return the encoder that the settings name; exports it on first use. ModelError where it cannot be had."""
    folder = exported(settings)
    record = json.loads((folder / "encoder.json").read_text())
    if record["pooling"]:
        languages = frozenset() if settings.model else PACKAGED_KNOWS
        return OnnxEncoder(folder, fingerprint(settings), settings.threads, languages, settings.model)
    return TransformerEncoder(model_folder(settings), fingerprint(settings), settings.model)


def check_encoder(encoder: Encoder, built_with: str | None, library: str) -> None:
    """Refuse an encoder whose vectors cannot be compared with a library's; EncoderMismatchError says how to go on.

    built_with: the fingerprint of the encoder that the library was built with. library: its name.
    """
    if built_with != encoder.fingerprint:
        raise EncoderMismatchError(
            f"{library} was built with encoder {built_with}, but {encoder.fingerprint} is set; set PINCITE_MODEL to "
            "the one it was built with, or add your documents to a new library"
        )
