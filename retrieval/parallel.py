"""Work is done side by side in threads, and its results come in order."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Given = TypeVar("Given")
Made = TypeVar("Made")


def side_by_side(call: Callable[[Given], Made], given: Sequence[Given], workers: int) -> Iterator[Made]:
    """Yield `call` of each thing that is given, in order, made by `workers` threads that are a few results ahead.

    An error is raised where its result would have come.
    """
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
