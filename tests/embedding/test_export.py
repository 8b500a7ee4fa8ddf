import json
import os
import sys
from pathlib import Path

import onnx
import onnxruntime
import pytest
from models import small_model

from retrieval.embedding.export import exported
from retrieval.embedding.loading import open_encoder
from retrieval.embedding.onnx import OnnxEncoder
from retrieval.errors import ModelError
from retrieval.settings import Settings

pytestmark = pytest.mark.slow  # models are exported


def test_the_export_is_made_once(encoder):
    folder = exported(Settings())
    made = {"encoder.json", "model.onnx", "tokenizer.json"}
    assert made <= {path.name for path in folder.iterdir()} <= made | {"rotation.f32"}
    record = json.loads((folder / "encoder.json").read_text())
    assert record == {"dim": 384, "max_tokens": 256, "prompts": ["", ""], "pooling": "mean"}
    assert Path(folder).name == f"{encoder.fingerprint}-4"


def test_normalisation_is_not_joined_with_the_addition_before_it(encoder, tmp_path):
    """As ONNX Runtime runs it: the joined step takes four times as long as the two."""
    options = onnxruntime.SessionOptions()
    options.optimized_model_filepath = str(tmp_path / "model.onnx")
    options.log_severity_level = 3
    onnxruntime.InferenceSession(exported(Settings()) / "model.onnx", options)
    steps = [node.op_type for node in onnx.load(tmp_path / "model.onnx").graph.node]
    assert steps.count("LayerNormalization") == 13
    assert steps.count("Attention") == steps.count("BiasGelu") == 6


def test_what_onnx_cannot_reproduce_is_found_out_once(small_models):
    folder = exported(Settings(model=str(small_models / "max"), cache=small_models / "cache"))
    record = json.loads((folder / "encoder.json").read_text())
    assert record == {"dim": 32, "max_tokens": 64, "prompts": ["query: ", "passage: "], "pooling": ""}


def test_an_export_that_this_machine_cannot_make_is_not_remembered(small_models, tmp_path, monkeypatch):
    settings = Settings(model=str(small_models / "cls"), cache=tmp_path)
    with monkeypatch.context() as context:
        context.setitem(sys.modules, "onnx", None)
        expected = r"cannot be exported to ONNX here \(Module onnx is not installed!\); mend that and try again"
        with pytest.raises(ModelError, match=expected):
            open_encoder(settings)
    assert type(open_encoder(settings)) is OnnxEncoder


def test_a_folder_that_is_no_model_is_named(tmp_path):
    folder = small_model(tmp_path / "model")
    with pytest.raises(ModelError, match=f"sentence-transformers cannot load {folder}"):
        exported(Settings(model=str(folder), cache=tmp_path / "cache"))
    assert not list((tmp_path / "cache" / "models").glob("*.partial-*")), "nothing half made stays"


def test_what_a_killed_export_left_is_swept(tmp_path):
    old, new = (tmp_path / "cache" / "models" / f"0123.partial-{name}" for name in ("old", "new"))
    for folder in (old, new):
        (folder / "new").mkdir(parents=True)
    os.utime(old, (1, 1))
    with pytest.raises(ModelError):
        exported(Settings(model=str(small_model(tmp_path / "model")), cache=tmp_path / "cache"))
    assert (old.exists(), new.exists()) == (False, True)
