import numpy as np

from retrieval.embedding.base import unit


def test_rows_of_zeros_stay():
    scaled = unit(np.array([[3, 4], [0, 0]], np.float32))
    np.testing.assert_array_equal(scaled, np.array([[0.6, 0.8], [0, 0]], np.float32))
