import numpy as np
import pytest

from memgan_tf.config import resolve
from memgan_tf.detectors.features import principal_components
from memgan_tf.detectors.fold_residuals import held_out_residuals
from memgan_tf.detectors.pca import held_out_squares, restored_by_others
from tests.detectors.test_pca_local import slopes

FOLDS = np.arange(12) % 3


def directly(values, others, held_out, share):
    """What components fitted to some rows leave of others."""
    mean = values[others].mean(axis=0)
    components = principal_components(values[others] - mean, share)
    centered = values[held_out] - mean
    return centered - centered @ components @ components.T


@pytest.mark.parametrize("share", [0.5, 0.9, 0.999])
def test_they_are_those_of_components_fitted_to_the_other_folds(share):
    values = np.random.default_rng(0).normal(5.0, 1.0, (12, 40)) * np.linspace(0.1, 3, 40)
    for fold, found in enumerate(held_out_residuals(values, FOLDS, share)):
        expected = directly(values, fold != FOLDS, fold == FOLDS, share)
        np.testing.assert_allclose(found, expected, atol=1e-4)


def test_a_row_in_the_span_of_the_others_leaves_nothing():
    values = np.random.default_rng(0).normal(size=(2, 40))[FOLDS % 2] * np.ones((12, 1))
    for found in held_out_residuals(values, FOLDS, 0.999):
        np.testing.assert_allclose(found, 0.0, atol=1e-6)


def test_if_all_others_are_equal_components_of_all_restore():
    values = np.full((12, 40), 0.1)
    values[FOLDS == 1] += np.random.default_rng(0).normal(size=(4, 40))
    everyone = np.arange(12)
    found = held_out_residuals(values, FOLDS, 0.5)[1]
    np.testing.assert_allclose(found, directly(values, everyone, FOLDS == 1, 0.5), atol=1e-6)


def local_pca(**settings):
    settings = {"score_rule": "local", "explained_variance": 0.5, **settings}
    return resolve("pca", "default", (8, 8, 1), settings)


def test_errors_of_images_are_those_of_a_fit_to_each_fold():
    config, images = local_pca(), slopes(22, 0)[:, ::2, ::2]
    folds = np.arange(22) % 5
    for fold, found in enumerate(held_out_squares(config, images)):
        expected = restored_by_others(config, images, folds != fold, folds == fold)
        np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-7)


@pytest.mark.parametrize(("count", "scaling"), [(75, "unit"), (20, "global_contrast")])
def test_more_images_than_pixels_or_a_measured_scaling_need_a_fit_for_each_fold(count, scaling):
    images = slopes(count, 0)[:, ::2, ::2]
    parts = held_out_squares(local_pca(input_scaling=scaling), images)
    assert [part.shape for part in parts] == [(count // 5, 8, 8)] * 5
    assert np.isfinite(np.concatenate(parts)).all()
