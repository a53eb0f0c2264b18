"""A discriminator of images alone, or of pairs of images."""

import keras
import tensorflow as tf

from memgan_tf.networks.blocks import ConvolutionTrunk, Initializers, drop, linear_layers
from memgan_tf.networks.discriminator import NEGATIVE_SLOPE


class ImageDiscriminator(keras.Model):
    """Logit that an image is real. Like D_xz it has no normalization across the batch.

    Args:
        image_shape: `(height, width, channels)`.
        base_width, max_width: Channels of the trunk.
        dense_width: Units of the layer whose activations are the features.
        seed: Seed of the initial weights.
        dropout: Share of the hidden units that dropout removes.
        spectral_normalization: Whether the hidden layers' kernels are divided by their largest
            singular values.

    Attributes:
        dropped_shapes: Shapes of the hidden features that dropout acts on, for one image.

    Call arguments:
        images: `(batch, height, width, channels)` scaled images.
        kept: Masks of `drop`, one for each of `dropped_shapes`; empty drops nothing.

    Returns:
        `(batch,)` float32 logits.
    """

    def __init__(
        self,
        image_shape,
        base_width,
        max_width,
        dense_width,
        seed,
        dropout=0.0,
        spectral_normalization=False,
        **kwargs,
    ):
        super().__init__(**kwargs)
        initializers = Initializers(seed)
        self.trunk = ConvolutionTrunk(
            image_shape,
            base_width,
            max_width,
            normalization="none",
            negative_slope=NEGATIVE_SLOPE,
            initializers=initializers,
            spectral_normalization=spectral_normalization,
            dropout=dropout,
            dtype=self.dtype_policy,
        )
        self.dropout = dropout
        self.dropped_shapes = [*self.trunk.feature_shapes, (dense_width,)] if dropout > 0 else []
        _, dense = linear_layers(spectral_normalization)
        self.dense = dense(
            dense_width, kernel_initializer=initializers.next(), dtype=self.dtype_policy
        )
        self.head = keras.layers.Dense(1, kernel_initializer=initializers.next(), dtype="float32")

    def features(self, images, kept=()):
        """Features that the logit is linear in, `(batch, dense_width)` float32."""
        features = self.dense(self.trunk(images, kept=kept[:-1]))
        features = tf.nn.leaky_relu(features, NEGATIVE_SLOPE)
        features = drop(features, kept[-1] if kept else None, self.dropout)
        return tf.cast(features, tf.float32)

    def call(self, images, kept=()):
        return self.head(self.features(images, kept))[:, 0]


class PairDiscriminator(ImageDiscriminator):
    """Logit that the second of two images is the first one itself (D_xx of ALAD).

    The images are joined along their height, so that one trunk sees both.

    Args:
        image_shape: `(height, width, channels)` of one image.
        base_width, max_width, dense_width, seed, dropout, spectral_normalization: See
            `ImageDiscriminator`.

    Call arguments:
        first, second: `(batch, height, width, channels)` scaled images.
        kept: See `ImageDiscriminator`.

    Returns:
        `(batch,)` float32 logits.
    """

    def __init__(self, image_shape, base_width, max_width, dense_width, seed, **kwargs):
        height, width, channels = image_shape
        super().__init__(
            (2 * height, width, channels), base_width, max_width, dense_width, seed, **kwargs
        )

    def features(self, first, second, kept=()):  # type: ignore[override]
        """Features that the logit is linear in, `(batch, dense_width)` float32."""
        return super().features(tf.concat([first, second], axis=1), kept)

    def call(self, first, second, kept=()):  # type: ignore[override]
        return self.head(self.features(first, second, kept))[:, 0]
