"""The generator G, the encoder's mirror."""

import math

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
        base_width, max_width: Channels before the last doubling, and their maximum.
        normalization: `batch`, `layer` or `none`.
        output_activation: `tanh` or `linear`.
        seed: Seed of the initial weights.
        flat_codes: Whether a code is the flattened smallest map, as `Encoder` returns it when
            `latent_dim` is 0. Then there is no dense layer before the convolutions.

    Call arguments:
        codes: `(batch, latent_dim)`.
        training, statistics_rate: See `MeasuredBatchNormalization`.

    Returns:
        `(batch, height, width, channels)` float32 scaled images.
    """

    def __init__(
        self,
        image_shape,
        base_width,
        max_width,
        normalization,
        output_activation,
        seed,
        flat_codes=False,
        **kwargs,
    ):
        super().__init__(**kwargs)
        initializers = Initializers(seed)
        self.sizes = plan_sizes(*image_shape[:2])[::-1]
        widths = plan_widths(len(self.sizes) - 1, base_width, max_width)[::-1]
        self.start_shape = (*self.sizes[0], widths[0])
        use_bias = normalization == "none"
        self.dense = None
        if not flat_codes:
            self.dense = keras.layers.Dense(
                math.prod(self.start_shape),
                use_bias=use_bias,
                kernel_initializer=initializers.next(),
                dtype=self.dtype_policy,
            )
        # A flat code goes to the first convolution unchanged.
        self.num_plain = 1 if flat_codes else 0
        self.normalizations = [
            make_normalization(normalization, self.dtype_policy) for _ in widths[self.num_plain :]
        ]
        options = {"strides": 2, "padding": "same", "dtype": self.dtype_policy}
        self.convolutions = [
            keras.layers.Conv2DTranspose(
                width,
                kernel_for(size),
                use_bias=use_bias,
                kernel_initializer=initializers.next(),
                **options,
            )
            for width, size in zip(widths[1:], self.sizes[1:-1], strict=True)
        ]
        self.last = keras.layers.Conv2DTranspose(
            image_shape[2],
            kernel_for(self.sizes[-1]),
            kernel_initializer=initializers.next(),
            **options,
        )
        self.output_activation = keras.activations.get(output_activation)

    def build(self, input_shape):
        if self.dense is not None:
            self.dense.build(input_shape)
        shape = (None, *self.start_shape)
        for index, convolution in enumerate([*self.convolutions, self.last]):
            position = index - self.num_plain
            if position >= 0:
                self.normalizations[position].build(shape)
            convolution.build(shape)
            shape = (None, *self.sizes[index + 1], convolution.filters)

    def call(self, codes, training=False, statistics_rate=None):
        features = codes if self.dense is None else self.dense(codes)
        features = tf.reshape(features, (tf.shape(features)[0], *self.start_shape))
        for index, convolution in enumerate([*self.convolutions, self.last]):
            position = index - self.num_plain
            if position >= 0:
                normalization = self.normalizations[position]
                features = normalize(normalization, features, training, statistics_rate)
                features = tf.nn.relu(features)
            features = convolution(features)
            # Doubling the rounded-up half of an odd size gives one row or column too many.
            height, width = self.sizes[index + 1]
            if features.shape[1:3] != (height, width):
                # The gradient of this slice is a pad; that of features[:, :height, :width] is
                # slower.
                features = tf.slice(features, (0, 0, 0, 0), (-1, height, width, -1))
        return self.output_activation(tf.cast(features, tf.float32))
