"""Statistics for each position: sums in any batches, and images left out by what they added."""

import numpy as np
import pytest

from memgan_tf.detectors.patches.gaussians import CellStatistics

RIDGE, CHANNELS = 0.03, 4


@pytest.fixture
def images():
    generator = np.random.default_rng(0)
    features = generator.normal(size=(12, 5, 4, CHANNELS)).astype(np.float32)
    return features, generator.random((12, 5, 4)) > 0.2


def fitted(features, valid, side, batch=100):
    statistics = CellStatistics((5, 4), side, CHANNELS)
    for start in range(0, len(features), batch):
        statistics.add(features[start : start + batch], valid[start : start + batch])
    return statistics.fit(RIDGE)


@pytest.mark.parametrize("side", [1, 2])
def test_batches_do_not_matter(images, side):
    whole, parts = fitted(*images, side).gaussians, fitted(*images, side, batch=5).gaussians
    np.testing.assert_allclose(parts.means, whole.means, atol=1e-6)
    np.testing.assert_allclose(parts.whitening, whole.whitening, rtol=1e-5, atol=1e-5)


def test_a_gaussian_is_that_of_its_position(images):
    features, valid = images
    found = fitted(*images, 1).gaussians
    rows = features[:, 2, 3][valid[:, 2, 3]].astype(np.float64)
    covariance = np.cov(rows.T) + RIDGE * np.eye(CHANNELS)
    whitening = found.whitening[2 * 4 + 3].astype(np.float64)
    np.testing.assert_allclose(whitening.T @ whitening, np.linalg.inv(covariance), rtol=1e-4)


@pytest.mark.parametrize("side", [1, 2])
def test_an_image_is_left_out_as_if_it_had_not_been_added(images, side):
    features, valid = images
    found = fitted(*images, side).leave_out(features, valid)
    assert found.shape == valid.shape
    for image in range(3):
        kept = np.arange(12) != image
        # The ridge in the sum stays: in the covariance it is larger by the share of the image.
        for row, column in np.argwhere(valid[image])[::3]:
            first, left = row // side * side, column // side * side
            own = np.s_[:, first : first + side, left : left + side]
            rows = features[own][kept][valid[own][kept]].astype(np.float64)
            before = valid[own].sum()
            ridge = RIDGE * (before - 1) / (len(rows) - 1)
            inverse = np.linalg.inv(np.cov(rows.T) + ridge * np.eye(CHANNELS))
            away = features[image, row, column] - rows.mean(axis=0)
            assert found[image, row, column] == pytest.approx(
                np.sqrt(away @ inverse @ away), rel=1e-3
            )


def test_what_is_not_valid_has_no_distance(images):
    features, valid = images
    found = fitted(*images, 1).leave_out(features, valid)
    assert (found[~valid] == 0).all()
    assert (found[valid] > 0).all()
