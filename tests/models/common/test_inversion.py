import keras
import numpy as np
import tensorflow as tf

from memgan_tf.models.common.inversion import invert

TARGETS = tf.constant([[1.0, -2.0], [0.3, 0.0], [-4.0, 5.0]])


def test_it_finds_the_nearest_code():
    def distance(codes):
        return tf.reduce_sum(tf.square(codes - TARGETS), axis=1)

    found = invert(distance, tf.zeros((3, 2)), num_steps=400, learning_rate=0.1)
    np.testing.assert_allclose(found, TARGETS, atol=1e-2)


def test_its_steps_are_those_of_adam():
    """Each of the first steps lowers the distance, so the last code is kept."""
    codes = tf.Variable(tf.zeros((3, 2)))
    adam = keras.optimizers.Adam(0.1)
    for _ in range(3):
        adam.apply([2.0 * (codes - TARGETS)], [codes])
        found = invert(
            lambda moved: tf.reduce_sum(tf.square(moved - TARGETS), axis=1),
            tf.zeros((3, 2)),
            num_steps=int(adam.iterations),
            learning_rate=0.1,
        )
        np.testing.assert_allclose(found, codes, rtol=1e-5, atol=1e-7)


def test_it_never_ends_worse_than_it_began():
    """A step size far too large, from a start close to the minimum."""

    def distance(codes):
        return tf.reduce_sum(tf.abs(codes - TARGETS), axis=1)

    start = TARGETS + 0.01
    found = invert(distance, start, num_steps=7, learning_rate=5.0)
    np.testing.assert_array_equal(found, start)


def test_it_runs_inside_a_graph_for_any_batch():
    @tf.function(input_signature=[tf.TensorSpec((None, 2))])
    def find(targets):
        def distance(codes):
            return tf.reduce_sum(tf.square(codes - targets), axis=1)

        return invert(distance, tf.zeros_like(targets), num_steps=50, learning_rate=0.1)

    together = find(TARGETS)
    alone = np.concatenate([find(TARGETS[i : i + 1]) for i in range(3)])
    np.testing.assert_allclose(together, alone, rtol=1e-5)
