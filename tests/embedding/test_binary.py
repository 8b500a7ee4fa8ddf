import numpy as np

from retrieval.embedding.binary import load_rotation, rotation, sign_bits


def test_the_rotation_is_orthogonal_and_always_the_same():
    turned = rotation(8)
    np.testing.assert_allclose(turned @ turned.T, np.eye(8), atol=1e-6)
    np.testing.assert_allclose(turned[0, :3], rotation(8)[0, :3])
    np.testing.assert_allclose(turned[0, :3], [0.455, 0.110, 0.130], atol=1e-3)


def test_of_many_dimensions_the_first_128_are_kept():
    turned = rotation(384)
    assert turned.shape == (384, 128)
    np.testing.assert_allclose(turned.T @ turned, np.eye(128), atol=1e-6)
    basis, upper = np.linalg.qr(np.random.RandomState(0).standard_normal((384, 384)))
    np.testing.assert_array_equal(turned, (basis * np.sign(np.diag(upper)))[:, :128].astype(np.float32))


def test_the_rotation_is_kept_beside_the_model(tmp_path):
    for _ in range(2):
        np.testing.assert_array_equal(load_rotation(tmp_path, 8), rotation(8))
    np.zeros((8, 8), np.float32).tofile(tmp_path / "rotation.f32")
    assert not load_rotation(tmp_path, 8).any()
    np.testing.assert_array_equal(load_rotation(tmp_path, 4), rotation(4))  # a file of another size is made anew
    np.testing.assert_array_equal(load_rotation(tmp_path / "rotation.f32" / "none", 8), rotation(8))


def test_bits_are_the_signs_after_the_rotation():
    turned = np.zeros((8, 8), np.float32)
    turned[np.arange(8), [1, 0, 2, 3, 4, 5, 6, 7]] = 1  # exchanges the first two dimensions
    tokens = np.array([[1, -1, 1, 1, -1, -1, -1, 2], [-1, 1, 0, 0, 0, 0, 0, 0]], np.float32)
    assert sign_bits(tokens, turned.T).tolist() == [[0b01110001], [0b10000000]]
    assert sign_bits(np.zeros((0, 8), np.float32), turned).shape == (0, 1)
