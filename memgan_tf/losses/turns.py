"""Losses of a classifier of quarter turns."""

import tensorflow as tf

NUM_TURNS = 4


def all_turns(images: tf.Tensor) -> tf.Tensor:
    """Square images `(batch, side, side, channels)`, turned by 0, 1, 2 and 3 quarter turns.

    Returns:
        `(4 · batch, side, side, channels)`: all images unturned, then all turned once, and so on.
    """
    across = tf.transpose(images, (0, 2, 1, 3))
    turned = [
        images,
        tf.reverse(across, (1,)),
        tf.reverse(images, (1, 2)),
        tf.reverse(across, (2,)),
    ]
    return tf.concat(turned, axis=0)


def turn_loss(logits: tf.Tensor) -> tf.Tensor:
    """Cross-entropy of the true turn, mean over the four turns of an image, `(batch,)` nats.

    Args:
        logits: `(4 · batch, 4)` of `all_turns`.
    """
    logits = tf.reshape(tf.cast(logits, tf.float32), (NUM_TURNS, -1, NUM_TURNS))
    log_probabilities = tf.nn.log_softmax(logits)
    return -tf.add_n([log_probabilities[turn, :, turn] for turn in range(NUM_TURNS)]) / NUM_TURNS


def turn_accuracy(logits: tf.Tensor) -> tf.Tensor:
    """Share of an image's four turns that are recognized, `(batch,)`; arguments as `turn_loss`."""
    told = tf.argmax(tf.reshape(logits, (NUM_TURNS, -1, NUM_TURNS)), axis=-1)
    turns = tf.range(NUM_TURNS, dtype=told.dtype)[:, tf.newaxis]
    return tf.reduce_mean(tf.cast(tf.equal(told, turns), tf.float32), axis=0)
