"""Features of a set of images, in passes."""

import numpy as np
import pytest
import tensorflow as tf

from memgan_tf.detectors.patches import streaming
from memgan_tf.networks.patch_features import Grid


class Counted:
    """A network whose only grid is the pixels; counts the images that pass it."""

    def __init__(self):
        self.passed = tf.Variable(0)

    def __call__(self, images):
        self.passed.assign_add(tf.shape(images)[0])
        values = tf.cast(images, tf.float32)
        return [Grid(values, tf.ones(tf.shape(values)[:3], tf.bool))]


@pytest.fixture
def stream(pixels, monkeypatch):
    monkeypatch.setattr(streaming, "BATCH_PIXELS", 3 * 8 * 8)
    network, images = Counted(), pixels(7)

    def make(kept_bytes):
        monkeypatch.setattr(streaming, "KEPT_BYTES", kept_bytes)
        return streaming.FeatureStream(network, images), network, images

    return make


@pytest.mark.parametrize(
    ("size", "expected"), [((8, 8), 64), ((128, 128), 64), ((256, 256), 16), ((2048, 2048), 1)]
)
def test_the_number_of_images_at_once(size, expected):
    assert streaming.batch_size(size) == expected


# 8 × 8 float32 and as many bool.
ALL = 7 * 64 * 5


@pytest.mark.parametrize(("kept_bytes", "passed"), [(ALL, 7), (ALL - 1, 21)])
def test_features_of_small_sets_are_computed_once(stream, kept_bytes, passed):
    found, network, images = stream(kept_bytes)
    rows = found.sample(0)[0]
    assert sorted(rows.ravel()) == sorted(images.ravel())
    for _ in range(2):
        grids = np.concatenate([batch[0][0] for batch in found.passing("")])
        np.testing.assert_array_equal(grids, images)
    assert network.passed.numpy() == passed


def test_the_sample_does_not_depend_on_what_is_kept(stream, monkeypatch):
    monkeypatch.setattr(streaming, "SAMPLED_IMAGES", 4)
    monkeypatch.setattr(streaming, "SAMPLED_PATCHES", 40)
    kept, again = (stream(size)[0].sample(1)[0] for size in (ALL, 0))
    np.testing.assert_array_equal(kept, again)
    assert kept.shape == (40, 1)
