"""Measured Gaussians: moments, distances, few samples."""

import numpy as np
import tensorflow as tf

from memgan_tf.layers import MeasuredGaussians

GENERATOR = np.random.default_rng(0)
FEATURES = (GENERATOR.normal(size=(2, 60, 3)) * [1.0, 2.0, 0.5] + 4.0).astype(np.float32)


def measured(batches):
    layer = MeasuredGaussians(len(FEATURES), batches[0].shape[-1])
    for index, batch in enumerate(batches):
        layer(tf.constant(batch), statistics_rate=1.0 / (index + 1))
    layer.update()
    return layer


def test_moments_are_those_of_all_batches():
    layer = measured(np.split(FEATURES, 3, axis=1))
    np.testing.assert_allclose(layer.means, FEATURES.mean(axis=1), rtol=1e-5)
    for group, covariance in zip(FEATURES, layer.second_moments.numpy(), strict=True):
        np.testing.assert_allclose(covariance, group.T @ group / 60, rtol=1e-4)


def test_distances_are_mahalanobis():
    layer, found = measured([FEATURES]), []
    for group in FEATURES:
        covariance = np.cov(group.T, bias=True)
        covariance += np.eye(3) * (0.01 * np.trace(covariance) / 3 + 1e-6)
        differences = group - group.mean(axis=0)
        found.append((differences @ np.linalg.inv(covariance) * differences).sum(axis=1))
    np.testing.assert_allclose(layer(tf.constant(FEATURES)), found, rtol=1e-3)


def test_without_a_rate_nothing_is_measured():
    layer = measured([FEATURES])
    before = [value.numpy() for value in layer.weights]
    layer(tf.constant(FEATURES + 1.0))
    for value, old in zip(layer.weights, before, strict=True):
        np.testing.assert_array_equal(value, old)


def test_fewer_samples_than_features_and_features_that_never_vary_stay_finite():
    few = np.repeat(GENERATOR.normal(size=(2, 2, 1)), 8, axis=2).astype(np.float32)
    for features in (few, np.zeros((2, 5, 8), np.float32)):
        distances = measured([features])(tf.constant(features + 0.1)).numpy()
        assert np.isfinite(distances).all()


def test_its_configuration_makes_it_again():
    layer = MeasuredGaussians(2, 3, name="law", dtype="float32")
    again = MeasuredGaussians.from_config(layer.get_config())
    assert again.get_config() == layer.get_config()
    assert [value.shape for value in again.weights] == [value.shape for value in layer.weights]
