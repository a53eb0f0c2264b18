"""What every scaling of pixels begins with."""

import keras
import tensorflow as tf

from memgan_tf.layers.padding import mirror_content


class PixelScaling(keras.layers.Layer):
    """Base of the layers that scale raw pixels.

    Attributes:
        fills_padding: Whether black bars show the photograph's own pixels, mirrored.
    """

    fills_padding = False

    def __init__(self, **kwargs):
        super().__init__(dtype="float32", autocast=False, **kwargs)

    def read(self, pixels: tf.Tensor) -> tf.Tensor:
        """Raw pixels `(batch, height, width, channels)` of any number type as float32."""
        return tf.cast(mirror_content(pixels) if self.fills_padding else pixels, tf.float32)
