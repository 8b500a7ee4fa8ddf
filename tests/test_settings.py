import dataclasses
from pathlib import Path

import pytest

from retrieval.settings import Settings, seeds_folder

NUMBERS = ["PINCITE_MAX_FILE_MB", "PINCITE_THREADS", "PINCITE_THRESHOLD"]


def test_defaults():
    settings = Settings.from_environment({})
    assert settings == Settings()
    assert settings.model == ""
    assert settings.max_file_bytes == 33_554_432
    assert settings.threads == 0
    assert 0 < settings.threshold < 1


def test_everything_from_the_environment():
    environment = {
        "PINCITE_MODEL": "sentence-transformers/all-mpnet-base-v2",
        "PINCITE_CACHE": "/var/cache/pincite",
        "PINCITE_MAX_FILE_MB": "1.5",
        "PINCITE_THREADS": "4",
        "PINCITE_PRECISION": "int8",
        "PINCITE_THRESHOLD": "0.25",
        "PINCITE_OTHER": "ignored",
    }
    assert Settings.from_environment(environment) == Settings(
        model="sentence-transformers/all-mpnet-base-v2",
        cache=Path("/var/cache/pincite"),
        max_file_bytes=1_572_864,
        threads=4,
        precision="int8",
        threshold=0.25,
    )


def test_servers_are_reached_as_the_environment_says():
    environment = {
        "PINCITE_MILVUS_TOKEN": "root:Milvus", "PINCITE_MILVUS_TLS": "/etc/ca.pem", "PINCITE_MILVUS_SECONDS": "2.5",
        "PINCITE_MILVUS_INDEX": "HNSW_SQ", "PINCITE_MILVUS_SHARDS": "4",
    }  # fmt: skip
    settings = Settings.from_environment(environment)
    assert settings == Settings(
        milvus_token="root:Milvus",
        milvus_tls="/etc/ca.pem",
        milvus_seconds=2.5,
        milvus_index="HNSW_SQ",
        milvus_shards=4,
    )
    assert "root:Milvus" not in repr(settings)


def test_the_process_environment_is_the_default(monkeypatch):
    monkeypatch.setenv("PINCITE_THREADS", "3")
    assert Settings.from_environment().threads == 3


def test_empty_values_count_as_unset():
    empty = dict.fromkeys(["PINCITE_MODEL", "PINCITE_CACHE", *NUMBERS], "")
    assert Settings.from_environment(empty) == Settings()


def test_a_precision_that_is_none_is_named():
    with pytest.raises(ValueError, match="PINCITE_PRECISION is 'int4'; expected one of float32, int8"):
        Settings.from_environment({"PINCITE_PRECISION": "int4"})


def test_the_cache_may_be_given_from_home(monkeypatch):
    monkeypatch.setenv("HOME", "/home/ada")
    assert Settings.from_environment({"PINCITE_CACHE": "~/pincite"}).cache == Path("/home/ada/pincite")
    assert Settings.from_environment({}).cache == Path("/home/ada/.cache/pincite")


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("value", ["many", "1,5", " ", "0x10"])
def test_a_bad_number_names_the_variable(name, value):
    with pytest.raises(ValueError) as caught:
        Settings.from_environment({name: value})
    assert str(caught.value) == f"{name} is {value!r}; expected a number of 0 or more"


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("value", ["nan", "inf", "-1"])
def test_a_number_that_is_out_of_range_names_the_variable(name, value):
    with pytest.raises(ValueError, match=name):
        Settings.from_environment({name: value})


def test_settings_are_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Settings().threads = 2


def test_the_seeds_are_there():
    assert [path.name for path in sorted(seeds_folder().glob("*.txt"))] == ["russias-allies-syrian-operation.txt"]
