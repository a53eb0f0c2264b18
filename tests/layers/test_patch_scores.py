import pathlib
import re

import numpy as np
import pytest
import tensorflow as tf
from scipy import ndimage

from memgan_tf.layers import patch_scores
from memgan_tf.layers.patch_scores import (
    blur,
    largest,
    memory_distances,
    nearest_distances,
    to_image,
)


def test_squared_distances_to_a_memory():
    generator = np.random.default_rng(0)
    patches = generator.normal(size=(2, 3, 5)).astype(np.float32)
    units = generator.normal(size=(4, 5)).astype(np.float32)
    expected = np.square(patches[:, :, np.newaxis] - units).sum(axis=-1)
    found = memory_distances(tf.constant(patches), tf.constant(units))
    np.testing.assert_allclose(found, expected, rtol=1e-4)
    assert memory_distances(tf.constant(units[np.newaxis]), tf.constant(units)).numpy().min() >= 0


@pytest.mark.parametrize("at_once", [20, 33, 50, 99, 100])
def test_the_nearest_unit_is_the_same_however_many_are_compared_at_once(at_once, monkeypatch):
    generator = np.random.default_rng(0)
    patches, units = generator.normal(size=(3, 50, 24)), generator.normal(size=(100, 24))
    expected = np.square(patches[:, :, np.newaxis] - units).sum(axis=-1).min(axis=-1)
    given = tf.constant(patches, tf.float32), tf.constant(units, tf.float32)
    whole = tf.function(nearest_distances)(*given)
    np.testing.assert_allclose(whole, expected, rtol=1e-5)
    monkeypatch.setattr(patch_scores, "DISTANCES_AT_ONCE", 50 * at_once)
    found = tf.function(nearest_distances)(*given)
    np.testing.assert_array_equal(found, whole)


def test_the_nearest_unit_of_a_unit_is_itself():
    units = tf.constant(np.random.default_rng(0).normal(size=(1, 9, 5)), tf.float32)
    found = nearest_distances(units, units[0]).numpy()
    assert found.min() >= 0
    np.testing.assert_allclose(found, np.zeros((1, 9)), atol=1e-5)


CLEAR, STATUS = pathlib.Path("/proc/self/clear_refs"), pathlib.Path("/proc/self/status")


@pytest.mark.skipif(not CLEAR.exists(), reason="needs the peak of the memory, as Linux has it")
def test_memory_is_bounded_for_any_number_of_units():
    batch, patches, size, num_units = 16, 1024, 4, 16 * 1024
    features, units = tf.zeros((batch, patches, size)), tf.zeros((num_units, size))
    compiled = tf.function(nearest_distances)
    compiled(features[:1], units)

    def resident(name):
        return 1024 * int(re.search(rf"{name}:\s+(\d+) kB", STATUS.read_text())[1])

    CLEAR.write_text("5")
    before = resident("VmRSS")
    compiled(features, units)
    # Two arrays: products, and with the norms. All at once would be 1 GiB each.
    at_once = 4 * batch * patch_scores.DISTANCES_AT_ONCE
    assert at_once == 2**27
    assert resident("VmHWM") - before < 2 * at_once + 2**26


def test_the_largest_valid_value():
    values = tf.constant([[[1.0, 9.0], [2.0, 3.0]]])
    valid = tf.constant([[[True, False], [True, True]]])
    assert largest(values, valid).numpy().tolist() == [3]


@pytest.mark.parametrize(
    ("size", "deviation"), [((40, 31), 2.0), ((8, 40), 64 * 8 / 224), ((3, 2), 0.3)]
)
def test_smoothing_is_gaussian_and_continues_edges_by_reflection(size, deviation):
    maps = np.random.default_rng(0).normal(size=size).astype(np.float32)
    found = blur(tf.constant(maps[np.newaxis, ..., np.newaxis]), deviation)[0, ..., 0]
    radius = int(np.ceil(3 * deviation))
    expected = ndimage.gaussian_filter(maps, deviation, mode="mirror", radius=radius)
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_no_smoothing_changes_nothing():
    maps = tf.random.stateless_normal((1, 4, 4, 1), (0, 0))
    np.testing.assert_array_equal(blur(maps, 0.0), maps)


def test_a_grid_becomes_a_map_of_the_images_size_without_its_padding():
    values = np.array([[[1.0, 1.0, 7.0]]], np.float32)
    valid = np.array([[[True, True, False]]])
    found = to_image(tf.constant(values), tf.constant(valid), (4, 12), 0.0).numpy()
    assert found.shape == (1, 4, 12)
    assert found[0, :, :6].tolist() == [[1.0] * 6] * 4
    assert (found[0, :, -2:] == 0).all()
    assert found.max() == 1


def test_a_grid_over_a_part_becomes_a_map_of_that_part():
    values = np.array([[[1.0, 2.0]]], np.float32)
    boxes = tf.constant([[1.0, 2.0, 2.0, 8.0]])
    valid = tf.ones((1, 1, 2), tf.bool)
    found = to_image(tf.constant(values), valid, (4, 12), 0.0, boxes).numpy()[0]
    np.testing.assert_allclose(found[1], [0, 0, 1, 1, 1.125, 1.375, 1.625, 1.875, 2, 2, 0, 0])
    np.testing.assert_array_equal(found[:, 2] > 0, [False, True, True, False])
    # Smoothing sees the edge go on, not the 0 beyond it.
    flat = to_image(tf.ones((1, 1, 2)), valid, (4, 12), 0.4, boxes).numpy()[0]
    np.testing.assert_allclose(flat[1, 2:10], np.ones(8), rtol=1e-5)
