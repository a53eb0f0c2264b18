"""Pixels as the networks see them."""

import keras
import tensorflow as tf

from memgan_tf.layers.pixel_scaling import PixelScaling
from memgan_tf.validation import check_choice, check_real

INPUT_SCALINGS = ("symmetric", "contrast", "contrast_l1")
# An image whose pixels vary by less than this (of 255) counts as constant and becomes zeros.
CONSTANT_DEVIATION = 1e-3


@keras.saving.register_keras_serializable("memgan_tf")
class ImageScaling(PixelScaling):
    """Scales raw pixels.

    Args:
        law: `symmetric`: [0, 255] to [-1, 1]. `contrast`: each image minus the mean of its own
            values, divided by their standard deviation, times `contrast_scale`. `contrast_l1`:
            divided by their mean absolute deviation instead, which preserves how unevenly an
            image's contrast is spread. A constant image becomes zeros.
        contrast_scale: Deviation of a contrast-normalized image. Positive.

    Call arguments:
        pixels: `(batch, height, width, channels)` tensor of any number type, 0 to 255.

    Returns:
        float32 tensor of the same shape.
    """

    def __init__(self, law, contrast_scale=0.5, **kwargs):
        super().__init__(**kwargs)
        self.law = check_choice("law", law, INPUT_SCALINGS)
        self.contrast_scale = check_real("contrast_scale", contrast_scale, minimum=1e-6)

    @property
    def output_activation(self) -> str:
        """Activation with which the last layer of a generator has the range of this layer."""
        return "tanh" if self.law == "symmetric" else "linear"

    def call(self, pixels):
        pixels = self.read(pixels)
        if self.law == "symmetric":
            return pixels / 127.5 - 1.0
        if self.law == "contrast":
            mean, variance = tf.nn.moments(pixels, axes=[1, 2, 3], keepdims=True)
            deviation = tf.sqrt(variance)
        else:
            mean = tf.reduce_mean(pixels, axis=[1, 2, 3], keepdims=True)
            deviation = tf.reduce_mean(tf.abs(pixels - mean), axis=[1, 2, 3], keepdims=True)
        scale = self.contrast_scale / tf.maximum(deviation, CONSTANT_DEVIATION)
        return tf.where(deviation > CONSTANT_DEVIATION, (pixels - mean) * scale, 0.0)

    def display(self, images: tf.Tensor) -> tf.Tensor:
        """Scaled images, `(batch, height, width, channels)`, as float32 in [0, 1] for display."""
        if self.law == "symmetric":
            return tf.clip_by_value((images + 1.0) / 2.0, 0.0, 1.0)
        low = tf.reduce_min(images, axis=[1, 2, 3], keepdims=True)
        high = tf.reduce_max(images, axis=[1, 2, 3], keepdims=True)
        return (images - low) / tf.maximum(high - low, 1e-6)

    def get_config(self):
        return {
            **super().get_config(),
            "law": self.law,
            "contrast_scale": self.contrast_scale,
        }
