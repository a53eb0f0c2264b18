"""Scores and maps of the detectors on features, against distances by hand."""

import types

import numpy as np
import pytest
import tensorflow as tf
from scipy import ndimage

from memgan_tf.detectors.patches.features_knn import FeaturesKnnModel
from memgan_tf.detectors.patches.gaussians import Gaussians
from memgan_tf.detectors.patches.padim import PadimModel
from memgan_tf.detectors.patches.patch_memory import PatchMemoryModel
from memgan_tf.detectors.patches.patchcore import PatchcoreModel
from memgan_tf.networks.patch_features import Grid

SHAPE, ROWS, COLUMNS, SIZE = (8, 12, 2), 8, 12, 2
GENERATOR = np.random.default_rng(0)
IMAGES = GENERATOR.integers(1, 256, (3, *SHAPE), dtype=np.uint8)
# A bar of padding below; its features would be the farthest.
IMAGES[:, -2:] = 0
VALID = (IMAGES > 0).any(axis=-1)
PIXELS = np.where(VALID[..., np.newaxis], IMAGES, 900.0).astype(np.float32)
PROJECTION = {
    "matrix": np.array([[0.5, 0.25], [0.0, 0.125]], np.float32),
    "offset": np.array([-8.0, 4.0], np.float32),
}
# With the published side of 224, two pixels of deviation in an image of eight.
SMOOTHING = 56.0


def pixels_and_halves(images):
    """A network with a fine grid, the pixels, and a coarse one, every other pixel."""
    valid = tf.reduce_any(images > 0, axis=-1)
    values = tf.where(valid[..., tf.newaxis], tf.cast(images, tf.float32), 900.0)
    return [Grid(values, valid), Grid(values[:, ::2, ::2] + 1.0, valid[:, ::2, ::2])]


def projected(features):
    return features @ PROJECTION["matrix"] + PROJECTION["offset"]


def named(prefix, **arrays):
    return {prefix + name: value for name, value in {**PROJECTION, **arrays}.items()}


def smoothed(maps):
    return np.stack(
        [ndimage.gaussian_filter(m, 2.0, mode="mirror", radius=6) for m in maps.astype(np.float64)]
    )


def explained(model):
    return {name: value.numpy() for name, value in model.explain(tf.constant(IMAGES)).items()}


PATCHES = projected(PIXELS).reshape(3, -1, SIZE)
UNITS = GENERATOR.normal(10.0, 1.0, (12, SIZE)).astype(np.float32)
GAPS = np.linalg.norm(PATCHES[:, :, np.newaxis] - UNITS, axis=-1)
NEAREST = np.where(VALID, GAPS.min(axis=-1).reshape(3, ROWS, COLUMNS), 0.0)


def weighed(image, num_neighbors):
    """Equation 7 of PatchCore, as it is printed, for the farthest patch of an image."""
    farthest = NEAREST[image].argmax()
    unit = GAPS[image, farthest].argmin()
    around = np.argsort(np.linalg.norm(UNITS - UNITS[unit], axis=1))[:num_neighbors]
    powers = np.exp(GAPS[image, farthest, around] / np.sqrt(SIZE))
    share = np.exp(GAPS[image, farthest, unit] / np.sqrt(SIZE)) / powers.sum()
    return (1.0 - share) * NEAREST[image].max()


@pytest.mark.parametrize("num_neighbors", [1, 4])
def test_patchcore_weighs_the_farthest_patch(num_neighbors):
    arrays = named("memory_", units=UNITS)
    found = explained(PatchcoreModel(pixels_and_halves, arrays, SHAPE, SMOOTHING, num_neighbors))
    expected = NEAREST.max(axis=(1, 2))
    if num_neighbors > 1:
        expected = np.array([weighed(image, num_neighbors) for image in range(3)])
    np.testing.assert_allclose(found["anomaly_score"], expected, rtol=1e-4)
    np.testing.assert_allclose(found["anomaly_map"], smoothed(NEAREST), rtol=1e-3, atol=1e-3)


def gaussians(cells):
    """Whitening matrices that half precision represents exactly."""
    means = GENERATOR.normal(20.0, 20.0, (cells, SIZE)).astype(np.float32)
    whitening = np.zeros((cells, SIZE, SIZE), np.float32)
    whitening[:, 0, 0], whitening[:, 1, 1] = GENERATOR.integers(1, 9, (2, cells)) / 64.0
    whitening[:, 1, 0] = GENERATOR.integers(-8, 9, cells) / 64.0
    return Gaussians(means, whitening)


def mahalanobis(features, cells, valid):
    """Distances `(images, rows, columns)` to the Gaussian of each position; 0 if not valid."""
    away = projected(features) - cells.means.reshape(*features.shape[1:3], SIZE)
    whitening = cells.whitening.reshape(*features.shape[1:3], SIZE, SIZE)
    moved = np.einsum("rcij,nrcj->nrci", whitening, away)
    return np.where(valid, np.linalg.norm(moved, axis=-1), 0.0)


FINE, COARSE = gaussians(ROWS * COLUMNS), gaussians(ROWS * COLUMNS // 4)
FINE_DISTANCES = mahalanobis(PIXELS, FINE, VALID)
COARSE_DISTANCES = mahalanobis(PIXELS[:, ::2, ::2] + 1.0, COARSE, VALID[:, ::2, ::2])


def test_padim_takes_the_largest_distance_before_the_map_is_smoothed():
    arrays = named("fine_", cell_side=np.int32(1), **FINE.pack())
    found = explained(PadimModel(pixels_and_halves, arrays, SHAPE, SMOOTHING))
    np.testing.assert_allclose(found["anomaly_score"], FINE_DISTANCES.max((1, 2)), rtol=1e-4)
    np.testing.assert_allclose(found["anomaly_map"], smoothed(FINE_DISTANCES), rtol=1e-3, atol=1e-3)


def test_patch_memory_averages_the_scales_in_units_of_their_usual_distance():
    arrays = named("fine_", cell_side=np.int32(1), usual=np.float32(3.0), **FINE.pack())
    arrays |= named("coarse_", cell_side=np.int32(1), usual=np.float32(0.5), **COARSE.pack())
    found = explained(PatchMemoryModel(pixels_and_halves, arrays, SHAPE, SMOOTHING))
    expected = (FINE_DISTANCES.max((1, 2)) / 3.0 + COARSE_DISTANCES.max((1, 2)) / 0.5) / 2.0
    np.testing.assert_allclose(found["anomaly_score"], expected, rtol=1e-4)
    maps = smoothed(FINE_DISTANCES / 3.0)
    np.testing.assert_allclose(found["anomaly_map"], maps, rtol=1e-3, atol=1e-3)


def test_a_memory_without_place_has_the_distance_of_the_farthest_patch():
    arrays = named("memory_", units=UNITS, usual=np.float32(4.0))
    found = explained(PatchMemoryModel(pixels_and_halves, arrays, SHAPE, SMOOTHING))
    np.testing.assert_allclose(found["anomaly_score"], NEAREST.max((1, 2)) / 4.0, rtol=1e-4)
    maps = smoothed(NEAREST / 4.0)
    np.testing.assert_allclose(found["anomaly_map"], maps, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("num_neighbors", [1, 3])
def test_features_knn_is_the_mean_cosine_distance_to_the_nearest_images(num_neighbors):
    network = types.SimpleNamespace(
        maps=lambda images: [None, tf.cast(images, tf.float32)[:, ::2] + 3.0]
    )
    known = GENERATOR.normal(size=(7, SIZE))
    known /= np.linalg.norm(known, axis=1, keepdims=True)
    model = FeaturesKnnModel(network, {"images": known}, SHAPE, num_neighbors)
    means = IMAGES[:, ::2].mean(axis=(1, 2)) + 3.0
    means /= np.linalg.norm(means, axis=1, keepdims=True)
    expected = np.sort(1.0 - means @ known.T, axis=1)[:, :num_neighbors].mean(axis=1)
    np.testing.assert_allclose(explained(model)["anomaly_score"], expected, rtol=1e-3, atol=1e-6)
