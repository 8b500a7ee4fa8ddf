"""Real parts for the tests: the packaged model, a small library of articles, and processes of their own."""

import os

os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}  # each of pytest's workers has one core

import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

import hypothesis
import pytest
from articles import ARTICLES, ROOT, SEED, articles
from engines import Engine, opened
from fakes import HashedEncoder
from typer.testing import CliRunner

from retrieval import Library, Settings
from retrieval.embedding.base import Encoder
from retrieval.embedding.loading import open_encoder
from retrieval.storage.base import Backend
from retrieval.storage.local.backend import LocalBackend
from ui.cli import app

os.environ["PINCITE_ACCOUNTS"] = str(
    Path(os.devnull, "none")
)  # users that somebody has on this machine are none of a test's
hypothesis.settings.register_profile("shared machine", deadline=None)  # what else runs is no failure of ours
hypothesis.settings.load_profile("shared machine")


@pytest.fixture(scope="session")
def encoder() -> Encoder:
    """The packaged model; the first run on a machine prepares it."""
    return open_encoder(Settings())


@pytest.fixture(scope="session")
def asked(encoder, tmp_path_factory):
    """A library of all articles with the packaged model, answering every question it is asked. Not to be changed."""
    folder = tmp_path_factory.mktemp("articles")
    with Library(folder / "library", Settings(threshold=0.0), encoder=encoder) as library:
        library.add(articles(folder))
        yield library


@pytest.fixture
def hashed(tmp_path) -> Library:
    """An empty library with the fast encoder, answering every question it is asked."""
    with Library(tmp_path / "library", Settings(threshold=0.0), encoder=HashedEncoder()) as library:
        yield library


@pytest.fixture
def store(tmp_path) -> Iterator[LocalBackend]:
    """An empty library's backend in a folder."""
    opened = LocalBackend(tmp_path)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def engine(tmp_path_factory) -> Iterator[Engine]:
    """A Milvus Lite server; skips where it is not installed."""
    started = Engine(tmp_path_factory.mktemp("milvus") / "data")
    yield started
    started.stop()


@pytest.fixture(params=["folder", "milvus"])
def place(request, tmp_path) -> object:
    """The name of a library that is not there yet, in a folder and on a server."""
    return tmp_path / "library" if request.param == "folder" else request.getfixturevalue("engine").address()


@pytest.fixture
def backend(place) -> Iterator[Backend]:
    """An empty library's backend."""
    made = opened(place)
    yield made
    made.close()


@pytest.fixture
def python() -> Callable[..., subprocess.Popen]:
    """Start Python code in a process of its own, which can import retrieval and fakes; it is killed at the end."""
    started = []

    def start(code: str, *arguments: object) -> subprocess.Popen:
        paths = os.pathsep.join(
            filter(None, [str(ROOT), str(ROOT / "tests" / "support"), os.environ.get("PYTHONPATH")])
        )
        process = subprocess.Popen(
            [sys.executable, "-c", code, *map(str, arguments)], text=True, env=os.environ | {"PYTHONPATH": paths},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch):
    for name in [name for name in os.environ if name.startswith("PINCITE_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def pincite():
    """Run a command in this process and return its result; an exception that is not an exit fails the test."""

    def run(*arguments, stdin=None):
        result = CliRunner().invoke(app, [str(argument) for argument in arguments], input=stdin)
        assert isinstance(result.exception, SystemExit | None), result.exception
        assert "Traceback" not in result.output
        return result

    return run


@pytest.fixture(scope="session")
def ready(tmp_path_factory, encoder):
    """A folder with a closed library of the bridge and the seed. Not to be changed."""
    folder = tmp_path_factory.mktemp("ready")
    (folder / "bridge.md").write_text(ARTICLES["bridge.md"])
    with Library(folder / "library", Settings(), encoder=encoder) as library:
        library.add([folder / "bridge.md", SEED])
    return folder


@pytest.fixture
def library(ready) -> Path:
    """The closed library's folder."""
    return ready / "library"


def pytest_collection_modifyitems(items) -> None:
    """Put tests into lanes by what they need; see the markers in pyproject.toml.

    A browser test is tried up to three times: on a busy machine the browser itself is late now and then.
    """
    for item in items:
        parameters = item.callspec.params.values() if hasattr(item, "callspec") else ()
        if "chromium" in item.fixturenames:
            item.add_marker(pytest.mark.flaky(reruns=2))
            item.add_marker(pytest.mark.browser)
        if "original" in item.fixturenames:  # importing sentence-transformers takes seconds
            item.add_marker(pytest.mark.slow)
        if {"engine", "own_engine"} & set(item.fixturenames) or "milvus" in parameters:
            item.add_marker(pytest.mark.milvus)
        if item.get_closest_marker("ray") and find_spec("ray") is None:
            item.add_marker(pytest.mark.skip("Ray is not installed: pip install 'pincite[cluster]'"))
