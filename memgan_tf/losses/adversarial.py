"""Adversarial losses on logits, per image. D is the sigmoid of a logit."""

import tensorflow as tf


def discriminator_loss(real_logits: tf.Tensor, fake_logits: tf.Tensor) -> tf.Tensor:
    """-log D(real) - log(1 - D(fake)), Eq. 3 as D minimizes it, `(batch,)` nats."""
    return tf.nn.softplus(-real_logits) + tf.nn.softplus(fake_logits)


def encoder_saturating_loss(real_logits: tf.Tensor) -> tf.Tensor:
    """log D(x, E(x)), E's term as Algorithm 1 prints it, `(batch,)` nats, at most 0."""
    return -tf.nn.softplus(-real_logits)


def encoder_nonsaturating_loss(real_logits: tf.Tensor) -> tf.Tensor:
    """-log(1 - D(x, E(x))), which does not vanish when D is sure, `(batch,)` nats."""
    return tf.nn.softplus(real_logits)


def generator_loss(fake_logits: tf.Tensor) -> tf.Tensor:
    """-log D(G(z), z), G's term in Algorithm 1, `(batch,)` nats."""
    return tf.nn.softplus(-fake_logits)
