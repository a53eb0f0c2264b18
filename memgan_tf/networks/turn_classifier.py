"""The classifier of quarter turns."""

import keras
import tensorflow as tf

from memgan_tf.losses.turns import NUM_TURNS
from memgan_tf.networks.blocks import (
    Initializers,
    kernel_for,
    make_normalization,
    normalize,
    plan_sizes,
    plan_widths,
)


class TurnClassifier(keras.Model):
    """Classifies by how many quarter turns an image was turned (Gidaris et al., 2018).

    A stride-2 convolution, a residual block (He et al., 2016) at each further halving down to 4×4
    (at least one), the mean over the last map, a dense layer.

    Args:
        side: Side of the square images.
        channels: Channels of the images.
        base_width, max_width: Channels of the first convolution, doubled at each further halving,
            and their maximum.
        normalization: `batch`, `layer` or `none`.
        seed: Seed of the initial weights.

    Call arguments:
        images: `(batch, side, side, channels)` scaled images.
        training, statistics_rate: See `MeasuredBatchNormalization`.

    Returns:
        `(batch, 4)` float32 logits of 0, 1, 2 and 3 quarter turns, and the `(batch, num_features)`
        float32 features that the logits are linear in.

    Attributes:
        num_features: Channels of the last map.
    """

    def __init__(self, side, channels, base_width, max_width, normalization, seed, **kwargs):
        super().__init__(**kwargs)
        initializers = Initializers(seed)
        options = {"normalization": normalization, "initializers": initializers}
        options["dtype"] = self.dtype_policy
        num_halvings = max(2, len(plan_sizes(side, side)) - 1)
        widths = plan_widths(num_halvings, base_width, max_width)
        self.first = NormalizedConvolution(widths[0], kernel_for((side, side)), 2, **options)
        self.blocks = [ResidualBlock(width, **options) for width in widths[1:]]
        self.num_features = widths[-1]
        self.head = keras.layers.Dense(
            NUM_TURNS, kernel_initializer=initializers.next(), dtype="float32"
        )
        self(tf.zeros((1, side, side, channels)))

    def call(self, images, training=False, statistics_rate=None):
        modes = {"training": training, "statistics_rate": statistics_rate}
        features = self.first_map(images, **modes)
        for block in self.blocks:
            features = block(features, **modes)
        means = tf.cast(tf.reduce_mean(features, axis=[1, 2]), tf.float32)
        return self.head(means), means

    def first_map(self, images, training=False, statistics_rate=None):
        """The first convolution's map, `(batch, side / 2, side / 2, base_width)`.

        Args:
            images: As in a call, of any height and width.
            training, statistics_rate: As in a call.
        """
        return tf.nn.relu(self.first(images, training=training, statistics_rate=statistics_rate))


class ResidualBlock(keras.layers.Layer):
    """Halves an image: ReLU(shortcut + two 3×3 convolutions, the first of stride 2).

    The shortcut averages 2×2 pixels and is a 1×1 convolution.

    Args:
        width: Output channels.
        normalization, initializers: As in `TurnClassifier`.
    """

    def __init__(self, width, normalization, initializers, **kwargs):
        super().__init__(**kwargs)
        options = {"normalization": normalization, "initializers": initializers}
        options["dtype"] = self.dtype_policy
        self.first = NormalizedConvolution(width, 3, 2, **options)
        self.second = NormalizedConvolution(width, 3, 1, **options)
        self.pooling = keras.layers.AveragePooling2D(2, padding="same", dtype=self.dtype_policy)
        self.shortcut = keras.layers.Conv2D(
            width,
            1,
            use_bias=False,
            kernel_initializer=initializers.next(),
            dtype=self.dtype_policy,
        )

    def call(self, features, training=False, statistics_rate=None):
        modes = {"training": training, "statistics_rate": statistics_rate}
        added = self.second(tf.nn.relu(self.first(features, **modes)), **modes)
        return tf.nn.relu(self.shortcut(self.pooling(features)) + added)


class NormalizedConvolution(keras.layers.Layer):
    """A convolution followed by normalization.

    Args:
        width: Output channels.
        kernel, stride: Kernel size and stride of the convolution.
        normalization, initializers: As in `TurnClassifier`.
    """

    def __init__(self, width, kernel, stride, normalization, initializers, **kwargs):
        super().__init__(**kwargs)
        self.convolution = keras.layers.Conv2D(
            width,
            kernel,
            strides=stride,
            padding="same",
            use_bias=normalization == "none",
            kernel_initializer=initializers.next(),
            dtype=self.dtype_policy,
        )
        self.normalization = make_normalization(normalization, self.dtype_policy)

    def call(self, features, training=False, statistics_rate=None):
        return normalize(self.normalization, self.convolution(features), training, statistics_rate)
