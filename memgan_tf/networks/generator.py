"""The generator G, the encoder's mirror."""

import keras
import tensorflow as tf

from memgan_tf.networks.blocks import (
    Initializers,
    kernel_for,
    make_normalization,
    normalize,
    plan_sizes,
    plan_widths,
)


class Generator(keras.Model):
    """G: codes to images.

    Args:
        image_shape: `(height, width, channels)`.
        base_width, max_width: Channels before the last doubling, and their bound.
        normalization: `batch`, `layer` or `none`.
        output_activation: `tanh` or `linear`.
        seed: Seed of the initial weights.

    Call arguments:
        codes: `(batch, latent_dim)`.
        training, statistics_rate: See `MeasuredBatchNormalization`.

    Returns:
        `(batch, height, width, channels)` float32 scaled images.
    """

    def __init__(
        self, image_shape, base_width, max_width, normalization, output_activation, seed, **kwargs
    ):
        super().__init__(**kwargs)
        initializers = Initializers(seed)
        self.sizes = plan_sizes(*image_shape[:2])[::-1]
        widths = plan_widths(len(self.sizes) - 1, base_width, max_width)[::-1]
        self.start_shape = (*self.sizes[0], widths[0])
        use_bias = normalization == "none"
        self.dense = keras.layers.Dense(
            self.sizes[0][0] * self.sizes[0][1] * widths[0],
            use_bias=use_bias,
            kernel_initializer=initializers.next(),
            dtype=self.dtype_policy,
        )
        self.normalizations = [make_normalization(normalization, self.dtype_policy) for _ in widths]
        self.convolutions = [
            keras.layers.Conv2DTranspose(
                width,
                kernel_for(size),
                strides=2,
                padding="same",
                use_bias=use_bias,
                kernel_initializer=initializers.next(),
                dtype=self.dtype_policy,
            )
            for width, size in zip(widths[1:], self.sizes[1:-1], strict=True)
        ]
        self.last = keras.layers.Conv2DTranspose(
            image_shape[2],
            kernel_for(self.sizes[-1]),
            strides=2,
            padding="same",
            kernel_initializer=initializers.next(),
            dtype=self.dtype_policy,
        )
        self.output_activation = keras.activations.get(output_activation)

    def call(self, codes, training=False, statistics_rate=None):
        features = self.dense(codes)
        features = tf.reshape(features, (tf.shape(features)[0], *self.start_shape))
        for index, normalization in enumerate(self.normalizations):
            features = normalize(normalization, features, training, statistics_rate)
            features = tf.nn.relu(features)
            last = index == len(self.convolutions)
            features = (self.last if last else self.convolutions[index])(features)
            # Doubling an odd size's half gives a row or column too many.
            height, width = self.sizes[index + 1]
            features = features[:, :height, :width]
        return self.output_activation(tf.cast(features, tf.float32))
