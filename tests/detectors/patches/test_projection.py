import numpy as np
import pytest

from memgan_tf.detectors.patches.projection import chosen, principal, standardize


@pytest.fixture
def rows():
    """Three hundred patches of four channels of different scale, the last one constant."""
    generator = np.random.default_rng(0)
    mixed = generator.normal(size=(300, 3)) @ generator.normal(size=(3, 3))
    scaled = mixed * [1.0, 100.0, 0.01] + [5.0, -300.0, 0.2]
    return np.concatenate([scaled, np.full((300, 1), 7.0)], axis=1).astype(np.float32)


def test_channels_are_standardized_and_a_constant_one_is_zero(rows):
    found = standardize(rows)(rows)
    np.testing.assert_allclose(found.mean(axis=0), 0, atol=2e-4)
    np.testing.assert_allclose(found.std(axis=0)[:3], 1, rtol=1e-4)
    np.testing.assert_allclose(found[:, 3], 0, atol=1e-5)


def test_components_are_uncorrelated_and_fall_in_variance(rows):
    projection = principal(rows, 3)
    found = projection(rows)
    covariance = np.cov(found.T, bias=True)
    np.testing.assert_allclose(covariance, np.diag(np.diag(covariance)), atol=1e-3)
    # The variances are the eigenvalues of the correlation matrix.
    expected = np.sort(np.linalg.eigvalsh(np.corrcoef(rows[:, :3].T)))[::-1]
    np.testing.assert_allclose(np.diag(covariance), expected, rtol=1e-3)


def test_there_are_no_more_components_than_channels_and_no_sign_is_left_to_chance(rows):
    projection = principal(rows, 80)
    assert projection.matrix.shape == (4, 4)
    again = principal(rows[::-1], 80)
    np.testing.assert_allclose(projection.matrix, again.matrix, rtol=1e-3, atol=1e-5)


def test_some_of_the_channels(rows):
    found = chosen(rows, np.array([0, 2]))(rows)
    np.testing.assert_allclose(found, standardize(rows)(rows)[:, [0, 2]], rtol=1e-5)
