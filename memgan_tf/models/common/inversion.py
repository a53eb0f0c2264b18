"""Search for the code of an image by gradients."""

from collections.abc import Callable

import tensorflow as tf

# Adam's usual settings; each image has its own moments.
BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-7


def invert(
    distance: Callable[[tf.Tensor], tf.Tensor],
    start: tf.Tensor,
    num_steps: int,
    learning_rate: float,
) -> tf.Tensor:
    """Codes of small distance, each found independently of the others in its batch.

    Uses Adam and keeps the best code, so a distance never ends above where it began.

    Args:
        distance: Function of codes `(batch, dim)` that returns a distance for each code alone,
            `(batch,)`.
        start: Codes `(batch, dim)` to start from.
        num_steps: Gradient steps.
        learning_rate: Step size.

    Returns:
        `(batch, dim)` codes.
    """
    zeros = tf.zeros_like(start)
    lowest = tf.fill((tf.shape(start)[0],), tf.constant(float("inf"), start.dtype))

    def move(step, codes, best, first, second, lowest):
        values, gradients = _gradients(distance, codes)
        lowest, best = _keep_best(values, codes, lowest, best)
        first = BETA_1 * first + (1.0 - BETA_1) * gradients
        second = BETA_2 * second + (1.0 - BETA_2) * tf.square(gradients)
        count = tf.cast(step, start.dtype)
        mean = first / (1.0 - tf.pow(BETA_1, count))
        scale = tf.sqrt(second / (1.0 - tf.pow(BETA_2, count))) + EPSILON
        return step + 1, codes - learning_rate * mean / scale, best, first, second, lowest

    _, codes, best, *_, lowest = tf.while_loop(
        lambda step, *_: step <= num_steps, move, (1, start, start, zeros, zeros, lowest)
    )
    return _keep_best(distance(codes), codes, lowest, best)[1]


def _gradients(distance, codes):
    # The gradient of the sum with respect to a code is that of its own distance.
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(codes)
        values = distance(codes)
    return values, tape.gradient(values, codes)


def _keep_best(values, codes, lowest, best):
    better = values < lowest
    return tf.where(better, values, lowest), tf.where(better[:, tf.newaxis], codes, best)
