import numpy as np
import pytest

from retrieval.linalg import dots, products

RANDOM = np.random.RandomState(0)


def test_dots_by_hand():
    assert dots(np.array([[1, 2], [3, 4]], np.float32), np.array([10, 1], np.float32)).tolist() == [12, 34]


def test_products_by_hand():
    found = products(np.array([[1, 2], [3, 4], [5, 6]], np.float32), np.array([[10, 1], [0, 1]], np.float32))
    assert found.tolist() == [[12, 2], [34, 4], [56, 6]]


@pytest.mark.parametrize(
    "n, m", [(0, 3), (3, 0), (1, 1), (1, 384), (384, 1), (2400, 6), (80, 384), (600, 384), (7, 300)]
)
def test_products_equal_numpys(n, m):
    left, right = (RANDOM.standard_normal((count, 384)).astype(np.float32) for count in (n, m))
    np.testing.assert_allclose(products(left, right), left @ right.T, atol=1e-3)
    assert products(left, right).dtype == np.float32


@pytest.mark.slow
@pytest.mark.parametrize("n, m", [(2400, 6), (384, 80), (5000, 1)])
def test_no_other_thread_takes_part(n, m, python):
    """A process that multiplies for a while on one thread has used no more processor time than that thread."""
    code = """
import sys, time
import numpy as np
from retrieval.linalg import dots, products
left, right = np.ones((int(sys.argv[1]), 384), np.float32), np.ones((int(sys.argv[2]), 384), np.float32)
began = time.process_time(), time.thread_time()
for _ in range(50):
    products(left, right), dots(left, right[0])
print((time.process_time() - began[0]) / (time.thread_time() - began[1]))
"""
    printed, trouble = python(code, n, m).communicate()
    assert trouble == ""
    assert float(printed) < 1.2
