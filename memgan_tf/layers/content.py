"""The content of images with the fit `keep`: its place, its surroundings, and grids over it.

Photographs of many shapes are placed in canvases of one shape, with black around them. A box is
`(batch, 4)` float32: top, left, height and width of the content, in pixels of the canvas.
"""

import tensorflow as tf


def find_boxes(images: tf.Tensor) -> tf.Tensor:
    """Boxes of the pixels that are not black.

    Bars at opposite sides are equal, or the second is a pixel wider, as in `fitting.place`. Black
    pixels at only one side are dark content, in an image from another source. An entirely black
    image is all content.

    Args:
        images: `(batch, height, width, channels)` pixels.
    """
    lit = tf.reduce_any(tf.cast(images, tf.float32) > 0.0, axis=-1)
    sides = [_between(tf.reduce_any(lit, axis=axis)) for axis in (2, 1)]
    (top, height), (left, width) = sides
    return tf.cast(tf.stack([top, left, height, width], axis=1), tf.float32)


def _between(lit):
    """Start and length of the lit part, each `(batch,)` int32."""
    size, lit = tf.shape(lit)[1], tf.cast(lit, tf.int32)
    first = tf.argmax(lit, axis=1, output_type=tf.int32)
    last = tf.argmax(tf.reverse(lit, [1]), axis=1, output_type=tf.int32)
    before = tf.minimum(first, last)
    return before, size - before - tf.minimum(last, before + 1)


def continue_edges(images: tf.Tensor, boxes: tf.Tensor) -> tf.Tensor:
    """Canvases in which the content continues beyond its box, mirrored at the edges.

    Args:
        images: `(batch, height, width, channels)`.
        boxes: Boxes of their content.
    """
    boxes = tf.cast(boxes, tf.int32)
    for axis in (1, 2):
        begin, length = boxes[:, axis - 1, tf.newaxis], boxes[:, axis + 1, tf.newaxis]
        away = (tf.range(tf.shape(images)[axis]) - begin) % (2 * length)
        mirrored = begin + tf.minimum(away, 2 * length - 1 - away)
        images = tf.gather(images, mirrored, axis=axis, batch_dims=1)
    return images


def to_relative(
    values: tf.Tensor, boxes: tf.Tensor, stride: float, grid: tuple[int, int]
) -> tf.Tensor:
    """Samples maps of canvases at the positions of a grid over each content, bilinearly.

    Args:
        values: `(batch, rows, columns, channels)`; a position covers `stride` pixels.
        boxes: Boxes of the content.
        stride: Pixels of the canvas from one position to the next.
        grid: `(rows, columns)` of the result, spread evenly over the box.
    """
    weights = []
    for axis in (0, 1):
        begin, length = boxes[:, axis, tf.newaxis], boxes[:, axis + 2, tf.newaxis]
        pixels = begin + length * (tf.range(grid[axis], dtype=tf.float32) + 0.5) / grid[axis]
        weights.append(_weights(pixels / stride - 0.5, values.shape[axis + 1]))
    return _weighed(values, *weights)


def from_relative(values: tf.Tensor, boxes: tf.Tensor, size: tuple[int, int]) -> tf.Tensor:
    """Converts a grid over each content to maps of the canvases; edges extend beyond the boxes.

    Args:
        values: `(batch, rows, columns, channels)`.
        boxes: Boxes of the content.
        size: `(height, width)` of the canvas.
    """
    weights = []
    for axis in (0, 1):
        begin, length = boxes[:, axis, tf.newaxis], boxes[:, axis + 2, tf.newaxis]
        count = values.shape[axis + 1]
        share = (tf.range(size[axis], dtype=tf.float32) + 0.5 - begin) / length
        weights.append(_weights(share * count - 0.5, count))
    return _weighed(values, *weights)


def inside(boxes: tf.Tensor, size: tuple[int, int]) -> tf.Tensor:
    """Whether pixels of canvases are content, `(batch, height, width)` bool."""
    flags = []
    for axis in (0, 1):
        begin, length = boxes[:, axis, tf.newaxis], boxes[:, axis + 2, tf.newaxis]
        centers = tf.range(size[axis], dtype=tf.float32) + 0.5
        flags.append((centers > begin) & (centers < begin + length))
    return flags[0][:, :, tf.newaxis] & flags[1][:, tf.newaxis]


def _weights(coordinates, count):
    """Bilinear weights of `count` values at coordinates `(batch, n)`: `(batch, n, count)`."""
    coordinates = tf.clip_by_value(coordinates, 0.0, count - 1.0)
    away = tf.abs(coordinates[..., tf.newaxis] - tf.range(count, dtype=tf.float32))
    return tf.maximum(1.0 - away, 0.0)


def _weighed(values, by_row, by_column):
    """Weighted sums of maps along both axes."""
    _, rows, columns, channels = values.shape
    flat = tf.reshape(values, (-1, rows, columns * channels))
    flat = tf.reshape(by_row @ flat, (-1, by_row.shape[1], columns, channels))
    return by_column[:, tf.newaxis] @ flat
