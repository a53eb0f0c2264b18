"""Matrix products resize as the operation does."""

import numpy as np
import pytest
import tensorflow as tf

from memgan_tf.layers.shrinking import resizing_by_products, shrink


@pytest.mark.parametrize(("shape", "size"), [((2, 9, 16, 3), (4, 5)), ((1, 8, 8, 1), (8, 3))])
def test_products_are_the_operation(shape, size):
    images = tf.constant(np.random.default_rng(0).uniform(0, 255, shape), tf.float32)
    expected = tf.image.resize(images, size, antialias=True)
    np.testing.assert_array_equal(shrink(images, size), expected)
    with resizing_by_products():
        found = shrink(images, size)
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    assert (found.numpy() != expected.numpy()).any()
    np.testing.assert_array_equal(shrink(images, size), expected)
