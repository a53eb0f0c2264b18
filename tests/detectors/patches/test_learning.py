"""What the detectors on features learn: usual distances, scores of images left out, the seed."""

import types

import numpy as np
import pytest
import tensorflow as tf

from memgan_tf.config.features import (
    FeaturesKnnConfig,
    PadimConfig,
    PatchcoreConfig,
    PatchMemoryConfig,
)
from memgan_tf.detectors.patches import patch_memory
from memgan_tf.detectors.patches.features_knn import FeaturesKnn
from memgan_tf.detectors.patches.padim import Padim
from memgan_tf.detectors.patches.patch_memory import PatchMemory
from memgan_tf.detectors.patches.patchcore import Patchcore
from memgan_tf.detectors.patches.positions import PositionLearner
from memgan_tf.detectors.patches.projection import chosen, principal, standardize
from memgan_tf.detectors.patches.streaming import FeatureStream
from memgan_tf.networks.patch_features import Grid

SHAPE, COUNT, CHANNELS = (4, 6, 6), 11, 6
IMAGES = np.random.default_rng(0).integers(1, 256, (COUNT, *SHAPE), dtype=np.uint8)


class Pixels:
    """A network whose fine grid is the pixels; the coarse one has every other one, squared."""

    def __call__(self, images):
        values = tf.cast(images, tf.float32)
        valid = tf.ones(tf.shape(values)[:3], tf.bool)
        return [Grid(values, valid), Grid(values[:, ::2, ::2] ** 2, valid[:, ::2, ::2])]

    def maps(self, images):
        return [tf.cast(images, tf.float32) - 128.0]


def learned(detector_class, model, seed=0, images=IMAGES):
    """A detector after `learn`, and the arrays that it gave."""
    config = types.SimpleNamespace(
        model=model,
        training=types.SimpleNamespace(seed=seed),
        data=types.SimpleNamespace(leave_out_padding=None, fit="stretch"),
        image_shape=SHAPE,
    )
    detector = detector_class(config)
    return detector, detector.learn(FeatureStream(Pixels(), images, batch=4))


def left_out(learner, features):
    """The largest distance of each image to statistics without it."""
    valid = np.ones(features.shape[:3], bool)
    learner.add(features, valid)
    learner.fit()
    return learner.leave_out(features, valid).max(axis=(1, 2))


def rows_of(features):
    return features.reshape(-1, CHANNELS).astype(np.float32)


def test_padim_scores_each_image_with_the_knowledge_of_the_others():
    detector, arrays = learned(Padim, PadimConfig(num_channels=3))
    channels = np.flatnonzero(arrays["fine_matrix"].any(axis=1))
    assert len(channels) == 3
    features = IMAGES.astype(np.float32)
    learner = PositionLearner(chosen(rows_of(features), channels), 0.01, np.inf)
    expected = left_out(learner, features)
    np.testing.assert_allclose(detector.left_out_scores, expected, rtol=1e-3)
    assert len(arrays["fine_means"]) == 24


def test_the_seed_draws_padims_channels():
    matrices = [
        learned(Padim, PadimConfig(num_channels=3), seed)[1]["fine_matrix"] for seed in range(5)
    ]
    assert len({tuple(matrix.any(axis=1)) for matrix in matrices}) > 1


def test_the_usual_distance_is_the_median_over_images_left_out_at_each_scale():
    settings = PatchMemoryConfig(memory="positions", fine_components=4, coarse_components=3)
    detector, arrays = learned(PatchMemory, settings)
    fine, coarse = IMAGES.astype(np.float32), IMAGES[:, ::2, ::2].astype(np.float32) ** 2
    found = []
    for features, size, ridge in ((fine, 4, 0.05), (coarse, 3, 0.02)):
        learner = PositionLearner(principal(rows_of(features), size), ridge, 1024, 10.0)
        found.append(left_out(learner, features))
    usual = [np.median(values) for values in found]
    np.testing.assert_allclose([arrays["fine_usual"], arrays["coarse_usual"]], usual, rtol=1e-3)
    expected = (found[0] / usual[0] + found[1] / usual[1]) / 2
    np.testing.assert_allclose(detector.left_out_scores, expected, rtol=1e-3)


def test_a_memory_without_place_is_measured_by_the_patches_of_other_images():
    settings = PatchMemoryConfig(memory="anywhere", fine_components=6, num_units=20)
    detector, arrays = learned(PatchMemory, settings)
    features = IMAGES.astype(np.float32) @ arrays["memory_matrix"] + arrays["memory_offset"]
    gaps = np.linalg.norm(
        features.reshape(COUNT, -1, 1, CHANNELS) - arrays["memory_units"], axis=-1
    )
    # The image that a unit is a patch of.
    owners = gaps.min(axis=1).argmin(axis=0)
    distances = [gaps[i][:, owners != i].min(axis=1).max() for i in range(COUNT)]
    usual = np.median(distances)
    assert float(arrays["memory_usual"]) == pytest.approx(usual, rel=1e-3)
    np.testing.assert_allclose(detector.left_out_scores, distances / usual, rtol=1e-3)


@pytest.mark.parametrize(
    ("lead", "gain", "anywhere"),
    [(0.02, 1.0, True), (0.01, 1.0, False), (-0.2, 1.0, False), (0.0, -1.0, True)],
)
def test_places_count_where_they_gain_unless_the_memory_leads_clearly(
    lead, gain, anywhere, monkeypatch
):
    monkeypatch.setattr(patch_memory, "count_held", lambda count: 2)
    monkeypatch.setattr(PatchMemory, "_memory_lead", lambda *_: lead)
    leave_out = PatchMemory._leave_out

    def with_gain(detector, *given):
        gains, found = leave_out(detector, *given)
        return np.full_like(gains, gain), found

    monkeypatch.setattr(PatchMemory, "_leave_out", with_gain)
    settings = PatchMemoryConfig(fine_components=2, coarse_components=2)
    detector, arrays = learned(PatchMemory, settings)
    assert ("memory_units" in arrays) == anywhere
    assert ("Nevertheless" in detector.notes[-1]) == (lead > 0.01)


def test_patchcore_remembers_a_share_of_standardized_patches():
    detector, arrays = learned(Patchcore, PatchcoreConfig(coreset_share=0.1))
    projection = standardize(rows_of(IMAGES))
    np.testing.assert_allclose(arrays["memory_matrix"], projection.matrix, rtol=1e-4)
    patches = projection(rows_of(IMAGES))
    assert len(arrays["memory_units"]) == int(0.1 * len(patches))
    gaps = np.abs(arrays["memory_units"][:, np.newaxis] - patches).max(axis=-1)
    assert gaps.min(axis=1).max() < 1e-3
    assert detector.left_out_scores is None


@pytest.mark.parametrize("num_neighbors", [1, 3, 50])
def test_features_knn_leaves_an_image_out_of_its_neighbors(num_neighbors):
    detector, arrays = learned(FeaturesKnn, FeaturesKnnConfig(num_neighbors=num_neighbors))
    # Of either sign, as networks without ReLU give them: many similarities are below 0.
    means = IMAGES.mean(axis=(1, 2)) - 128.0
    means /= np.linalg.norm(means, axis=1, keepdims=True)
    np.testing.assert_allclose(arrays["images"], means, rtol=1e-4)
    distances = 1.0 - means @ means.T
    np.fill_diagonal(distances, np.inf)
    expected = np.sort(distances, axis=1)[:, : min(num_neighbors, COUNT - 1)].mean(axis=1)
    np.testing.assert_allclose(detector.left_out_scores, expected, rtol=1e-3, atol=1e-6)
