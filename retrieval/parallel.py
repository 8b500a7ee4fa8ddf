"""Work is done side by side in threads, and its results come in order; locks that a forked process finds open."""

import os
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar
from weakref import WeakSet

Given = TypeVar("Given")
Made = TypeVar("Made")
_locks: WeakSet[Any] = WeakSet()


def new_lock() -> threading.Lock:
    """Return a lock that is open in a process that was forked while another thread held it."""
    lock = threading.Lock()
    _locks.add(lock)
    return lock


def _open_locks() -> None:
    for lock in _locks:
        lock._at_fork_reinit()


if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=_open_locks)


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
