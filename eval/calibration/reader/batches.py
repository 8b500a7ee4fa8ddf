"""Examples become tokens with labels, in batches of about one length. Knows how to tokenize; trains nothing."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from random import Random
from typing import Any

from eval.calibration.reader.examples import Example, Maker
from eval.calibration.reader.model import Labelled
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


def buckets(maker: Maker, tokenizer: Any, size: int = BUCKET, skip: int = 0) -> Iterator[list[Labelled]]:
    """Yield buckets of labelled examples, sorted by length; skip: buckets that were seen before."""
    draws = islice(maker.draws(), skip * size, None)
    while True:
        made = (maker.example(draw) for draw in islice(draws, size))
        yield sorted(labelled(tokenizer, [example for example in made if example]), key=lambda item: len(item.pair.ids))


def shared_out(
    bucket: Sequence[Labelled], batch: int, rank: int, processes: int, seed: int
) -> Iterable[list[Labelled]]:
    """Return this process's batches of a bucket in random order; those of one step are of one length everywhere."""
    step = batch * processes
    starts = list(range(0, len(bucket) - step + 1, step)) or [0]
    Random(seed).shuffle(starts)
    return [list(bucket[start + rank * batch : start + (rank + 1) * batch]) for start in starts]
