"""Work is done side by side in threads, and its results come in order; what a forked process can still use.

That is locks which it finds open, and tokenizers which start no threads in it.
"""

import os
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path
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


def open_tokenizer(path: Path) -> Any:
    """Return the `tokenizers.Tokenizer` of a tokenizer.json, which neither pads nor truncates."""
    import tokenizers

    tokenizer = tokenizers.Tokenizer.from_file(str(path))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


@lru_cache(maxsize=4)
def folding(tokenizer: Any) -> Any:
    """Return a tokenizer for texts with forms of letters that its model does not know; offsets are the text's own."""
    import tokenizers

    made = tokenizers.Tokenizer.from_str(tokenizer.to_str())
    own = [made.normalizer] if made.normalizer else []
    made.normalizer = tokenizers.normalizers.Sequence([tokenizers.normalizers.NFKC(), *own])
    return made


def _after_fork() -> None:
    for lock in _locks:
        lock._at_fork_reinit()
    os.environ["TOKENIZERS_PARALLELISM"] = "false"  # their threads are gone, and a child that asks them waits for ever


if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=_after_fork)


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
