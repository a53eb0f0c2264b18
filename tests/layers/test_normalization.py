from unittest import mock

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


@pytest.mark.parametrize("dtype", ["float32", "mixed_bfloat16"])
def test_inference_has_a_gradient_of_plain_operations_where_there_are_gpus(dtype):
    layer = MeasuredBatchNormalization(epsilon=1e-6, dtype=dtype)
    layer.build((None, 4, 4, 3))
    layer.mean.assign([1.0, 2.0, 3.0])
    layer.variance.assign([4.0, 1.0, 9.0])
    layer.gamma.assign([2.0, 3.0, 0.5])
    layer.beta.assign([1.0, -1.0, 0.0])
    inputs = tf.cast(images(), layer.compute_dtype)

    def with_gradient(has_gpus):
        @tf.function
        def compute(inputs):
            with tf.GradientTape() as tape:
                tape.watch(inputs)
                outputs = layer(inputs)
                total = tf.reduce_sum(tf.square(tf.cast(outputs, tf.float32)))
            return outputs, *tape.gradient(total, (inputs, layer.gamma.value, layer.beta.value))

        has = "memgan_tf.layers.normalization._has_gpus"
        with mock.patch(has, return_value=has_gpus):
            graph = compute.get_concrete_function(inputs).graph
        types = {operation.type for operation in graph.get_operations()}
        return types, [np.asarray(tf.cast(v, tf.float32)) for v in compute(inputs)]

    fused, expected = with_gradient(False)
    plain, found = with_gradient(True)
    assert "FusedBatchNormGradV3" in fused
    assert not any("FusedBatchNorm" in name for name in plain)
    tolerance = 1e-4 if dtype == "float32" else 2e-2
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=tolerance, atol=tolerance)
