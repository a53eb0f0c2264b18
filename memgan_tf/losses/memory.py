"""Losses that tie codes, memory and images together, per image."""

import tensorflow as tf

# Under the root: the gradient of the norm is finite at zero.
EPSILON = 1e-12


def l2_distance(first: tf.Tensor, second: tf.Tensor) -> tf.Tensor:
    """‖first - second‖₂ over all axes but the first, `(batch,)`.

    This is the cycle loss (Eq. 4) of an image and its reconstruction, the projection loss (Eq. 6)
    of a code and its projection, and the score A(x) (Eq. 8).
    """
    difference = tf.cast(first, tf.float32) - tf.cast(second, tf.float32)
    axes = list(range(1, difference.shape.rank))
    return tf.sqrt(tf.reduce_sum(tf.square(difference), axis=axes) + EPSILON)


def mutual_information(weights: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
    """-Σ αᵢ log α′ᵢ of Eq. 7, `(batch,)` nats.

    Args:
        weights: `(batch, num_units)`, the α that were drawn.
        logits: `(batch, num_units)`, M E(G(Mᵀα)), whose softmax is α′.
    """
    return -tf.reduce_sum(weights * tf.nn.log_softmax(tf.cast(logits, tf.float32)), axis=1)


def mutual_information_excess(weights: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
    """KL(α ‖ α′), `(batch,)`: `mutual_information` minus its lower bound, the entropy of α."""
    entropy = -tf.reduce_sum(tf.math.xlogy(weights, weights), axis=1)
    return mutual_information(weights, logits) - entropy
