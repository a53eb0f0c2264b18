"""The classifier of quarter turns."""

import keras
import tensorflow as tf

from memgan_tf.losses.turns import NUM_TURNS
from memgan_tf.networks.blocks import (
    Initializers,
    make_normalization,
    normalize,
    plan_sizes,
    plan_widths,
)


class TurnClassifier(keras.Model):
    """Says by how many quarter turns an image was turned (Gidaris et al., 2018).

    A 3×3 convolution at full size, then one at each halving, each with normalisation and ReLU; the
    mean over the last map; a dense layer.

    Args:
        side: Of the square images.
        channels: Of the images.
        base_width, max_width: Channels of the first convolution, doubled at each halving, and
            their bound.
        normalization: `batch`, `layer` or `none`.
        seed: Seed of the initial weights.

    Call arguments:
        images: `(batch, side, side, channels)` scaled images.
        training, statistics_rate: See `MeasuredBatchNormalization`.

    Returns:
        `(batch, 4)` float32 logits of 0, 1, 2 and 3 quarter turns.
    """

    def __init__(self, side, channels, base_width, max_width, normalization, seed, **kwargs):
        super().__init__(**kwargs)
        initializers = Initializers(seed)
        widths = plan_widths(len(plan_sizes(side, side)), base_width, max_width)
        self.convolutions = [
            keras.layers.Conv2D(
                width,
                3,
                strides=1 if index == 0 else 2,
                padding="same",
                use_bias=normalization == "none",
                kernel_initializer=initializers.next(),
                dtype=self.dtype_policy,
            )
            for index, width in enumerate(widths)
        ]
        self.normalizations = [make_normalization(normalization, self.dtype_policy) for _ in widths]
        self.head = keras.layers.Dense(
            NUM_TURNS, kernel_initializer=initializers.next(), dtype="float32"
        )
        self(tf.zeros((1, side, side, channels)))

    def call(self, images, training=False, statistics_rate=None):
        features = images
        for convolution, normalization in zip(self.convolutions, self.normalizations, strict=True):
            features = convolution(features)
            features = tf.nn.relu(normalize(normalization, features, training, statistics_rate))
        return self.head(tf.reduce_mean(features, axis=[1, 2]))
