"""A memory of normal patches: what it remembers, distances to it, the map and the score."""

import numpy as np
import pytest
import tensorflow as tf

from memgan_tf.layers.nearest_patches import NearestPatches

GENERATOR = np.random.default_rng(0)
# 12 images of 6 × 6 positions and 3 channels of different sizes.
NORMAL = (GENERATOR.normal(size=(12, 6, 6, 3)) * (1.0, 10.0, 0.1)).astype(np.float32)
SIZE = (12, 12)


def batches(images):
    return lambda: [tf.constant(images[i : i + 5]) for i in range(0, len(images), 5)]


def make(num_units, images=NORMAL, seed=0):
    memory = NearestPatches(SIZE, 3, num_units)
    memory.learn(batches(images), seed)
    return memory


def standardized(images, memory):
    averaged = tf.nn.avg_pool2d(images, 3, 1, "SAME").numpy()
    return (averaged - memory.means.numpy()) / memory.deviations.numpy()


def test_it_remembers_patches_of_every_image_alike():
    memory = make(60)
    patches, units = standardized(NORMAL, memory).reshape(12, 36, 3), memory.units.numpy()
    distances = np.abs(units[:, np.newaxis, np.newaxis] - patches).max(axis=-1)
    assert distances.min(axis=(1, 2)).max() < 1e-4
    owners = distances.min(axis=2).argmin(axis=1)
    assert np.bincount(owners, minlength=12).tolist() == [5] * 12
    assert units.std(axis=0) == pytest.approx(1.0, abs=1e-3)


def test_fewer_patches_than_units_are_there_twice():
    memory = make(100, NORMAL[:1])
    different = np.unique(memory.units.numpy().round(4), axis=0)
    assert len(different) == 36


def test_a_map_has_the_distance_to_the_nearest_unit():
    memory = make(60)
    images = NORMAL[:2] + 1.0
    patches = standardized(images, memory).reshape(2, 36, 1, 3)
    nearest = np.sqrt(np.square(patches - memory.units.numpy()).sum(-1)).min(-1)
    expected = tf.image.resize(nearest.reshape(2, 6, 6, 1), SIZE).numpy()[..., 0]
    # At 12 pixels the smoothing is a fifth of a pixel, of one pixel at either side.
    offsets = np.exp(-0.5 * np.square(np.arange(-1, 2) / (4.0 * 12 / 224)))
    offsets /= offsets.sum()
    for axis in (1, 2):
        padded = np.pad(expected, [(1, 1) if a == axis else (0, 0) for a in range(3)], "reflect")
        expected = sum(
            w * np.take(padded, np.arange(i, i + 12), axis) for i, w in enumerate(offsets)
        )
    np.testing.assert_allclose(memory(tf.constant(images))[1], expected, rtol=1e-3, atol=1e-3)


def test_an_odd_patch_has_the_highest_score_and_place():
    memory = make(300)
    memory.fit(batches(NORMAL[::2] + 0.01))
    odd = NORMAL[1:2].copy()
    odd[:, 4, 1] += 200.0
    scores, maps = memory(tf.constant(np.concatenate([NORMAL[1:2], odd])))
    assert scores[1] > scores[0] + 1.0
    row, column = np.unravel_index(np.argmax(maps[1]), SIZE)
    assert abs(row - 8.5) <= 2.5
    assert abs(column - 2.5) <= 2.5
    assert maps[1].numpy().max() > 2.0


def test_the_usual_peak_of_normal_images_is_one():
    memory = make(60)
    memory.fit(batches(NORMAL))
    _, maps = memory(tf.constant(NORMAL))
    assert maps.numpy().max(axis=(1, 2)).mean() == pytest.approx(1.0, abs=1e-4)


def test_the_seed_decides():
    first = make(60).units.numpy()
    np.testing.assert_array_equal(first, make(60).units.numpy())
    assert not np.array_equal(first, make(60, seed=1).units.numpy())
