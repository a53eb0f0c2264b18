import numpy as np
import pytest
import tensorflow as tf

from memgan_tf.detectors.patches.choosing import count_held, memory_lead
from memgan_tf.detectors.patches.memory import MemoryLearner
from memgan_tf.detectors.patches.patch_memory import describe_gains
from memgan_tf.detectors.patches.positions import PositionLearner
from memgan_tf.detectors.patches.projection import Projection
from memgan_tf.detectors.patches.streaming import FeatureStream
from memgan_tf.networks.patch_features import Grid

SIDE, COUNT = 16, 60
IDENTITY = Projection(np.eye(3, dtype=np.float32), np.zeros(3, np.float32))


def pixels_as_features(images):
    values = tf.cast(images, tf.float32) / 16.0
    return [Grid(values, tf.reduce_any(images > 0, axis=-1))]


def stream_of(images):
    return FeatureStream(pixels_as_features, images)


def lead_of(stream, has_padding=False):
    positions = PositionLearner(IDENTITY, 0.05, SIDE * SIDE, 10.0)
    memory = MemoryLearner(IDENTITY, 2000, 0.5, COUNT - count_held(COUNT), seed=0)
    return memory_lead(stream, positions, memory, has_padding, seed=0)


def photographs(background, shifted=False):
    """Of a checked part of two colors; all alike, or each shifted by its own distance."""
    generator = np.random.default_rng(0)
    images = np.empty((COUNT, SIDE, SIDE, 3))
    images[:] = background
    for image in images:
        top, left = generator.integers(0, 9, 2) if shifted else (4, 4)
        part = image[top : top + 8, left : left + 8]
        part[:] = (60, 160, 90)
        part[::2] = (190, 40, 140)
    noisy = images + generator.normal(0.0, 2.0, images.shape)
    return np.clip(np.round(noisy), 1, 255).astype(np.uint8)


def test_parts_that_lie_anywhere_are_better_remembered_without_position():
    assert lead_of(stream_of(photographs((120, 120, 120), shifted=True))) > 0.01


def test_where_each_position_has_its_own_color_positions_are_better():
    colors = np.random.default_rng(1).uniform(20, 235, (SIDE, SIDE, 3))
    assert lead_of(stream_of(photographs(colors))) < 0.0


def test_both_learn_from_the_images_that_are_not_held_out():
    images = photographs((120, 120, 120))
    given = {}

    class Recording:
        def __init__(self, learner, name):
            self._learner, self._seen = learner, given.setdefault(name, [])

        def add(self, features, valid):
            self._seen.append(features)
            self._learner.add(features, valid)

        def __getattr__(self, name):
            return getattr(self._learner, name)

    positions = PositionLearner(IDENTITY, 0.05, SIDE * SIDE, 10.0)
    memory = MemoryLearner(IDENTITY, 2000, 0.5, COUNT - count_held(COUNT), seed=0)
    learners = Recording(positions, "positions"), Recording(memory, "memory")
    memory_lead(stream_of(images), *learners, False, seed=3)
    held = np.random.default_rng(3).permutation(COUNT)[: count_held(COUNT)]
    expected = np.delete(images, held, axis=0) / np.float32(16)
    for name in ("positions", "memory"):
        np.testing.assert_array_equal(np.concatenate(given[name]), expected)


def test_padding_stays_padding():
    images = photographs((120, 120, 120))
    images[:, :4] = 0
    stream = stream_of(images)
    given = []
    original = stream.grids_of
    stream.grids_of = lambda damaged: (given.append(damaged), original(damaged))[1]
    assert np.isfinite(lead_of(stream, has_padding=True))
    for damaged in given:
        assert not damaged[:, :4].any()
        assert damaged[:, 4:].all()


@pytest.mark.parametrize(("images", "held"), [(49, 0), (50, 10), (100, 20), (1000, 30)])
def test_as_many_images_are_held_out(images, held):
    assert count_held(images) == held


@pytest.mark.parametrize(
    ("gains", "begin", "count"),
    [
        ([5.0, 1.0, -2.0, 3.0], "The parts lie alike, so each place", "for 3 of 4 good images"),
        ([-5.0, -1.0, 2.0], "The parts do not lie alike", "for 2 of 3 good images"),
        ([0.0, 0.0], "The parts do not lie alike", "for 2 of 2 good images"),  # no gain, no places
    ],
)
def test_whether_places_matter_is_said_with_how_sure_it_is(gains, begin, count):
    words = describe_gains(np.array(gains))
    assert words.startswith(begin)
    assert count in words
    assert "nats" not in words
