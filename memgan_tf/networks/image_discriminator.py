"""A discriminator of images alone, or of pairs of images."""

import keras
import tensorflow as tf

from memgan_tf.networks.blocks import ConvolutionTrunk, Initializers, drop, linear_layers
from memgan_tf.networks.discriminator import NEGATIVE_SLOPE


class ImageDiscriminator(keras.Model):
    """Logit that an image is real.

    Args:
        image_shape: `(height, width, channels)`.
        base_width, max_width: Channels of the trunk.
        dense_width: Units of the layer whose activations are the features.
        seed: Seed of the initial weights.
        dropout: Share of the hidden units that dropout removes.
        spectral_normalization: Whether the hidden layers' kernels are divided by their largest
            singular values.
        normalization: `none`, `layer` or `batch`, of all convolutions but the first. With `batch`
            the answer for an image in training depends on the others of its batch.

    Attributes:
        dropped_shapes: Shapes of the hidden features that dropout acts on, for one image.

    Call arguments:
        images: `(batch, height, width, channels)` scaled images.
        kept: Masks of `drop`, one for each of `dropped_shapes`; empty drops nothing.
        training, statistics_rate: See `MeasuredBatchNormalization`.

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
        normalization="none",
        **kwargs,
    ):
        super().__init__(**kwargs)
        initializers = Initializers(seed)
        self.trunk = ConvolutionTrunk(
            image_shape,
            base_width,
            max_width,
            normalization=normalization,
            negative_slope=NEGATIVE_SLOPE,
            initializers=initializers,
            spectral_normalization=spectral_normalization,
            dropout=dropout,
            plain_first=True,
            dtype=self.dtype_policy,
        )
        self.dropout = dropout
        self.dropped_shapes = [*self.trunk.feature_shapes, (dense_width,)] if dropout > 0 else []
        _, dense = linear_layers(spectral_normalization)
        self.dense = dense(
            dense_width, kernel_initializer=initializers.next(), dtype=self.dtype_policy
        )
        self.head = keras.layers.Dense(1, kernel_initializer=initializers.next(), dtype="float32")

    def features(self, images, kept=(), training=False, statistics_rate=None):
        """Features that the logit is linear in, `(batch, dense_width)` float32."""
        options = {"training": training, "statistics_rate": statistics_rate}
        features = self.dense(self.trunk(images, kept=kept[:-1], **options))
        features = tf.nn.leaky_relu(features, NEGATIVE_SLOPE)
        features = drop(features, kept[-1] if kept else None, self.dropout)
        return tf.cast(features, tf.float32)

    def call(self, images, kept=(), training=False, statistics_rate=None):
        options = {"training": training, "statistics_rate": statistics_rate}
        return self.head(self.features(images, kept, **options))[:, 0]


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


class PairConvolutions(keras.Model):
    """D_xx of ALAD as its authors' code has it: two 5×5 convolutions, whose map is the features.

    The images are joined along their height. The features keep where in the image they are, so
    their distance is near to one of pixels.

    Args:
        image_shape: `(height, width, channels)` of one image.
        base_width: Channels of the first convolution; the second has twice as many.
        seed: Seed of the initial weights.
        dropout: Share of the features that dropout removes after each convolution.
        spectral_normalization: Whether the kernels are divided by their largest singular values.

    Attributes:
        dropped_shapes: Shapes of the hidden features that dropout acts on, for one image.

    Call arguments:
        first, second: `(batch, height, width, channels)` scaled images.
        kept: Masks of `drop`, one for each of `dropped_shapes`; empty drops nothing.

    Returns:
        `(batch,)` float32 logits.
    """

    def __init__(
        self, image_shape, base_width, seed, dropout=0.0, spectral_normalization=False, **kwargs
    ):
        super().__init__(**kwargs)
        initializers = Initializers(seed)
        convolution, _ = linear_layers(spectral_normalization)
        height, width, _ = image_shape
        self.dropout, self.convolutions, shapes = dropout, [], []
        rows, columns = 2 * height, width
        for channels in (base_width, 2 * base_width):
            rows, columns = (rows + 1) // 2, (columns + 1) // 2
            shapes.append((rows, columns, channels))
            self.convolutions.append(
                convolution(
                    channels,
                    5,
                    strides=2,
                    padding="same",
                    kernel_initializer=initializers.next(),
                    dtype=self.dtype_policy,
                )
            )
        self.dropped_shapes = shapes if dropout > 0 else []
        self.head = keras.layers.Dense(1, kernel_initializer=initializers.next(), dtype="float32")

    def features(self, first, second, kept=()):
        """Features that the logit is linear in, `(batch, num_features)` float32."""
        features = tf.concat([first, second], axis=1)
        for layer, mask in zip(self.convolutions, kept or (None, None), strict=True):
            features = tf.nn.leaky_relu(layer(features), NEGATIVE_SLOPE)
            features = drop(features, mask, self.dropout)
        flat = tf.reshape(features, (tf.shape(features)[0], features.shape[1:].num_elements()))
        return tf.cast(flat, tf.float32)

    def call(self, first, second, kept=()):
        return self.head(self.features(first, second, kept))[:, 0]
