import math

import numpy as np
import pytest
import tensorflow as tf

from memgan_tf.losses import l2_distance, mutual_information, mutual_information_excess


def test_l2_distance_is_a_norm_for_each_image():
    first = tf.constant([[[3.0, 0.0]], [[0.0, 0.0]]])
    second = tf.constant([[[0.0, 4.0]], [[0.0, 0.0]]])
    np.testing.assert_allclose(l2_distance(first, second), [5.0, 0.0], atol=1e-5)


def test_l2_distance_has_a_finite_gradient_at_zero():
    point = tf.zeros((1, 3))
    with tf.GradientTape() as tape:
        tape.watch(point)
        loss = l2_distance(point, tf.zeros((1, 3)))
    np.testing.assert_array_equal(tape.gradient(loss, point), np.zeros((1, 3)))


@pytest.mark.parametrize(
    ("weights", "logits", "expected"),
    [
        ([0.5, 0.5], [0.0, 0.0], math.log(2)),  # no evidence costs log n
        ([1.0, 0.0], [50.0, -50.0], 0.0),  # the right unit is free
        ([1.0, 0.0], [-50.0, 50.0], 100.0),  # the wrong unit costs the gap
    ],
)
def test_mutual_information(weights, logits, expected):
    loss = mutual_information(tf.constant([weights]), tf.constant([logits]))
    np.testing.assert_allclose(loss, [expected], atol=1e-6)


@pytest.mark.parametrize(
    ("weights", "logits", "expected"),
    [
        ([0.25, 0.75], [math.log(0.25), math.log(0.75)], 0.0),  # α′ = α: nothing above the floor
        ([1.0, 0.0], [0.0, 0.0], math.log(2)),  # a sure α has entropy 0
        ([0.5, 0.5], [math.log(3), 0.0], math.log(2 / math.sqrt(3))),  # KL by hand
    ],
)
def test_mutual_information_excess(weights, logits, expected):
    loss = mutual_information_excess(tf.constant([weights]), tf.constant([logits]))
    np.testing.assert_allclose(loss, [expected], atol=1e-6)
