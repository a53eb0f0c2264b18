"""Scales pixels to [0, 1], directly or after contrast normalization."""

import keras
import tensorflow as tf

from memgan_tf.layers.pixel_scaling import PixelScaling

# A constant image's mean absolute deviation is 0: below this it is divided by this.
SMALLEST_DEVIATION = 1e-8


@keras.saving.register_keras_serializable("memgan_tf")
class UnitScaling(PixelScaling):
    """Scales raw pixels from [0, 255] to [0, 1].

    Call arguments:
        pixels: `(batch, height, width, channels)` tensor of any number type, 0 to 255.

    Returns:
        float32 tensor of the same shape.
    """

    output_activation = "sigmoid"

    def call(self, pixels):
        return self.read(pixels) / 255.0

    def display(self, images: tf.Tensor) -> tf.Tensor:
        """Scaled images, `(batch, height, width, channels)`, as float32 in [0, 1] for display."""
        return tf.clip_by_value(images, 0.0, 1.0)


@keras.saving.register_keras_serializable("memgan_tf")
class GlobalContrastScaling(PixelScaling):
    """Global contrast normalisation, then [0, 1] by the normal images' range.

    Each image minus the mean of its own values is divided by their mean absolute deviation, then
    scaled by (x - low) / (high - low) with the extremes over the normal training images (Ruff et
    al., 2018). Other images may leave [0, 1]; they are not clipped.

    Call arguments:
        pixels: `(batch, height, width, channels)` tensor of any number type, 0 to 255.

    Returns:
        float32 tensor of the same shape.
    """

    output_activation = "sigmoid"

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.low = self.add_weight(name="low", shape=(), initializer="zeros", trainable=False)
        self.high = self.add_weight(name="high", shape=(), initializer="ones", trainable=False)
        self.built = True

    def call(self, pixels):
        return (global_contrast(self.read(pixels)) - self.low) / (self.high - self.low)

    def measure(self, batches) -> None:
        """Sets the range from normal images: an iterable of raw pixel batches."""
        extremes = [
            (tf.reduce_min(images), tf.reduce_max(images))
            for images in (global_contrast(self.read(batch)) for batch in batches)
        ]
        low = min(float(minimum) for minimum, _ in extremes)
        high = max(float(maximum) for _, maximum in extremes)
        self.low.assign(low)
        # Images without contrast have no range; with 1 they stay at 0.
        self.high.assign(high if high > low else low + 1.0)

    def restore(self, images: tf.Tensor) -> tf.Tensor:
        """Contrast-normalized images from scaled ones, the inverse of the second step."""
        return images * (self.high - self.low) + self.low

    def display(self, images: tf.Tensor) -> tf.Tensor:
        """Scaled images, `(batch, height, width, channels)`, as float32 in [0, 1] for display."""
        low = tf.reduce_min(images, axis=[1, 2, 3], keepdims=True)
        high = tf.reduce_max(images, axis=[1, 2, 3], keepdims=True)
        return (images - low) / tf.maximum(high - low, 1e-6)


def global_contrast(pixels: tf.Tensor) -> tf.Tensor:
    """Each image minus its mean, divided by its mean absolute deviation; float32, 0 if constant."""
    pixels = tf.cast(pixels, tf.float32)
    centred = pixels - tf.reduce_mean(pixels, axis=[1, 2, 3], keepdims=True)
    deviation = tf.reduce_mean(tf.abs(centred), axis=[1, 2, 3], keepdims=True)
    return centred / tf.maximum(deviation, SMALLEST_DEVIATION)
