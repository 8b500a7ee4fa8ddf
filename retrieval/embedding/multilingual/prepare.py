"""Writes the model for ONNX Runtime into a folder, and checks it."""

import json
from pathlib import Path

import numpy as np

from retrieval.embedding.multilingual.weights import SHA256, Weights, weights_path
from retrieval.errors import ModelError
from retrieval.files import sha256

FORM = 1  # raised when the same weights would give other vectors
PROMPTS = ("query: ", "passage: ")
POOLING = "mean"


def fingerprint(precision: str) -> str:
    """Return 16 hexadecimal digits that stand for the vectors; ModelError where the package is not installed."""
    weights_path()
    return sha256(f"{SHA256} {FORM} {precision}".encode())[:16]


def prepare(target: Path, precision: str) -> None:
    """Write model.onnx, tokenizer.json and encoder.json. ModelError where the file is not the published one.

    precision: with "int8" the layers are written as float32, for the caller to make int8.
    """
    import onnx

    from retrieval.embedding.multilingual.graph import build
    from retrieval.embedding.multilingual.tokenizer import tokenizer

    weights = Weights(weights_path())
    onnx.save(build(weights, int8=precision == "int8"), target / "model.onnx")
    tokenizer(weights.pieces).save(str(target / "tokenizer.json"))
    sizes = weights.sizes
    record = {"dim": sizes.dim, "max_tokens": sizes.positions, "prompts": list(PROMPTS), "pooling": POOLING}
    (target / "encoder.json").write_text(json.dumps(record))


def check(path: Path) -> None:
    """Run the model once; ModelError where this machine's ONNX Runtime cannot, or gives no numbers."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    given = {"input_ids": np.array([[0, 41, 2]], np.int64), "attention_mask": np.ones((1, 3), np.int64)}
    try:
        vectors = onnxruntime.InferenceSession(path, options).run(None, given)[0]
    except Exception as error:
        raise ModelError(f"the multilingual model does not run on this machine: {error}") from error
    if not np.isfinite(vectors).all():
        raise ModelError("the multilingual model gives no numbers on this machine")
