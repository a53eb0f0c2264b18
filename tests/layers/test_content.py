import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from memgan_tf.data.fitting import fit_image, mark_content, place
from memgan_tf.layers.content import (
    continue_edges,
    find_boxes,
    from_relative,
    inside,
    to_relative,
)

CANVAS = (64, 48)


def fitted(size, seed=0, dark=0):
    """An image of noise, its outer rows and columns black, in the canvas; its box."""
    pixels = np.random.default_rng(seed).integers(0, 256, (*size, 3), dtype=np.uint8)
    if dark:
        pixels[:dark] = pixels[-dark:] = pixels[:, :dark] = pixels[:, -dark:] = 0
    canvas = np.asarray(fit_image(Image.fromarray(pixels), *CANVAS, "keep"))
    placement = place(size, CANVAS, "keep")
    return mark_content(canvas, size), (*placement.offset, *placement.scaled)


@pytest.mark.parametrize("dark", [0, 3])
@pytest.mark.parametrize("size", [(30, 50), (50, 20), (9, 90), (128, 96), (33, 20), (400, 301)])
def test_the_box_is_where_the_content_was_put(size, dark):
    """Black content too: nothing of it is taken for padding."""
    canvas, box = fitted(size, dark=dark)
    assert find_boxes(canvas[np.newaxis]).numpy()[0].tolist() == list(box)


def test_each_image_has_its_own_box_and_a_black_one_is_content():
    first, second = fitted((30, 50)), fitted((50, 20))
    batch = np.stack([first[0], np.zeros_like(first[0]), second[0]])
    expected = [list(first[1]), [0, 0, *CANVAS], list(second[1])]
    assert find_boxes(batch).numpy().tolist() == expected


def test_dark_content_at_one_side_alone_is_no_bar():
    image = np.full((1, 10, 12, 1), 9, np.uint8)
    image[:, :4] = 0
    assert find_boxes(image).numpy()[0].tolist() == [0, 0, 10, 12]
    image[:, :, 9:] = 0
    assert find_boxes(image).numpy()[0, 2:].tolist() == [10, 11]  # a bar may be a pixel wider


@pytest.mark.parametrize("size", [(30, 50), (50, 20), (5, 90), (64, 48)])
def test_edges_go_on_mirrored(size):
    canvas, (top, left, height, width) = fitted(size)
    content = canvas[top : top + height, left : left + width]
    beside = (
        (top, CANVAS[0] - top - height),
        (left, CANVAS[1] - left - width),
        (0, 0),
    )
    expected = np.pad(content, beside, mode="symmetric")
    boxes = tf.constant([[top, left, height, width]], tf.float32)
    np.testing.assert_array_equal(continue_edges(canvas[np.newaxis], boxes)[0], expected)


def test_a_grid_over_a_content_has_the_values_of_its_places():
    """Every pixel's value is its own row and column."""
    values = np.stack(np.indices((16, 12)), axis=-1).astype(np.float32)[np.newaxis]
    boxes = tf.constant([[4.0, 2.0, 8.0, 6.0]])
    found = to_relative(tf.constant(values), boxes, 1, (4, 3)).numpy()[0]
    # A quarter of 8 rows is two: their middle lies between rows 4 and 5.
    np.testing.assert_allclose(found[:, 0, 0], [4.5, 6.5, 8.5, 10.5])
    np.testing.assert_allclose(found[0, :, 1], [2.5, 4.5, 6.5])
    # The same place by a map of every second pixel's position.
    coarse = values[:, ::2, ::2] + 0.5
    found = to_relative(tf.constant(coarse), boxes, 2, (4, 3)).numpy()[0]
    np.testing.assert_allclose(found[:, 0, 0], [4.5, 6.5, 8.5, 10.5])


def test_the_same_content_anywhere_has_the_same_grid():
    content = np.random.default_rng(0).normal(size=(8, 6, 2)).astype(np.float32)
    maps, boxes = np.zeros((3, 16, 12, 2), np.float32), []
    for image, (top, left) in zip(maps, ((0, 0), (8, 6), (3, 4)), strict=True):
        image[top : top + 8, left : left + 6] = content
        boxes.append([top, left, 8, 6])
    found = to_relative(tf.constant(maps), tf.constant(boxes, tf.float32), 1, (8, 6)).numpy()
    np.testing.assert_allclose(found, np.broadcast_to(content, found.shape), atol=1e-6)


def test_a_grid_goes_back_to_where_its_content_lies():
    grid = np.random.default_rng(0).normal(size=(2, 8, 6, 1)).astype(np.float32)
    boxes = tf.constant([[3.0, 4.0, 8.0, 6.0], [0.0, 0.0, 16.0, 12.0]])
    found = from_relative(tf.constant(grid), boxes, (16, 12)).numpy()
    np.testing.assert_allclose(found[0, 3:11, 4:10], grid[0], atol=1e-6)
    # Beyond the box the edge goes on.
    np.testing.assert_allclose(found[0, 0, 4:10, 0], grid[0, 0, :, 0], atol=1e-6)
    expected = tf.image.resize(grid[1:], (16, 12)).numpy()
    np.testing.assert_allclose(found[1:], expected, atol=1e-5)


def test_what_is_inside():
    found = inside(tf.constant([[1.0, 0.0, 2.0, 2.0]]), (4, 3)).numpy()[0]
    expected = np.zeros((4, 3), bool)
    expected[1:3, :2] = True
    np.testing.assert_array_equal(found, expected)
