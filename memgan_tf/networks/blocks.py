"""Parts that the networks share: plan of sizes, normalization, convolution trunk."""

import itertools

import keras
import tensorflow as tf

from memgan_tf.layers import MeasuredBatchNormalization
from memgan_tf.layers.spectral import SpectralConv2D, SpectralDense
from memgan_tf.validation import check_choice

# The trunk halves an image until no side is longer than this.
SMALLEST_SIDE = 4


def plan_sizes(height: int, width: int) -> list[tuple[int, int]]:
    """Sizes of an image after each halving, rounded up, until both sides are at most 4."""
    sizes = [(height, width)]
    while max(sizes[-1]) > SMALLEST_SIDE:
        height, width = sizes[-1]
        sizes.append(((height + 1) // 2, (width + 1) // 2))
    return sizes


def plan_widths(levels: int, base_width: int, max_width: int) -> list[int]:
    """Channels after each halving: `base_width` doubled each time, at most `max_width`."""
    return [min(base_width * 2**level, max_width) for level in range(levels)]


def code_map_shape(
    image_shape: tuple[int, int, int], base_width: int, max_width: int
) -> tuple[int, int, int]:
    """`(height, width, channels)` of the encoder's smallest map, for images of a shape."""
    sizes = plan_sizes(*image_shape[:2])
    return (*sizes[-1], plan_widths(len(sizes) - 1, base_width, max_width)[-1])


def kernel_for(size: tuple[int, int]) -> tuple[int, int]:
    """Kernel of a stride-2 convolution from `size`: 4 on even sides, 3 on odd ones."""
    height, width = (4 if side % 2 == 0 else 3 for side in size)
    return height, width


class Initializers:
    """Gives each weight matrix of a network its own seed: 0, 1, 2, … after `seed` × 1000."""

    def __init__(self, seed: int):
        self._seeds = itertools.count(seed * 1000)

    def next(self) -> keras.initializers.Initializer:
        """Glorot's uniform distribution with the next seed."""
        return keras.initializers.GlorotUniform(seed=next(self._seeds))


def make_normalization(name: str, dtype) -> keras.layers.Layer:
    """The layer for a `normalization` setting.

    Raises:
        ValueError: If the name is unknown.
    """
    check_choice("normalization", name, ("batch", "layer", "none"))
    if name == "batch":
        return MeasuredBatchNormalization(dtype=dtype)
    if name == "layer":
        return keras.layers.LayerNormalization(dtype=dtype)
    return keras.layers.Identity(dtype=dtype)


def linear_layers(spectral_normalization: bool) -> tuple[type, type]:
    """The classes of a network's convolutions and of its dense layers."""
    if spectral_normalization:
        return SpectralConv2D, SpectralDense
    return keras.layers.Conv2D, keras.layers.Dense


def drop(features: tf.Tensor, kept: tf.Tensor | None, dropout: float) -> tf.Tensor:
    """Dropout: the `kept` features, divided by the share that is kept.

    Args:
        features: `(batch, …)`.
        kept: Booleans of the same shape; None returns the features unchanged.
        dropout: Share that is not kept, in [0, 1).
    """
    if kept is None:
        return features
    return features * tf.cast(kept, features.dtype) / (1.0 - dropout)


def normalize(layer, tensor, training, statistics_rate):
    """Calls a layer of `make_normalization` with the arguments that it accepts."""
    if isinstance(layer, MeasuredBatchNormalization):
        return layer(tensor, training=training, statistics_rate=statistics_rate)
    return layer(tensor)


class ConvolutionTrunk(keras.layers.Layer):
    """Stride-2 convolutions with normalization and leaky ReLU, flattened at the end.

    Args:
        image_shape: `(height, width, channels)`.
        base_width, max_width: See `plan_widths`.
        normalization: `batch`, `layer` or `none`.
        negative_slope: Slope of the leaky ReLU for negative inputs.
        initializers: Where the kernels' initial values come from.
        spectral_normalization: Whether each kernel is divided by its largest singular value.
        dropout: Share of the features that dropout removes.
        plain_first: Whether the first convolution has a bias and no normalization.

    Attributes:
        feature_shapes: `(height, width, channels)` after each convolution.

    Call arguments:
        images: `(batch, height, width, channels)` scaled images.
        training, statistics_rate: See `MeasuredBatchNormalization`.
        kept: Masks of `drop`, one for each of `feature_shapes`; empty drops nothing.

    Returns:
        `(batch, features)` tensor.
    """

    def __init__(
        self,
        image_shape,
        base_width,
        max_width,
        normalization,
        negative_slope,
        initializers,
        spectral_normalization=False,
        dropout=0.0,
        plain_first=False,
        **kwargs,
    ):
        super().__init__(**kwargs)
        sizes = plan_sizes(*image_shape[:2])
        widths = plan_widths(len(sizes) - 1, base_width, max_width)
        self.feature_shapes = [
            (*size, width) for size, width in zip(sizes[1:], widths, strict=True)
        ]
        self.negative_slope, self.dropout = negative_slope, dropout
        convolution, _ = linear_layers(spectral_normalization)
        names = [normalization for _ in widths]
        if plain_first:
            names[0] = "none"
        self.convolutions = [
            convolution(
                width,
                kernel_for(size),
                strides=2,
                padding="same",
                use_bias=name == "none",
                kernel_initializer=initializers.next(),
                dtype=self.dtype_policy,
            )
            for size, width, name in zip(sizes, widths, names, strict=False)
        ]
        self.normalizations = [make_normalization(name, self.dtype_policy) for name in names]

    def build(self, input_shape):
        shape = input_shape
        for convolution, normalization, made in zip(
            self.convolutions, self.normalizations, self.feature_shapes, strict=True
        ):
            convolution.build(shape)
            shape = (None, *made)
            normalization.build(shape)

    def call(self, images, training=False, statistics_rate=None, kept=()):
        features = images
        masks = kept or [None] * len(self.convolutions)
        for convolution, normalization, mask in zip(
            self.convolutions, self.normalizations, masks, strict=True
        ):
            features = normalize(normalization, convolution(features), training, statistics_rate)
            features = drop(tf.nn.leaky_relu(features, self.negative_slope), mask, self.dropout)
        return tf.reshape(features, (tf.shape(features)[0], features.shape[1:].num_elements()))
