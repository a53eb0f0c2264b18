"""The encoder E."""

import keras

from memgan_tf.networks.blocks import ConvolutionTrunk, Initializers


class Encoder(keras.Model):
    """E: images to codes.

    Args:
        image_shape: `(height, width, channels)`.
        latent_dim: Size d of a code.
        base_width, max_width: Channels after the first halving, and their bound.
        normalization: `batch`, `layer` or `none`.
        seed: Seed of the initial weights.

    Call arguments:
        images: `(batch, height, width, channels)` scaled images.
        training, statistics_rate: See `MeasuredBatchNormalization`.

    Returns:
        `(batch, latent_dim)` float32 codes, unbounded.
    """

    def __init__(
        self, image_shape, latent_dim, base_width, max_width, normalization, seed, **kwargs
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
            dtype=self.dtype_policy,
        )
        self.head = keras.layers.Dense(
            latent_dim, kernel_initializer=initializers.next(), dtype="float32"
        )

    def call(self, images, training=False, statistics_rate=None):
        return self.head(self.trunk(images, training=training, statistics_rate=statistics_rate))
