"""The encoder E."""

import math

import keras
import tensorflow as tf

from memgan_tf.networks.blocks import (
    ConvolutionTrunk,
    Initializers,
    make_normalization,
    normalize,
)


class Encoder(keras.Model):
    """E: images to codes.

    Args:
        image_shape: `(height, width, channels)`.
        latent_dim: Size d of a code; 0 uses the flattened map of the last convolution as the code.
        base_width, max_width: Channels after the first halving, and their maximum.
        normalization: `batch`, `layer` or `none`.
        seed: Seed of the initial weights.
        spectral_normalization: Whether the convolutions' kernels are divided by their largest
            singular values.
        normalizes_codes: Whether each value of a code is normalized to mean 0 and deviation 1 over
            the batch; in a map, each channel.

    Attributes:
        code_size: Number of values in a code.

    Call arguments:
        images: `(batch, height, width, channels)` scaled images.
        training, statistics_rate: See `MeasuredBatchNormalization`.

    Returns:
        `(batch, latent_dim)` float32 codes, unbounded.
    """

    def __init__(
        self,
        image_shape,
        latent_dim,
        base_width,
        max_width,
        normalization,
        seed,
        spectral_normalization=False,
        normalizes_codes=False,
        **kwargs,
    ):
        super().__init__(**kwargs)
        initializers = Initializers(seed)
        self.trunk = ConvolutionTrunk(
            image_shape,
            base_width,
            max_width,
            normalization,
            negative_slope=0.1,
            initializers=initializers,
            spectral_normalization=spectral_normalization,
            dtype=self.dtype_policy,
        )
        self.head, self.code_size = None, latent_dim or math.prod(self.trunk.feature_shapes[-1])
        self.code_normalization = (
            make_normalization("batch", "float32") if normalizes_codes else None
        )
        self.num_channels = latent_dim or self.trunk.feature_shapes[-1][-1]
        if latent_dim:
            self.head = keras.layers.Dense(
                latent_dim, kernel_initializer=initializers.next(), dtype="float32"
            )

    def build(self, input_shape):
        self.trunk.build(input_shape)
        if self.head is not None:
            self.head.build((None, math.prod(self.trunk.feature_shapes[-1])))
        if self.code_normalization is not None:
            self.code_normalization.build((None, self.num_channels))

    def call(self, images, training=False, statistics_rate=None):
        features = self.trunk(images, training=training, statistics_rate=statistics_rate)
        codes = tf.cast(features, tf.float32) if self.head is None else self.head(features)
        if self.code_normalization is None:
            return codes
        values = tf.reshape(codes, (-1, self.num_channels))
        values = normalize(self.code_normalization, values, training, statistics_rate)
        return tf.reshape(values, (-1, self.code_size))
