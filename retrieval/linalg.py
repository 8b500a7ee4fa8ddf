"""Inner products, worked out on the thread that asks for them.

NumPy hands products of more than some 9,000 (matrix and vector) or 260,000 (two matrices) multiplications to
OpenBLAS's threads, one caller at a time: on busy cores 15 ms in place of 0.2, and 16 askers wait for each other.
Here NumPy is given only smaller ones, so a program need not set OPENBLAS_NUM_THREADS.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
_ROWS = 256  # made float32 at once: so few stay in the cache of a core, which halves the time
_MOST = 200_000  # multiplications of two matrices at once; the kernel for small ones is also twice as fast


def dots(rows: Floats | NDArray[np.int8], vector: Floats) -> Floats:
    """Return (n,) the inner product of each row of (n, d) with a vector (d,)."""
    found: Floats = np.concatenate([np.vecdot(block, vector) for block in _blocks(rows)])
    return found


def products(rows: Floats | NDArray[np.uint8], others: Floats) -> Floats:
    """Return (n, m) the inner products of rows (n, d) and others (m, d)."""
    found: Floats = np.concatenate([_products(block, others) for block in _blocks(rows)])
    return found


def _blocks(rows: NDArray[Any]) -> Iterator[Floats]:
    """Yield float32 rows as they are, and whole numbers as float32, some rows at once."""
    if rows.dtype == np.float32:
        yield rows
    else:
        for first in range(0, len(rows) or 1, _ROWS):
            yield rows[first : first + _ROWS].astype(np.float32)


def _products(rows: Floats, others: Floats) -> Floats:
    """Cut the longer of two matrices so that no product is large enough for OpenBLAS's threads."""
    most = _MOST // max(1, others.size)
    if most < 2 <= _MOST // max(1, rows.size):
        return _products(others, rows).T
    if most < 2 or len(others) < 2:
        return _one_by_one(rows, others)
    whole = len(rows) // most * most
    blocks: NDArray[Any] = rows[:whole].reshape(-1, most, rows.shape[1]) @ others.T
    rest = rows[whole:]
    last = rest @ others.T if len(rest) > 1 else _one_by_one(rest, others)
    return np.concatenate([blocks.reshape(whole, len(others)), last])


def _one_by_one(rows: Floats, others: Floats) -> Floats:
    found: Floats = np.vecdot(rows[:, None], others)
    return found
