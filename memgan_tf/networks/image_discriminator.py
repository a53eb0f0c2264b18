"""A discriminator of images alone, or of pairs of images."""

import keras
import tensorflow as tf

from memgan_tf.networks.blocks import ConvolutionTrunk, Initializers
from memgan_tf.networks.discriminator import NEGATIVE_SLOPE


class ImageDiscriminator(keras.Model):
    """The logit that an image is real. Like D_xz it has no normalisation across the batch.

    Args:
        image_shape: `(height, width, channels)`.
        base_width, max_width: Channels of the trunk.
        dense_width: Units of the layer whose activations are the features.
        seed: Seed of the initial weights.

    Call arguments:
        images: `(batch, height, width, channels)` scaled images.

    Returns:
        `(batch,)` float32 logits.
    """

    def __init__(self, image_shape, base_width, max_width, dense_width, seed, **kwargs):
        super().__init__(**kwargs)
        initializers = Initializers(seed)
        self.trunk = ConvolutionTrunk(
            image_shape,
            base_width,
            max_width,
            normalization="none",
            negative_slope=NEGATIVE_SLOPE,
            initializers=initializers,
            dtype=self.dtype_policy,
        )
        self.dense = keras.layers.Dense(
            dense_width, kernel_initializer=initializers.next(), dtype=self.dtype_policy
        )
        self.head = keras.layers.Dense(1, kernel_initializer=initializers.next(), dtype="float32")

    def features(self, images):
        """What the logit is read from, `(batch, dense_width)` float32."""
        features = tf.nn.leaky_relu(self.dense(self.trunk(images)), NEGATIVE_SLOPE)
        return tf.cast(features, tf.float32)

    def call(self, images):
        return self.head(self.features(images))[:, 0]


class PairDiscriminator(ImageDiscriminator):
    """The logit that of two images the second is the first itself (D_xx of ALAD).

    The images are joined along their height, so that one trunk sees both.

    Args:
        image_shape: `(height, width, channels)` of one image.
        base_width, max_width, dense_width, seed: See `ImageDiscriminator`.

    Call arguments:
        first, second: `(batch, height, width, channels)` scaled images.

    Returns:
        `(batch,)` float32 logits.
    """

    def __init__(self, image_shape, base_width, max_width, dense_width, seed, **kwargs):
        height, width, channels = image_shape
        super().__init__(
            (2 * height, width, channels), base_width, max_width, dense_width, seed, **kwargs
        )

    def features(self, first, second):
        """What the logit is read from, `(batch, dense_width)` float32."""
        return super().features(tf.concat([first, second], axis=1))

    def call(self, first, second):
        return self.head(self.features(first, second))[:, 0]
