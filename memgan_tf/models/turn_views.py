"""Shifted and mirrored images, for the training of the turn classifier."""

import tensorflow as tf


def moved(images: tf.Tensor, shifts: tf.Tensor | None, flips: tf.Tensor | None) -> tf.Tensor:
    """Shifts images, with reflection at the borders, and mirrors them.

    Args:
        images: `(batch, height, width, channels)`.
        shifts: `(batch, 2)` int32 pixels down and to the right; None shifts nothing.
        flips: `(batch,)` booleans; None mirrors nothing.
    """
    if shifts is not None:
        height, width = images.shape[1:3]
        rows = reflected(tf.range(height)[tf.newaxis] - shifts[:, :1], height)
        columns = reflected(tf.range(width)[tf.newaxis] - shifts[:, 1:], width)
        images = tf.gather(images, rows, axis=1, batch_dims=1)
        images = tf.gather(images, columns, axis=2, batch_dims=1)
    if flips is not None:
        images = tf.where(flips[:, tf.newaxis, tf.newaxis, tf.newaxis], images[:, :, ::-1], images)
    return images


def reflected(positions: tf.Tensor, size: int) -> tf.Tensor:
    """Reflects positions beyond the ends of `size` pixels at the outermost pixels."""
    positions = tf.abs(positions) % max(2 * size - 2, 1)
    return tf.minimum(positions, 2 * size - 2 - positions)
