"""The mixture of DAGMM against scikit-learn's, and what happens where it is not defined."""

import numpy as np
import pytest
import tensorflow as tf
from sklearn.mixture import GaussianMixture

from memgan_tf.losses.gaussian_mixture import (
    Mixture,
    estimate_mixture,
    mixture_energy,
    singularity_penalty,
)


def test_the_energy_of_a_standard_normal_by_hand():
    mixture = Mixture(tf.constant([1.0]), tf.zeros((1, 2)), tf.eye(2, batch_shape=(1,)))
    energy = mixture_energy(tf.constant([[0.0, 0.0], [3.0, 4.0]]), mixture)
    # log 2π at the mean, and half the squared distance more at (3, 4).
    np.testing.assert_allclose(energy, [np.log(2 * np.pi), np.log(2 * np.pi) + 12.5], rtol=1e-6)


def test_the_energy_is_scikit_learns():
    generator = np.random.default_rng(0)
    points = np.concatenate([generator.normal(-2, 1, (80, 3)), generator.normal(3, 0.5, (40, 3))])
    fitted = GaussianMixture(3, random_state=0).fit(points)
    mixture = Mixture(*map(tf.constant, (fitted.weights_, fitted.means_, fitted.covariances_)))
    energy = mixture_energy(tf.constant(points), mixture)
    np.testing.assert_allclose(energy, -fitted.score_samples(points), rtol=1e-9)


def test_hard_assignments_give_each_groups_moments():
    codes = tf.constant([[0.0, 0.0], [2.0, 0.0], [10.0, 5.0], [10.0, 7.0]])
    assignments = tf.constant([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.0, 1.0]])
    mixture = estimate_mixture(codes, assignments, jitter=0.0)
    np.testing.assert_allclose(mixture.weights, [0.5, 0.5])
    np.testing.assert_allclose(mixture.means, [[1.0, 0.0], [10.0, 6.0]])
    np.testing.assert_allclose(mixture.covariances[0], [[1.0, 0.0], [0.0, 0.0]])
    np.testing.assert_allclose(mixture.covariances[1], [[0.0, 0.0], [0.0, 1.0]])


def test_the_jitter_grows_with_the_variance():
    codes = tf.constant([[-10.0], [10.0]])
    mixture = estimate_mixture(codes, tf.ones((2, 1)), jitter=0.01)
    np.testing.assert_allclose(mixture.covariances, [[[100.0 + 0.01 * 101.0]]], rtol=1e-6)


def test_the_penalty_sums_inverse_variances():
    covariances = tf.constant([[[2.0, 0.5], [0.5, 4.0]]])
    mixture = Mixture(tf.ones((1,)), tf.zeros((1, 2)), covariances)
    assert float(singularity_penalty(mixture)) == pytest.approx(0.75)


@pytest.mark.parametrize("scale", [0.0, 1e-6, 1.0, 1e6])
def test_collapsed_and_huge_codes_have_a_finite_energy(scale):
    """All codes equal, or on a line: the covariance is singular and the factor still exists."""
    line = np.linspace(0, scale, 50, dtype=np.float32)
    codes = tf.constant(np.stack([line, 2 * line, -line], axis=1))
    assignments = tf.tile(tf.constant([[1.0, 0.0]]), (50, 1))  # and a component has nothing
    with tf.GradientTape() as tape:
        tape.watch(codes)
        energy = mixture_energy(codes, estimate_mixture(codes, assignments, jitter=1e-3))
    assert np.isfinite(energy).all()
    assert np.isfinite(tape.gradient(energy, codes)).all()


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_bad_code_gives_nan_and_no_exception(bad):
    codes = tf.constant([[bad, 0.0], [1.0, 2.0]], tf.float32)
    mixture = estimate_mixture(codes, tf.ones((2, 1)), jitter=1e-3)
    assert np.isnan(mixture_energy(codes, mixture)).all()


def test_parts_that_are_summed_give_the_whole():
    generator = np.random.default_rng(1)
    codes = tf.constant(generator.normal(size=(8, 2)))
    assignments = tf.nn.softmax(tf.constant(generator.normal(size=(8, 3))))
    whole = estimate_mixture(codes, assignments, jitter=1e-3)
    # Two equal parts: the sum over both is twice one's.
    doubled = estimate_mixture(codes, assignments, jitter=1e-3, total=lambda tensor: 2.0 * tensor)
    for mine, theirs in zip(whole, doubled, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-9)
