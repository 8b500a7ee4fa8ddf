"""Which reader the settings mean. Loads no model: readers do that when they are first asked."""

import json
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from retrieval.embedding import model_folder
from retrieval.reader.base import Reader
from retrieval.reader.onnx import OnnxReader
from retrieval.reader.other import CrossEncoderReader, QuestionAnsweringReader
from retrieval.settings import Settings

NONE = "none"


def open_reader(name: str, settings: Settings) -> Reader | None:
    """Return the reader of a name: "" for the shipped one, "none" for none, else a folder or a model id.

    A model whose config.json says "…ForQuestionAnswering" is read as one, any other as a CrossEncoder of
    sentence-transformers. ModelError where the folder or the packaged weights are missing.
    """
    if name == NONE:
        return None
    if not name:
        return OnnxReader(model_folder(replace(settings, model="")), threads=settings.threads)
    folder = model_folder(replace(settings, model=name))
    answering = any(kind.endswith("ForQuestionAnswering") for kind in _architectures(folder))
    return (QuestionAnsweringReader if answering else CrossEncoderReader)(folder, name)


def _architectures(folder: Path) -> list[str]:
    with suppress(OSError, ValueError):
        return list(json.loads((folder / "config.json").read_text("utf-8")).get("architectures") or ())
    return []
