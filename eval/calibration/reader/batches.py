"""Examples become tokens with labels, in batches of about one length. Knows how to tokenize; trains nothing."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

from torch import multiprocessing
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from eval.calibration.reader.examples import Example, Maker
from eval.calibration.reader.model import Batch, Labelled, collated
from retrieval.parallel import open_tokenizer
from retrieval.reader.inputs import Pair, Span, paired, tokenized

CLS, SEP = 101, 102
BUCKET = 4096  # examples that are sorted by length together


def labelled(tokenizer: Any, examples: Sequence[Example]) -> list[Labelled]:
    """Tokenize and label; an example whose answer lies beyond what is read is left out."""
    questions = tokenized(tokenizer, [example.question for example in examples])
    passages = tokenized(tokenizer, [example.text for example in examples])
    found = (
        _labelled(example, paired(question, passage, example.sentences, (CLS, SEP)))
        for example, question, passage in zip(examples, questions, passages, strict=True)
    )
    return [item for item in found if item]


def _labelled(example: Example, pair: Pair) -> Labelled | None:
    if not example.answerable:
        return Labelled(pair, (0,), (0,), False, ())
    places = list(example.spans) or [example.sentences[number] for number in example.answering]
    inside = range(pair.first, len(pair.ids) - 1)
    if example.spans:
        starts = [t for t in inside if any(_holds(pair.offsets[t], a) for a, _ in places)]
        ends = [t for t in inside if any(_holds(pair.offsets[t], b - 1) for _, b in places)]
    else:
        starts = ends = [t for t in inside if pair.sentences[t] in example.answering]
    known = set(pair.sentences)
    answering = tuple(number for number in example.answering if number in known)
    return Labelled(pair, tuple(starts), tuple(ends), True, answering) if starts and ends and answering else None


def _holds(span: Span, at: int) -> bool:
    return span[0] <= at < span[1]


class Buckets(IterableDataset):  # type: ignore[misc]
    """The training stream: lists of batches of about one length, in random order, the same for the same seed."""

    def __init__(
        self, maker: Maker, tokenizer: Path, batch: int, *, rank: int = 0, processes: int = 1, skip: int = 0
    ) -> None:
        """batch: examples of each process at a step. skip: buckets that were seen before."""
        self._maker, self._tokenizer, self._batch = maker, tokenizer, batch
        self._rank, self._processes, self._skip = rank, processes, skip

    def __iter__(self) -> Iterator[list[Batch]]:
        """Yield the buckets that fall to this worker; without workers, all."""
        info = get_worker_info()
        first, every = (info.id, info.num_workers) if info else (0, 1)
        tokenizer = open_tokenizer(self._tokenizer)
        for number, drawn in enumerate(batched(self._maker.draws(), BUCKET)):
            if number >= self._skip and (number - self._skip) % every == first:
                made = [example for example in map(self._maker.example, drawn) if example]
                bucket = sorted(labelled(tokenizer, made), key=lambda item: len(item.pair.ids))
                shares = shared_out(bucket, self._batch, self._rank, self._processes, number)
                yield [collated(share) for share in shares]

    def loaded(self, workers: int) -> Iterable[list[Batch]]:
        """Return the stream, made ahead by so many processes; 0: by this one, as it is asked for."""
        if workers:
            multiprocessing.set_sharing_strategy("file_system")  # a batch is nine open files otherwise
        stream: Iterable[list[Batch]] = DataLoader(self, batch_size=None, num_workers=workers)
        return stream


def batched(items: Iterable[Any], size: int) -> Iterator[list[Any]]:
    """Yield lists of `size` items."""
    rest = iter(items)
    while taken := list(islice(rest, size)):
        yield taken


def shared_out(
    bucket: Sequence[Labelled], batch: int, rank: int, processes: int, seed: int
) -> Iterable[list[Labelled]]:
    """Return this process's batches of a bucket in random order; those of one step are of one length everywhere."""
    step = batch * processes
    starts = list(range(0, len(bucket) - step + 1, step)) or [0]
    Random(seed).shuffle(starts)
    return [list(bucket[start + rank * batch : start + (rank + 1) * batch]) for start in starts]
