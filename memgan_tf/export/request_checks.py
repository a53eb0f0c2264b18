"""Checks inside the graph: a bad request fails, names the image, and never gets a score."""

import tensorflow as tf


def require(good: tf.Tensor, rule: str, kind: str = "image") -> tf.Operation:
    """An operation that fails unless every row is valid.

    Args:
        good: `(batch,)` booleans.
        rule: First part of the message.
        kind: Noun for a row; the message ends with the number of the row.

    Raises:
        tf.errors.InvalidArgumentError: At run time, with the number of the first bad row.
    """

    def fail():
        first = tf.argmin(tf.cast(good, tf.int32))
        message = tf.strings.format(f"{rule}. Received: {kind} {{}} of the batch is not", first)
        with tf.control_dependencies([tf.debugging.Assert(False, [message])]):
            return tf.constant(False)

    return tf.cond(tf.reduce_all(good), lambda: tf.constant(True), fail)


def checked_pixels(image: tf.Tensor, image_shape: tuple[int, int, int]) -> tf.Tensor:
    """Checked `image`, `(batch, height, width, channels)`, as integers.

    Fractions are rounded half to even, as in `as_pixels`, so a server's score equals Python's.

    Raises:
        tf.errors.InvalidArgumentError: At run time, if the images have another shape, a pixel is
            not a number from 0 to 255, or all pixels are fractions from 0 to 1 that a client forgot
            to multiply. The message names the first such image.
    """
    # A session does not check its inputs against the signature's shape; this operation does.
    image = tf.ensure_shape(image, (None, *image_shape))
    # Also False for NaN.
    inside = tf.reduce_all((image >= 0.0) & (image <= 255.0), axis=[1, 2, 3])
    is_fraction = (image < 1.0) & (image != tf.floor(image))
    fractions = tf.reduce_any(is_fraction, axis=[1, 2, 3])
    fractions &= tf.reduce_all(image <= 1.0, axis=[1, 2, 3])
    checks = [
        require(inside, "`image` must hold pixels from 0 to 255"),
        require(~fractions, "`image` must hold pixels from 0 to 255, not 0 to 1: multiply by 255"),
    ]
    with tf.control_dependencies(checks):
        return tf.round(image)


def checked_scores(scores: tf.Tensor) -> tf.Tensor:
    """Scores `(batch,)`, checked to be finite.

    Raises:
        tf.errors.InvalidArgumentError: At run time; the message names the first image.
    """
    finite = tf.math.is_finite(scores)
    with tf.control_dependencies([require(finite, "`anomaly_score` must be finite")]):
        return tf.identity(scores)


def checked_slots(slot: tf.Tensor, num_units: int) -> tf.Tensor:
    """Slot numbers `(batch,)`, checked to be memory units.

    Raises:
        tf.errors.InvalidArgumentError: At run time; the message names the first bad one.
    """
    rule = f"`slot` must be from 0 to {num_units - 1}"
    with tf.control_dependencies([require((slot >= 0) & (slot < num_units), rule, "slot")]):
        return tf.identity(slot)
