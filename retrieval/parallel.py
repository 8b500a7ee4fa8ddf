"""Work put into batches, and batches done side by side. Knows nothing about models."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

BATCH_TOKENS = 512  # of texts of like length; 1,000 and more are 10 % slower, for they fit no cache
Given = TypeVar("Given")
Made = TypeVar("Made")


def batches(lengths: Sequence[int], special: int) -> Iterator[list[int]]:
    """Yield indices of texts in order of length, together as long as all, padded, have at most BATCH_TOKENS."""
    batch: list[int] = []
    for index in sorted(range(len(lengths)), key=lengths.__getitem__):
        if batch and (len(batch) + 1) * (lengths[index] + special) > BATCH_TOKENS:
            yield batch
            batch = []
        batch.append(index)
    if batch:
        yield batch


def side_by_side(call: Callable[[Given], Made], given: Sequence[Given], workers: int) -> Iterator[Made]:
    """Yield the results in order, made by several threads that are a few ahead."""
    if min(len(given), workers) < 2:
        yield from map(call, given)
        return
    with ThreadPoolExecutor(workers) as pool:
        waiting: deque[Future[Made]] = deque()
        for each in given:
            waiting.append(pool.submit(call, each))
            if len(waiting) > 2 * workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
