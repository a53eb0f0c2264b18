"""Finds the photograph's pixels in a padded image, and fills the padding by mirroring."""

import tensorflow as tf


def content_mask(images: tf.Tensor) -> tf.Tensor:
    """True inside the black bars that the fit `pad` leaves at opposite sides.

    Args:
        images: `(batch, height, width, channels)` pixels.

    Returns:
        `(batch, height, width)` bool. In an entirely black image all pixels are content.
    """
    lit = tf.reduce_any(tf.cast(images, tf.float32) > 0.0, axis=-1)
    rows, columns = tf.reduce_any(lit, axis=2), tf.reduce_any(lit, axis=1)
    mask = _between(rows)[:, :, tf.newaxis] & _between(columns)[:, tf.newaxis, :]
    return mask | ~tf.reduce_any(lit, axis=(1, 2))[:, tf.newaxis, tf.newaxis]


def mirror_content(images: tf.Tensor) -> tf.Tensor:
    """Images with the bars filled by mirroring the adjacent pixels; unchanged without bars.

    Args:
        images: `(batch, height, width, channels)` pixels.
    """
    inside = content_mask(images)
    for axis, others in ((1, 2), (2, 1)):
        sources = _mirrored(tf.reduce_any(inside, axis=others))
        images = tf.gather(images, sources, axis=axis, batch_dims=1)
    return images


def _mirrored(inside):
    """For each position, the inner position that it shows, `(batch, length)`."""
    length = tf.shape(inside)[1]
    flags = tf.cast(inside, tf.int32)
    first = tf.argmax(flags, axis=1, output_type=tf.int32)[:, tf.newaxis]
    last = length - 1 - tf.argmax(flags[:, ::-1], axis=1, output_type=tf.int32)[:, tf.newaxis]
    # Back and forth, without showing the outermost pixels twice.
    period = tf.maximum(2 * (last - first), 1)
    distances = tf.abs(tf.range(length)[tf.newaxis] - first) % period
    return first + tf.minimum(distances, period - distances)


def _between(lit):
    """True between bars at both ends, which have no lit positions, `(batch, length)`."""
    counts, length = tf.cast(lit, tf.int32), tf.shape(lit)[1]
    before = tf.argmax(counts, axis=1, output_type=tf.int32)
    after = tf.argmax(counts[:, ::-1], axis=1, output_type=tf.int32)
    # For an odd number of rows or columns the second bar has one more; otherwise bars are equal,
    # and further dark rows or columns are content.
    first = tf.minimum(before, after)
    second = tf.where(after == before + 1, after, first)
    positions = tf.range(length)[tf.newaxis]
    first, second = first[:, tf.newaxis], second[:, tf.newaxis]
    return (positions >= first) & (positions < length - second)
