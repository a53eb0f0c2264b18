import numpy as np
import tensorflow as tf

from memgan_tf.layers.padding import content_mask, mirror_content


def mask_of(image):
    return content_mask(image[np.newaxis]).numpy()[0]


def framed(rows=slice(None), columns=slice(None), value=9):
    image = np.zeros((10, 12, 3), np.uint8)
    image[rows, columns, 1] = value
    return image


def test_bars_at_opposite_sides_are_no_content():
    expected = np.zeros((10, 12), bool)
    expected[3:7] = True
    np.testing.assert_array_equal(mask_of(framed(rows=slice(3, 7))), expected)
    expected = np.zeros((10, 12), bool)
    expected[:, 4:8] = True
    np.testing.assert_array_equal(mask_of(framed(columns=slice(4, 8))), expected)


def test_bars_that_differ_by_a_pixel():
    found = mask_of(framed(rows=slice(2, 7)))  # two above, three below
    np.testing.assert_array_equal(found[:, 0], [False] * 2 + [True] * 5 + [False] * 3)


def test_dark_content_at_one_side_counts():
    """Half of a photograph is black: bars would be at both sides."""
    assert mask_of(framed(rows=slice(0, 5))).all()
    found = mask_of(framed(rows=slice(3, 5)))
    assert found[3:7].all()


def test_black_pixels_inside_count():
    image = framed(rows=slice(2, 8))
    image[4:6, 3:9] = 0
    assert mask_of(image)[4:6].all()


def test_a_photograph_without_bars_and_a_black_one_count_whole():
    assert mask_of(framed()).all()
    assert mask_of(np.zeros((10, 12, 1), np.uint8)).all()


def test_each_image_of_a_batch_has_its_own_bars():
    batch = np.stack([framed(rows=slice(4, 6)), framed(columns=slice(5, 7))])
    found = content_mask(batch).numpy()
    assert found[0, 5, 0]
    assert not found[1, 5, 0]


def test_bars_show_the_content_mirrored():
    rows = np.array([0, 0, 1, 2, 3, 0, 0], np.uint8)
    image = np.repeat(rows[:, np.newaxis, np.newaxis], 5, axis=1)
    found = mirror_content(image[np.newaxis]).numpy()[0]
    np.testing.assert_array_equal(found[:, 2, 0], [3, 2, 1, 2, 3, 2, 1])
    turned = mirror_content(image.transpose(1, 0, 2)[np.newaxis]).numpy()[0]
    np.testing.assert_array_equal(turned, found.transpose(1, 0, 2))


def test_narrow_content_fills_wide_bars():
    found = mirror_content(framed(rows=slice(4, 6))[np.newaxis]).numpy()[0]
    assert (found[..., 1] == 9).sum() >= 5 * 12
    single = np.zeros((1, 9, 9, 1), np.uint8)
    single[:, 4] = 7
    assert set(np.unique(mirror_content(single).numpy())) <= {0, 7}


def test_images_without_bars_are_not_mirrored():
    image = np.random.default_rng(0).integers(1, 255, (2, 9, 8, 3)).astype(np.uint8)
    found = tf.function(mirror_content)(tf.constant(image))
    np.testing.assert_array_equal(found, image)
    assert found.dtype == tf.uint8
