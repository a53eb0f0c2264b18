"""The bias-free convolutional encoder and decoder of Ruff et al. (2018)."""

import keras
import tensorflow as tf

from memgan_tf.layers import MeasuredBatchNormalization
from memgan_tf.networks.blocks import Initializers, plan_sizes

KERNEL, NEGATIVE_SLOPE, EPSILON = 5, 0.01, 1e-4


def _convolution(width, initializers, dtype):
    return keras.layers.Conv2D(
        width,
        KERNEL,
        padding="same",
        use_bias=False,
        kernel_initializer=initializers.next(),
        dtype=dtype,
    )


def _normalization(dtype):
    # An offset would let Deep SVDD's network ignore its input and return the center.
    return MeasuredBatchNormalization(epsilon=EPSILON, affine=False, dtype=dtype)


class LenetEncoder(keras.Model):
    """5×5 convolutions, each with normalization, leaky ReLU and 2×2 max-pooling, and a dense layer.

    It has no bias, so it cannot map every image to one constant (Deep SVDD, Proposition 2).

    Args:
        image_shape: `(height, width, channels)`.
        latent_dim: Size d of a code.
        widths: Channels of the convolutions; those beyond the image's last halving are not used.
        seed: Seed of the initial weights.

    Call arguments:
        images: `(batch, height, width, channels)` scaled images.
        training, statistics_rate: See `MeasuredBatchNormalization`.

    Returns:
        `(batch, latent_dim)` float32 codes.
    """

    def __init__(self, image_shape, latent_dim, widths, seed, **kwargs):
        super().__init__(**kwargs)
        initializers = Initializers(seed)
        widths = widths[: len(plan_sizes(*image_shape[:2])) - 1]
        self.convolutions = [_convolution(w, initializers, self.dtype_policy) for w in widths]
        self.normalizations = [_normalization(self.dtype_policy) for _ in widths]
        self.pooling = keras.layers.MaxPooling2D(2, padding="same", dtype=self.dtype_policy)
        self.head = keras.layers.Dense(
            latent_dim, use_bias=False, kernel_initializer=initializers.next(), dtype="float32"
        )

    def call(self, images, training=False, statistics_rate=None):
        features = images
        for convolution, normalization in zip(self.convolutions, self.normalizations, strict=True):
            features = normalization(
                convolution(features), training=training, statistics_rate=statistics_rate
            )
            features = self.pooling(tf.nn.leaky_relu(features, NEGATIVE_SLOPE))
        shape = (tf.shape(features)[0], features.shape[1:].num_elements())
        return self.head(tf.reshape(features, shape))


class LenetDecoder(keras.Model):
    """The encoder's mirror: nearest-neighbor doublings between 5×5 convolutions.

    A code is laid out over the smallest map and padded with zeros if it is not a multiple of its
    size.

    Args:
        image_shape: `(height, width, channels)`.
        latent_dim: Size d of a code.
        widths: As the encoder's.
        output_activation: `sigmoid`, `tanh` or `linear`.
        seed: Seed of the initial weights.

    Call arguments:
        codes: `(batch, latent_dim)`.
        training, statistics_rate: See `MeasuredBatchNormalization`.

    Returns:
        `(batch, height, width, channels)` float32 scaled images.
    """

    def __init__(self, image_shape, latent_dim, widths, output_activation, seed, **kwargs):
        super().__init__(**kwargs)
        initializers = Initializers(seed)
        self.sizes = plan_sizes(*image_shape[:2])[::-1]
        area = self.sizes[0][0] * self.sizes[0][1]
        self.start_shape = (*self.sizes[0], -(-latent_dim // area))
        self.num_missing = area * self.start_shape[2] - latent_dim
        num_doublings = len(self.sizes) - 1
        widths = widths[:num_doublings][::-1]
        # If there are fewer widths than doublings, the first doublings have no convolution before
        # them.
        self.num_plain = num_doublings - len(widths)
        self.convolutions = [_convolution(w, initializers, self.dtype_policy) for w in widths]
        self.normalizations = [_normalization(self.dtype_policy) for _ in widths]
        self.doubling = keras.layers.UpSampling2D(2, dtype=self.dtype_policy)
        self.last = _convolution(image_shape[2], initializers, self.dtype_policy)
        self.output_activation = keras.activations.get(output_activation)

    def call(self, codes, training=False, statistics_rate=None):
        codes = tf.pad(codes, ((0, 0), (0, self.num_missing)))
        features = tf.reshape(codes, (tf.shape(codes)[0], *self.start_shape))
        features = tf.nn.leaky_relu(features, NEGATIVE_SLOPE)
        for index, (height, width) in enumerate(self.sizes[1:]):
            position = index - self.num_plain
            if position >= 0:
                features = self.normalizations[position](
                    self.convolutions[position](features),
                    training=training,
                    statistics_rate=statistics_rate,
                )
                features = tf.nn.leaky_relu(features, NEGATIVE_SLOPE)
            # Doubling the rounded-up half of an odd size gives one row or column too many.
            features = self.doubling(features)[:, :height, :width]
        return self.output_activation(tf.cast(self.last(features), tf.float32))
