"""A discriminator of pairs of codes."""

import keras
import tensorflow as tf

from memgan_tf.networks.blocks import Initializers
from memgan_tf.networks.discriminator import NEGATIVE_SLOPE


class CodeDiscriminator(keras.Model):
    """The logit that of two codes the second is the first itself (D_zz of ALAD).

    Args:
        dense_width: Units of the first dense layer; the second has half of them.
        seed: Seed of the initial weights.

    Call arguments:
        first, second: `(batch, latent_dim)`.

    Returns:
        `(batch,)` float32 logits.
    """

    def __init__(self, dense_width, seed, **kwargs):
        super().__init__(**kwargs)
        initializers = Initializers(seed)
        self.hidden = [
            keras.layers.Dense(
                width, kernel_initializer=initializers.next(), dtype=self.dtype_policy
            )
            for width in (dense_width, -(-dense_width // 2))
        ]
        self.head = keras.layers.Dense(1, kernel_initializer=initializers.next(), dtype="float32")

    def call(self, first, second):
        features = tf.concat([first, second], axis=1)
        for dense in self.hidden:
            features = tf.nn.leaky_relu(dense(features), NEGATIVE_SLOPE)
        return self.head(features)[:, 0]
