"""A discriminator of pairs of codes."""

import keras
import tensorflow as tf

from memgan_tf.networks.blocks import Initializers, drop, linear_layers
from memgan_tf.networks.discriminator import NEGATIVE_SLOPE


class CodeDiscriminator(keras.Model):
    """Logit that the second of two codes is the first one itself (D_zz of ALAD).

    Args:
        dense_width: Units of the first dense layer; the second has half of them.
        seed: Seed of the initial weights.
        dropout: Share of the hidden units that dropout removes.
        spectral_normalization: Whether the hidden layers' kernels are divided by their largest
            singular values.

    Attributes:
        dropped_shapes: Shapes of the hidden features that dropout acts on, for one image.

    Call arguments:
        first, second: `(batch, latent_dim)`.
        kept: Masks of `drop`, one for each of `dropped_shapes`; empty drops nothing.

    Returns:
        `(batch,)` float32 logits.
    """

    def __init__(self, dense_width, seed, dropout=0.0, spectral_normalization=False, **kwargs):
        super().__init__(**kwargs)
        initializers = Initializers(seed)
        widths = (dense_width, -(-dense_width // 2))
        self.dropout = dropout
        self.dropped_shapes = [(width,) for width in widths] if dropout > 0 else []
        _, dense = linear_layers(spectral_normalization)
        self.hidden = [
            dense(width, kernel_initializer=initializers.next(), dtype=self.dtype_policy)
            for width in widths
        ]
        self.head = keras.layers.Dense(1, kernel_initializer=initializers.next(), dtype="float32")

    def call(self, first, second, kept=()):
        features = tf.concat([first, second], axis=1)
        for dense, mask in zip(self.hidden, kept or [None] * len(self.hidden), strict=True):
            features = tf.nn.leaky_relu(dense(features), NEGATIVE_SLOPE)
            features = drop(features, mask, self.dropout)
        return self.head(features)[:, 0]
