import numpy as np
import pytest
import tensorflow as tf

from memgan_tf.layers import MeasuredBatchNormalization


@pytest.fixture
def layer():
    layer = MeasuredBatchNormalization(epsilon=1e-6)
    layer.build((None, 4, 4, 3))
    return layer


def images(seed=0, scale=3.0):
    return tf.constant(np.random.default_rng(seed).normal(5.0, scale, (6, 4, 4, 3)), tf.float32)


def test_training_normalises_by_the_batch_and_leaves_the_statistics(layer):
    outputs = layer(images(), training=True).numpy()
    np.testing.assert_allclose(outputs.mean((0, 1, 2)), np.zeros(3), atol=1e-5)
    np.testing.assert_allclose(outputs.std((0, 1, 2)), np.ones(3), atol=1e-4)
    np.testing.assert_array_equal(layer.mean, np.zeros(3))
    np.testing.assert_array_equal(layer.variance, np.ones(3))


def test_rates_of_one_over_k_give_the_mean_of_the_batches_moments(layer):
    batches = [images(seed, scale) for seed, scale in ((0, 1.0), (1, 2.0), (2, 4.0))]
    for index, batch in enumerate(batches):
        layer(batch, training=True, statistics_rate=1.0 / (index + 1))
    expected_mean = np.mean([np.mean(b, (0, 1, 2)) for b in batches], 0)
    expected_variance = np.mean([np.var(b, (0, 1, 2)) for b in batches], 0)
    np.testing.assert_allclose(layer.mean, expected_mean, rtol=1e-5)
    np.testing.assert_allclose(layer.variance, expected_variance, rtol=1e-4)


def test_inference_uses_the_statistics_and_the_affine_weights(layer):
    layer.mean.assign([1.0, 2.0, 3.0])
    layer.variance.assign([4.0, 4.0, 4.0])
    layer.gamma.assign([2.0, 2.0, 2.0])
    layer.beta.assign([1.0, 1.0, 1.0])
    inputs = tf.reshape(tf.constant([3.0, 2.0, 5.0]), (1, 1, 1, 3))
    # (3 - 1) / 2 · 2 + 1, …
    np.testing.assert_allclose(layer(inputs)[0, 0, 0], [3.0, 1.0, 3.0], rtol=1e-5)


def test_vectors_are_normalised_like_images():
    layer = MeasuredBatchNormalization(epsilon=1e-6)
    inputs = tf.constant(np.random.default_rng(0).normal(2.0, 3.0, (64, 5)), tf.float32)
    outputs = layer(inputs, training=True).numpy()
    assert outputs.shape == (64, 5)
    np.testing.assert_allclose(outputs.std(0), np.ones(5), atol=1e-4)
