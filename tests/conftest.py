"""Real parts for the tests: the packaged model, a small library of articles, and processes of their own."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import hypothesis
import pytest
from engines import Engine, opened
from fakes import HashedEncoder
from typer.testing import CliRunner

from retrieval import Document, Library, Settings
from retrieval.backend import Backend
from retrieval.encoder import Encoder, open_encoder
from retrieval.store import Store
from ui.cli import app

hypothesis.settings.register_profile("shared machine", deadline=None)  # what else runs is no failure of ours
hypothesis.settings.load_profile("shared machine")

ROOT = Path(__file__).parents[1]
SEED = ROOT / "seeds" / "russias-allies-syrian-operation.txt"

# file name or doc_id -> text; the odd characters are there for the offsets
ARTICLES = {
    "bees.txt": "Bees 🐝 in Winter\n\nHoney bees do not hibernate. They form a cluster around the queen and shiver to stay "
    "warm.\r\n\r\nA colony eats about 30 pounds of honey between November and March. The beekeeper weighs the hive.",
    "bridge.md": "# Harwick Bridge\n\n## History\n\nThe bridge at Harwick was opened in 1932 by Mayor Ellen Brandt. It "
    "replaced a ferry that had crossed the river since 1811.\n\n## Repair\n\nThe deck was renewed in 1998. The work "
    "cost 4.2 million pounds.\n",
    "tea.txt": "Tea\n\nGreen tea is made from leaves that are heated soon after picking. The heat stops oxidation, so "
    "that they stay green. Black tea is left to oxidise fully before it is dried.",
    "volcano.txt": "The volcano Eyjafjallajökull erupted in April 2010. Its ash closed European airspace for six days.\n\n"
    "Some 100,000 flights were cancelled — ten million travellers were stranded.",
    "lighthouse": "The keeper of the Orvik lighthouse was Jonas Hallgrimsson. He lit the lamp every evening for forty "
    "years. The lighthouse was automated in 1987 and the keeper’s house is now a museum.",
    "glacier": "The Aldra glacier has lost 800 metres of its length since 1950. Surveyors measure it every September. "
    "𝒜 marker stone shows where the ice ended in 1900.",
    "bakery": "The sourdough starter of the Mill Street bakery is 74 years old. It is fed twice a day with rye flour and "
    "water. The bakery sells 600 loaves on a Saturday.",
    "library": "The town library lends seeds as well as books. Borrowers return seeds from their own harvest in autumn. "
    "The librarian Maria Okafor began the collection with 40 kinds of beans.",
}
QUESTIONS = [
    "Do honey bees hibernate?", "How much honey does a colony eat in winter?", "What do bees cluster around?",
    "Who opened the bridge at Harwick?", "What did the bridge replace?", "How much did the work on the deck cost?",
    "When was the bridge deck renewed?", "How is green tea made?", "Why do green tea leaves stay green?",
    "Is black tea oxidised?", "When did Eyjafjallajökull erupt?", "How many flights were cancelled?",
    "How long was European airspace closed?", "Who kept the Orvik lighthouse?", "When was the lighthouse automated?",
    "What is in the keeper's house now?", "How much length has the Aldra glacier lost?", "When is the glacier measured?",
    "What does the marker stone show?", "How old is the sourdough starter?", "What is the starter fed with?",
    "How many loaves does the bakery sell on a Saturday?", "What does the town library lend?",
    "Who began the seed collection?", "When do borrowers return seeds?", "Who urged the CIS countries to help in Syria?",
    "What did Kazakhstan say about deploying troops to Syria?", "Where was the CIS defense ministerial held?",
    "What did Ibrahim Kalin say?", "Which publication carried the article about Syria?",
]  # fmt: skip


def articles(folder: Path) -> list[Path | Document]:
    """Write the articles that are files into a folder; return all, ready to be added."""
    sources: list[Path | Document] = [SEED]
    for name, text in ARTICLES.items():
        if "." in name:
            (folder / name).write_bytes(text.encode())
            sources.append(folder / name)
        else:
            sources.append(Document(name, name.title(), text, metadata={"kind": "memory", "length": len(text)}))
    return sources


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
def store(tmp_path) -> Iterator[Store]:
    """An empty store."""
    opened = Store(tmp_path / "library.db")
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
        paths = os.pathsep.join(filter(None, [str(ROOT), str(ROOT / "tests"), os.environ.get("PYTHONPATH")]))
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
    """Try a browser test up to three times: on a busy machine the browser itself is late now and then."""
    for item in items:
        if "visit" in item.fixturenames:
            item.add_marker(pytest.mark.flaky(reruns=2))
