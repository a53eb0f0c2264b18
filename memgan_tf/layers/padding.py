"""Which pixels of a padded image are the photograph's."""

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


def _between(lit):
    """From the first to the last that is lit, symmetrically, `(batch, length)`."""
    counts = tf.cast(lit, tf.int32)
    begun = tf.cumsum(counts, axis=1) > 0
    inside = begun & (tf.cumsum(counts, axis=1, reverse=True) > 0)
    # Bars are of equal width, but for a pixel; a wider one is dark content.
    mirrored = tf.reverse(inside, [1])
    near = mirrored | tf.roll(mirrored, 1, 1) | tf.roll(mirrored, -1, 1)
    return inside | near
