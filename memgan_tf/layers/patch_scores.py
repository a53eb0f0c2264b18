"""Distances of patches to what is normal, as TensorFlow functions."""

import itertools

import numpy as np
import tensorflow as tf

from memgan_tf.layers.content import from_relative, inside

# Largest number of distances of an image's patches to units at once, 8 MiB.
DISTANCES_AT_ONCE = 2**21


def gaussian_distances(
    features: tf.Tensor, means: tf.Tensor, whitening: tf.Tensor, cell_side: int
) -> tf.Tensor:
    """Mahalanobis distance of each patch to the Gaussian of its cell.

    Args:
        features: `(batch, rows, columns, d)`.
        means: `(cells, d)`.
        whitening: `(cells, d, d)`.
        cell_side: Positions per side of a cell.

    Returns:
        `(batch, rows, columns)`.
    """
    _, rows, columns, size = features.shape
    if cell_side == 1:
        by_cell = tf.reshape(features, (-1, rows * columns, size))
        by_cell = tf.transpose(by_cell, (1, 0, 2)) - means[:, tf.newaxis]
        whitened = tf.matmul(by_cell, whitening, transpose_b=True)
        distances = tf.sqrt(tf.reduce_sum(tf.square(whitened), axis=-1))
        return tf.reshape(tf.transpose(distances), (-1, rows, columns))
    cell_rows, cell_columns = -(-rows // cell_side), -(-columns // cell_side)
    below, right = cell_rows * cell_side - rows, cell_columns * cell_side - columns
    padded = tf.pad(features, [[0, 0], [0, below], [0, right], [0, 0]])
    shape = (-1, cell_rows, cell_side, cell_columns, cell_side, size)
    by_cell = tf.transpose(tf.reshape(padded, shape), (1, 3, 0, 2, 4, 5))
    by_cell = tf.reshape(by_cell, (cell_rows * cell_columns, -1, size)) - means[:, tf.newaxis]
    whitened = tf.matmul(by_cell, whitening, transpose_b=True)
    distances = tf.sqrt(tf.reduce_sum(tf.square(whitened), axis=-1))
    back = tf.reshape(distances, (cell_rows, cell_columns, -1, cell_side, cell_side))
    back = tf.transpose(back, (2, 0, 3, 1, 4))
    back = tf.reshape(back, (-1, cell_rows * cell_side, cell_columns * cell_side))
    return back[:, :rows, :columns]


def memory_distances(features: tf.Tensor, units: tf.Tensor) -> tf.Tensor:
    """Squared Euclidean distances of each patch to each unit of a memory.

    Args:
        features: `(batch, patches, d)`.
        units: `(num_units, d)`.

    Returns:
        `(batch, patches, num_units)`.
    """
    norms = tf.reduce_sum(tf.square(units), axis=1)
    own = tf.reduce_sum(tf.square(features), axis=-1, keepdims=True)
    size = features.shape[-1]
    # One product for the whole batch; one matrix per image is slower.
    products = tf.matmul(tf.reshape(features, (-1, size)), units, transpose_b=True)
    products = tf.reshape(products, tf.concat([tf.shape(features)[:2], [units.shape[0]]], 0))
    return tf.maximum(own + norms - 2.0 * products, 0.0)


def nearest_distances(features: tf.Tensor, units: tf.Tensor) -> tf.Tensor:
    """Squared Euclidean distance of each patch to the nearest unit of a memory.

    Units are compared in parts of similar size, one after another, so memory does not grow with
    their number.

    Args:
        features: `(batch, patches, d)`.
        units: `(num_units, d)`.

    Returns:
        `(batch, patches)`.
    """
    count, size = units.shape
    places = features.shape[1]
    flat = tf.reshape(features, (-1, size))
    # One operation with the product: the square of a patch is the same for all units.
    norms, weights = tf.reduce_sum(tf.square(units), axis=1), -2.0 * units
    parts = -(-count // max(1, DISTANCES_AT_ONCE // places))
    found: list[tf.Tensor] = []
    for begin, end in itertools.pairwise(count * part // parts for part in range(parts + 1)):
        # In a graph, all parts would be in memory at once otherwise.
        with tf.control_dependencies(found[-1:]):
            products = tf.matmul(flat, weights[begin:end], transpose_b=True)
            found.append(tf.reduce_min(tf.nn.bias_add(products, norms[begin:end]), axis=1))
    nearest = tf.reduce_min(tf.stack(found), axis=0) if parts > 1 else found[0]
    own = tf.reduce_sum(tf.square(flat), axis=-1)
    return tf.reshape(tf.maximum(own + nearest, 0.0), (-1, places))


def largest(values: tf.Tensor, valid: tf.Tensor) -> tf.Tensor:
    """The largest valid value of grids `(batch, rows, columns)`, `(batch,)`."""
    return tf.reduce_max(tf.where(valid, values, tf.zeros_like(values)), axis=(1, 2))


def to_image(
    values: tf.Tensor,
    valid: tf.Tensor,
    size: tuple[int, int],
    smoothing: float,
    boxes: tf.Tensor | None = None,
) -> tf.Tensor:
    """A grid as a map of the image's size, smoothed; 0 where it is padding.

    Args:
        values: `(batch, rows, columns)`.
        valid: `(batch, rows, columns)` bool.
        size: `(height, width)` of the map.
        smoothing: Standard deviation of the Gaussian, in pixels of the map.
        boxes: Where in the image the grid lies, see `layers.content`; None if it covers the image.
    """
    values = tf.where(valid, values, tf.zeros_like(values))[..., tf.newaxis]
    if boxes is None:
        return blur(tf.image.resize(values, size), smoothing)[..., 0]
    maps = blur(from_relative(values, boxes, size), smoothing)[..., 0]
    return tf.where(inside(boxes, size), maps, tf.zeros_like(maps))


def blur(maps: tf.Tensor, deviation: float) -> tf.Tensor:
    """Gaussian smoothing of `(batch, height, width, 1)`; edges are extended by reflection.

    Three standard deviations must be less than each side.
    """
    radius = int(np.ceil(3.0 * deviation))
    if deviation <= 0.0 or radius < 1:
        return maps
    offsets = np.arange(-radius, radius + 1)
    weights = np.exp(-0.5 * np.square(offsets / deviation))
    kernel = tf.constant((weights / weights.sum()).reshape(-1, 1, 1, 1), tf.float32)
    for axis in (1, 2):
        padding = [[0, 0]] * 4
        padding[axis] = [radius, radius]
        padded = tf.pad(maps, padding, "REFLECT")
        shaped = kernel if axis == 1 else tf.transpose(kernel, (1, 0, 2, 3))
        maps = tf.nn.conv2d(padded, shaped, 1, "VALID")
    return maps
