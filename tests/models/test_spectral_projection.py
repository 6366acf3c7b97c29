import numpy as np
import pytest
import tensorflow as tf

from tfdisent.models.spectral_projection import SpectralProjection

RNG = np.random.default_rng(0)


def norm(kernel):
    matrix = np.reshape(kernel, [-1, kernel.shape[-1]])
    return np.linalg.svd(matrix, compute_uv=False)[0]


@pytest.mark.parametrize("shape", [(30, 8), (8, 30), (4, 4, 3, 16), (5, 1)])
@pytest.mark.parametrize("scale", [0.01, 10.0])
def test_kernels_get_a_largest_singular_value_of_1(shape, scale):
    kernel = scale * RNG.normal(size=shape).astype("f")
    found = SpectralProjection()(tf.constant(kernel)).numpy()
    assert 1 - 1e-5 <= norm(found) < 1.1
    np.testing.assert_allclose(
        found / norm(found), kernel / norm(kernel), rtol=1e-4
    )


def test_value_is_exact_where_one_singular_value_stands_out():
    kernel = np.diag([5.0, 1.0, 0.5]).astype("f")
    found = SpectralProjection()(tf.constant(kernel))
    np.testing.assert_allclose(found, kernel / 5, rtol=1e-5)


def test_zero_stays_zero():
    found = SpectralProjection()(tf.zeros([4, 3]))
    np.testing.assert_array_equal(found, np.zeros([4, 3]))
