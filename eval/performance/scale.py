"""How cost grows with size: synthetic libraries are made and asked.

    python -m eval scale 10000 100000 1000000

Vectors are made up: they lie in clusters and on few axes, as those of texts do. Words follow Zipf's law; half of the
most frequent are stop words. A question is some words of a passage with a vector near it; its own forward pass is run
and timed too. Every step runs in a fresh process.
"""

import json
import resource
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, fields, replace
from functools import cached_property
from multiprocessing import get_context
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import psutil
import typer
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table
from tokenizers import Tokenizer

from retrieval import Document, Library, Passage, Settings
from retrieval.embedding import Encoder, Floats, PassageVectors, QuestionVectors, exported, open_encoder, unit
from retrieval.storage import IndexedDocument
from retrieval.storage.local.backend import LocalBackend
from retrieval.storage.local.faiss_index import StoredVectors
from retrieval.text import STOP_WORDS

DIM = 384
WORDS = 60  # of a passage
SENTENCES = 4  # of a passage
TOKENS = 40  # of a passage that are stored
PASSAGES = 20  # of a document
TOPICS = 2000
VOCABULARY = 200_000
BEST = 10  # recall is of so many


@dataclass(frozen=True, slots=True)
class Row:
    """What one size gave. Seconds, megabytes (10^6 bytes) and milliseconds; memory is resident, files mapped included.

    index_s: reading the vectors and making the index, of the whole; add_s: one more document, closing included.
    """

    passages: int
    store_s: float
    index_s: float
    build_mb: float
    store_mb: float
    index_mb: float
    open_s: float
    first_ms: float
    median_ms: float
    p95_ms: float
    encode_ms: float
    ask_mb: float
    add_s: float
    recall: float


class Synthetic:
    """Makes documents and questions, the same ones every time."""

    @cached_property
    def _axes(self) -> Floats:
        scales: Floats = (np.arange(1, DIM + 1) ** -0.5).astype(np.float32)
        return scales

    @cached_property
    def _topics(self) -> Floats:
        return unit(self._drawn(np.random.default_rng(0), TOPICS))

    @cached_property
    def _words(self) -> list[str]:
        """Words in order of frequency: every other one of the first is a stop word, the last are compounds."""
        vocabulary = Tokenizer.from_file(str(exported(Settings()) / "tokenizer.json")).get_vocab()
        known = sorted(
            (w for w in vocabulary if w.isalpha() and w.isascii() and len(w) > 2), key=vocabulary.__getitem__
        )
        known = [word for word in known if word not in STOP_WORDS]
        stops = sorted(STOP_WORDS)
        mixed = [word for pair in zip(stops, known, strict=False) for word in pair] + known[len(stops) :]
        pairs = np.random.default_rng(1).integers(0, len(known), (VOCABULARY - len(mixed), 2))
        return mixed + [known[a] + known[b] for a, b in pairs]

    @cached_property
    def _shares(self) -> NDArray[np.float64]:
        """Cumulative Zipf-Mandelbrot distribution of the words."""
        weights = 1 / (np.arange(VOCABULARY) + 2.7) ** 1.05
        shares: NDArray[np.float64] = np.cumsum(weights) / weights.sum()
        return shares

    def _drawn(self, random: np.random.Generator, *shape: int) -> Floats:
        """Return vectors of about unit length, most of it on the first axes."""
        drawn: Floats = unit(random.standard_normal((*shape, DIM), np.float32) * self._axes)
        return drawn

    def documents(self, passages: int) -> Iterator[IndexedDocument]:
        """Yield documents of 20 passages, ready to be stored."""
        for number in range(passages // PASSAGES):
            yield self._document(number)

    def vectors(self, passages: int) -> Floats:
        """Return (n, dim) the vectors of the documents' passages."""
        return np.concatenate([self._rows(np.random.default_rng([2, n])) for n in range(passages // PASSAGES)])

    def _rows(self, random: np.random.Generator) -> Floats:
        centre = self._topics[int(TOPICS * random.random() ** 2)] + 0.6 * self._drawn(random)
        return unit(centre + 0.8 * self._drawn(random, PASSAGES))

    def _document(self, number: int) -> IndexedDocument:
        random = np.random.default_rng([2, number])
        rows = self._rows(random)
        sentences = unit(rows[:, None] + 0.6 * self._drawn(random, PASSAGES, SENTENCES))
        bits = random.integers(0, 256, (PASSAGES, TOKENS, DIM // 8), np.uint8)
        owners = np.repeat(np.arange(SENTENCES, dtype=np.uint16), TOKENS // SENTENCES)
        vectors = [PassageVectors(*made, owners) for made in zip(rows, sentences, bits, strict=True)]
        return IndexedDocument(*self._texts(f"d{number}", random), vectors)

    def _texts(self, doc_id: str, random: np.random.Generator) -> tuple[Document, list[Passage]]:
        drawn = np.searchsorted(self._shares, random.random((PASSAGES, SENTENCES, WORDS // SENTENCES)))
        passages: list[Passage] = []
        start = 0
        for number, ranks in enumerate(drawn.tolist(), start=1):
            lines = [" ".join(self._words[rank] for rank in line) + "." for line in ranks]
            ends = np.cumsum([len(line) + 1 for line in lines]) + start - 1
            spans = tuple((int(end) - len(line), int(end)) for end, line in zip(ends, lines, strict=True))
            passages.append(Passage(doc_id, number, start, spans[-1][1], " ".join(lines), spans))
            start = spans[-1][1] + 2
        text = "\n\n".join(passage.text for passage in passages)
        return Document(doc_id, f"Document {doc_id}", text), passages

    def questions(self, count: int, passages: int) -> dict[str, Floats]:
        """Return question -> vector: five words of a passage and three of the language, cosine about 0.7."""
        asked: dict[str, Floats] = {}
        for number in range(count):
            random = np.random.default_rng([3, number])
            about = self._document(int(random.integers(passages // PASSAGES)))
            chosen = int(random.integers(PASSAGES))
            own = random.choice(about.passages[chosen].text.replace(".", "").split(), 5, replace=False)
            others = [self._words[rank] for rank in np.searchsorted(self._shares, random.random(3))]
            asked[" ".join([*own, *others])] = unit(about.vectors[chosen].vector + self._drawn(random))
        return asked


class Rehearsed:
    """The packaged encoder, whose question vectors are replaced by given ones. Its time is the real one."""

    def __init__(self, encoder: Encoder, planned: dict[str, Floats]) -> None:
        self._encoder = encoder
        self._planned = planned
        self.fingerprint = encoder.fingerprint
        self.dim, self.max_tokens = encoder.dim, encoder.max_tokens
        self.encode_questions, self.encode_passages = encoder.encode_questions, encoder.encode_passages
        self.count_tokens = encoder.count_tokens

    def question(self, text: str) -> QuestionVectors:
        """Encode a question, and return the vector that was planned for it with the tokens that it has."""
        encoded = self._encoder.question(text)
        return replace(encoded, vector=self._planned[text])


def _opened(folder: Path, planned: dict[str, Floats] | None = None) -> Library:
    return Library(folder, Settings(threshold=0.0), encoder=Rehearsed(open_encoder(Settings()), planned or {}))


def _kept(library: Library) -> LocalBackend:
    """Return where a library is kept, which is a folder here."""
    assert isinstance(library.backend, LocalBackend)
    return library.backend


def build(folder: Path, passages: int) -> dict[str, float]:
    """Make a library; see Row."""
    began = time.perf_counter()
    with _opened(folder) as library:
        batch: list[IndexedDocument] = []
        for prepared in Synthetic().documents(passages):
            batch.append(prepared)
            if len(batch) == 100:
                library.backend.documents.add(batch)
                batch.clear()
        library.backend.documents.add(batch)
        stored = time.perf_counter()
        library.backend.save()
        indexed = time.perf_counter()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
    sizes = {name: (folder / name).stat().st_size / 1e6 for name in ("library.db", "vectors.faiss")}
    return {"store_s": stored - began, "index_s": indexed - stored, "build_mb": peak,
            "store_mb": sizes["library.db"], "index_mb": sizes["vectors.faiss"]}  # fmt: skip


def exact(folder: Path, asked: dict[str, Floats]) -> list[list[int]]:
    """Return the ids of the ten closest passages to each question, by comparing all."""
    questions = np.stack(list(asked.values()))
    best, ids = np.full((len(questions), BEST), -2.0, np.float32), np.zeros((len(questions), BEST), np.int64)
    with _opened(folder) as library:
        store = _kept(library)
        for own, vectors in StoredVectors(store.database).between(0, store.facts.generation(), DIM):
            scores = np.concatenate([best, questions @ vectors.T], axis=1)
            order = np.argsort(-scores, axis=1)[:, :BEST]
            best = np.take_along_axis(scores, order, axis=1)
            ids = np.take_along_axis(np.concatenate([ids, np.tile(own, (len(questions), 1))], axis=1), order, axis=1)
    found: list[list[int]] = ids.tolist()
    return found


def ask(folder: Path, asked: dict[str, Floats], expected: list[list[int]]) -> dict[str, float]:
    """Open a library, ask every question once, and add a document; see Row."""
    library = _opened(folder, asked)
    encoder = library._load_encoder()
    began = time.perf_counter()
    _kept(library).passages.index(DIM)
    opened = time.perf_counter() - began
    timed = [_milliseconds(library.ask, question) for question in asked]
    memory = psutil.Process().memory_info().rss / 1e6
    encoding = [_milliseconds(encoder.question, question) for question in asked]
    recall = statistics.mean(
        len(set(_ten(library, vector)) & set(best)) / BEST
        for vector, best in zip(asked.values(), expected, strict=True)
    )
    added = _milliseconds(_add_one, library)
    warm = sorted(timed[1:])
    return {
        "open_s": opened, "first_ms": timed[0], "median_ms": statistics.median(warm),
        "p95_ms": warm[int(0.95 * len(warm))], "encode_ms": statistics.median(encoding), "ask_mb": memory,
        "add_s": added / 1e3, "recall": recall,
    }  # fmt: skip


def _add_one(library: Library) -> None:
    library.add(Document("one more", "One more", "A document of one paragraph.\n\nAnd of another one."))
    library.close()


def _milliseconds(call: Callable[[Any], Any], value: Any) -> float:
    began = time.perf_counter()
    call(value)
    return (time.perf_counter() - began) * 1e3


def _ten(library: Library, vector: Floats) -> list[int]:
    """Return the ten best of the candidates by their stored vectors, as search scores them."""
    store = _kept(library)
    found = store.passages.candidates(store.passages.index(DIM).nearest(vector, 200))
    return [candidate.id for candidate in sorted(found, key=lambda item: -float(item.vector @ vector))[:BEST]]


def measure(folder: Path, passages: int, questions: int) -> Row:
    """Make and ask one library, each step in a fresh process."""

    def alone(step: Callable[..., Any], *arguments: Any) -> Any:
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            return pool.submit(step, *arguments).result()

    made = alone(build, folder, passages)
    asked = Synthetic().questions(questions, passages)
    return Row(passages, **made, **alone(ask, folder, asked, alone(exact, folder, asked)))


def show(rows: Sequence[Row]) -> Table:
    """Return the rows as a table, a column for each size."""
    table = Table("", *(f"{row.passages:,}" for row in rows))
    for field in fields(Row)[1:]:
        table.add_row(field.name, *(f"{getattr(row, field.name):,.3g}" for row in rows))
    return table


def main(
    sizes: Annotated[list[int], typer.Argument(min=PASSAGES, help="Numbers of passages.")],
    folder: Annotated[Path | None, typer.Option(help="Where libraries are made; removed again.")] = None,
    questions: Annotated[int, typer.Option(min=2, help="How many are asked.")] = 200,
    out: Annotated[Path | None, typer.Option(help="File for the figures as JSON.")] = None,
) -> None:
    """Measure libraries of several sizes: about 7 KB of disk and 0.5 ms a passage."""
    rows: list[Row] = []
    for size in sizes:
        made = Path(tempfile.mkdtemp(dir=folder, prefix="scale-"))
        try:
            rows.append(measure(made, size, questions))
        finally:
            shutil.rmtree(made)
        Console().print(show(rows))
    if out:
        out.write_text(json.dumps([{f.name: getattr(row, f.name) for f in fields(Row)} for row in rows], indent=1))
