"""Losses of an image and its reconstruction, or of codes, per image."""

import tensorflow as tf


def squared_distance(first: tf.Tensor, second: tf.Tensor) -> tf.Tensor:
    """‖first - second‖², summed over all axes but the first, `(batch,)`."""
    difference = tf.cast(first, tf.float32) - tf.cast(second, tf.float32)
    return tf.reduce_sum(tf.square(difference), axis=list(range(1, difference.shape.rank)))


def absolute_distance(first: tf.Tensor, second: tf.Tensor) -> tf.Tensor:
    """‖first - second‖₁, summed over all axes but the first, `(batch,)`."""
    difference = tf.cast(first, tf.float32) - tf.cast(second, tf.float32)
    return tf.reduce_sum(tf.abs(difference), axis=list(range(1, difference.shape.rank)))


def gaussian_divergence(means: tf.Tensor, log_variances: tf.Tensor) -> tf.Tensor:
    """KL(N(μ, σ²) ‖ N(0, 1)), summed over `(batch, dim)`'s second axis, `(batch,)` nats."""
    terms = tf.square(means) + tf.exp(log_variances) - 1.0 - log_variances
    return 0.5 * tf.reduce_sum(terms, axis=1)


def entropy(weights: tf.Tensor) -> tf.Tensor:
    """-Σ w log w over `(batch, n)`'s second axis, `(batch,)` nats; 0 log 0 is 0."""
    # Keeps the argument of the logarithm away from 0, where its gradient is infinite.
    return -tf.reduce_sum(weights * tf.math.log(weights + 1e-12), axis=1)
