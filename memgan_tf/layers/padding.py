"""Which pixels of a padded image are the photograph's, and how others do without the rest."""

import tensorflow as tf


def content_mask(images: tf.Tensor) -> tf.Tensor:
    """True inside the black bars that the fit `pad` leaves at opposite sides.

    Args:
        images: `(batch, height, width, channels)` pixels.

    Returns:
        `(batch, height, width)` bool. Of an image that is black everywhere all pixels count.
    """
    lit = tf.reduce_any(tf.cast(images, tf.float32) > 0.0, axis=-1)
    rows, columns = tf.reduce_any(lit, axis=2), tf.reduce_any(lit, axis=1)
    mask = _between(rows)[:, :, tf.newaxis] & _between(columns)[:, tf.newaxis, :]
    return mask | ~tf.reduce_any(lit, axis=(1, 2))[:, tf.newaxis, tf.newaxis]


def mirror_content(images: tf.Tensor) -> tf.Tensor:
    """Images whose bars show what lies beside them, mirrored; without bars they stay as they are.

    Args:
        images: `(batch, height, width, channels)` pixels.
    """
    inside = content_mask(images)
    for axis, others in ((1, 2), (2, 1)):
        sources = _mirrored(tf.reduce_any(inside, axis=others))
        images = tf.gather(images, sources, axis=axis, batch_dims=1)
    return images


def _mirrored(inside):
    """For each position the one inside that it shows, `(batch, length)`."""
    length = tf.shape(inside)[1]
    flags = tf.cast(inside, tf.int32)
    first = tf.argmax(flags, axis=1, output_type=tf.int32)[:, tf.newaxis]
    last = length - 1 - tf.argmax(flags[:, ::-1], axis=1, output_type=tf.int32)[:, tf.newaxis]
    # There and back again, without showing the outermost pixels twice.
    period = tf.maximum(2 * (last - first), 1)
    distances = tf.abs(tf.range(length)[tf.newaxis] - first) % period
    return first + tf.minimum(distances, period - distances)


def _between(lit):
    """Without bars at both ends, which the lit positions leave free, `(batch, length)`."""
    counts, length = tf.cast(lit, tf.int32), tf.shape(lit)[1]
    before = tf.argmax(counts, axis=1, output_type=tf.int32)
    after = tf.argmax(counts[:, ::-1], axis=1, output_type=tf.int32)
    # Of an odd number of rows or columns the second bar has one more; else bars are equal, and
    # what is darker is content.
    first = tf.minimum(before, after)
    second = tf.where(after == before + 1, after, first)
    positions = tf.range(length)[tf.newaxis]
    first, second = first[:, tf.newaxis], second[:, tf.newaxis]
    return (positions >= first) & (positions < length - second)
