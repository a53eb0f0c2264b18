"""Tiles give what the whole image gives."""

import numpy as np
import pytest
import tensorflow as tf

from memgan_tf.networks.tiling import MARGIN, map_in_tiles, spans
from tests.tiny_backbone import CHANNELS, STRIDES, make_tiny_network

TILE = 192


@pytest.mark.parametrize("length", [64, 192, 193, 200, 256, 320, 511, 1000, 1500])
@pytest.mark.parametrize("tile_size", [192, 256, 512])
@pytest.mark.parametrize("unit", [14, 32, 64])
def test_spans_use_each_pixel_once_and_keep_their_margins(length, tile_size, unit):
    found = spans(length, tile_size, unit)
    used = [pixel for _, _, first, last in found for pixel in range(first, last)]
    assert used == list(range(length))
    for begin, end, first, last in found:
        assert 0 <= begin < end <= length
        assert end - begin <= tile_size
        assert first - begin >= MARGIN or first == 0
        assert end - last >= MARGIN or last == length
        assert begin % unit == 0
        assert first % unit == 0


@pytest.mark.parametrize("size", [(256, 256), (200, 456), (328, 192)])
def test_tiled_maps_equal_whole_ones(size):
    """The tiny network sees 15 pixels, less than the margin: no seam is left anywhere."""
    network = make_tiny_network(top=False)
    maps = [network.get_layer(name).output for name in ("first", "second", "third")]
    network = tf.keras.Model(network.input, maps)
    images = np.random.default_rng(0).uniform(0, 255, (1, *size, 3)).astype(np.float32)
    whole = network(images)
    tiled = map_in_tiles(network, tf.constant(images), TILE, STRIDES)
    for expected, found, channels in zip(whole, tiled, CHANNELS, strict=True):
        assert found.shape[-1] == channels
        np.testing.assert_allclose(found, expected, atol=1e-4)


def test_no_tile_is_larger_than_asked_for_and_small_images_pass_whole():
    seen = []

    def network(images):
        seen.append(tuple(images.shape[1:3]))
        return [images[:, ::8, ::8]]

    map_in_tiles(network, tf.zeros((1, 500, 300, 3)), TILE, (8,))
    assert max(max(size) for size in seen) <= TILE
    seen.clear()
    map_in_tiles(network, tf.zeros((1, 192, 100, 3)), TILE, (8,))
    map_in_tiles(network, tf.zeros((1, 500, 300, 3)), None, (8,))
    assert seen == [(192, 100), (500, 300)]


@pytest.mark.parametrize("size", [(500, 300), (1000, 1500)])
def test_maps_lie_where_their_pixels_do(size):
    rows, columns = tf.meshgrid(tf.range(size[0]), tf.range(size[1]), indexing="ij")
    images = tf.cast(tf.stack([rows, columns, columns], axis=-1), tf.float32)[tf.newaxis]

    def network(images):
        return [images[:, ::8, ::8], images[:, ::32, ::32]]

    for found, stride in zip(map_in_tiles(network, images, 256, (8, 32)), (8, 32), strict=True):
        np.testing.assert_array_equal(found, images[:, ::stride, ::stride])
