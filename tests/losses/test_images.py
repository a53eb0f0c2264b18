import numpy as np
import pytest
import tensorflow as tf

from memgan_tf.losses.images import (
    absolute_distance,
    entropy,
    gaussian_divergence,
    squared_distance,
)

FIRST, SECOND = tf.zeros((1, 1, 2, 1)), tf.constant([[[[3.0], [-4.0]]]])


def test_distances_by_hand():
    np.testing.assert_allclose(squared_distance(FIRST, SECOND), [25.0])
    np.testing.assert_allclose(absolute_distance(FIRST, SECOND), [7.0])


@pytest.mark.parametrize(
    ("means", "log_variances", "expected"),
    [
        ([0.0, 0.0], [0.0, 0.0], 0.0),  # the prior itself is free
        ([2.0, 0.0], [0.0, 0.0], 2.0),  # half the squared mean
        ([0.0, 0.0], [1.0, 0.0], (np.e - 2.0) / 2.0),
    ],
)
def test_divergence(means, log_variances, expected):
    value = gaussian_divergence(tf.constant([means]), tf.constant([log_variances]))
    np.testing.assert_allclose(value, [expected], atol=1e-6)


@pytest.mark.parametrize(
    ("weights", "expected"), [([0.5, 0.5], np.log(2)), ([1.0, 0.0], 0.0), ([0.25] * 4, np.log(4))]
)
def test_entropy(weights, expected):
    with tf.GradientTape() as tape:
        tensor = tf.constant([weights])
        tape.watch(tensor)
        value = entropy(tensor)
    np.testing.assert_allclose(value, [expected], atol=1e-6)
    assert np.isfinite(tape.gradient(value, tensor)).all()
