"""Pixels as the networks see them."""

import keras
import tensorflow as tf

from memgan_tf.layers.padding import mirror_content
from memgan_tf.validation import check_choice, check_real

INPUT_SCALINGS = ("symmetric", "contrast", "contrast_l1", "contrast_root")
# What the additional channel of `ContrastPlaneScaling` shows.
PLANES = ("level", "map")
# Side of the window that a local contrast is measured in, in pixels.
WINDOW = 5
# About the usual standard deviations, of 255, of a photograph and of such a window.
USUAL_DEVIATION, USUAL_LOCAL_DEVIATION = 48.0, 16.0
# Keeps the logarithm of an even image's deviation finite.
EVEN_DEVIATION = 2.0
# An image whose pixels vary by less than this (of 255) counts as constant and becomes zeros.
CONSTANT_DEVIATION = 1e-3
# A constant image's mean absolute deviation is 0: below this it is divided by this.
SMALLEST_DEVIATION = 1e-8


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

    def scaled_shape(self, image_shape: tuple[int, int, int]) -> tuple[int, int, int]:
        """`(height, width, channels)` of a scaled image, given that of a raw one."""
        height, width, channels = image_shape
        return height, width, channels


@keras.saving.register_keras_serializable("memgan_tf")
class ImageScaling(PixelScaling):
    """Scales raw pixels.

    Args:
        law: `symmetric`: [0, 255] to [-1, 1]. `contrast`: each image minus the mean of its own
            values, divided by their standard deviation, times `contrast_scale`. `contrast_l1`:
            divided by their mean absolute deviation instead, which preserves how unevenly an
            image's contrast is spread. `contrast_root`: divided by the root of 48 times the
            standard deviation, so that an image keeps a part of its contrast. A constant image
            becomes zeros.
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
        if self.law in ("contrast", "contrast_root"):
            mean, variance = tf.nn.moments(pixels, axes=[1, 2, 3], keepdims=True)
            deviation = tf.sqrt(variance)
        else:
            mean = tf.reduce_mean(pixels, axis=[1, 2, 3], keepdims=True)
            deviation = tf.reduce_mean(tf.abs(pixels - mean), axis=[1, 2, 3], keepdims=True)
        divisor = tf.maximum(deviation, CONSTANT_DEVIATION)
        if self.law == "contrast_root":
            divisor = tf.sqrt(USUAL_DEVIATION * divisor)
        scale = self.contrast_scale / divisor
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
    """Global contrast normalization, then [0, 1] by the range of the normal images.

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


@keras.saving.register_keras_serializable("memgan_tf")
class ContrastPlaneScaling(PixelScaling):
    """Scales raw pixels as `contrast` does and adds the logarithm of their contrast.

    Args:
        plane: `level`: the standard deviation of the whole image, the same at every pixel. `map`:
            that of the gray values in a window around each pixel, which also shows where an image
            is smooth.
        contrast_scale: Deviation of the contrast-normalized channels, and the channel's value of a
            contrast twice the usual one; of a `level`, half of that value. Positive.

    Call arguments:
        pixels: `(batch, height, width, channels)` tensor of any number type, 0 to 255.

    Returns:
        float32 tensor `(batch, height, width, channels + 1)`.
    """

    output_activation = "linear"

    def __init__(self, plane, contrast_scale=0.5, **kwargs):
        super().__init__(**kwargs)
        self.plane = check_choice("plane", plane, PLANES)
        self.contrast_scale = check_real("contrast_scale", contrast_scale, minimum=1e-6)
        self.normalize = ImageScaling("contrast", contrast_scale)

    def scaled_shape(self, image_shape):
        return (*image_shape[:2], image_shape[2] + 1)

    def call(self, pixels):
        pixels = self.read(pixels)
        plane = self._level(pixels) if self.plane == "level" else self._map(pixels)
        return tf.concat([self.normalize(pixels), self.contrast_scale * plane], axis=-1)

    def _level(self, pixels):
        deviation = tf.math.reduce_std(pixels, axis=[1, 2, 3], keepdims=True)
        level = 2.0 * _log2((deviation + EVEN_DEVIATION) / USUAL_DEVIATION)
        return level + tf.zeros_like(pixels[..., :1])

    def _map(self, pixels):
        gray = tf.reduce_mean(pixels, axis=-1, keepdims=True)
        gray -= tf.reduce_mean(gray, axis=[1, 2], keepdims=True)
        means, squares = (tf.nn.avg_pool2d(v, WINDOW, 1, "SAME") for v in (gray, gray * gray))
        deviations = tf.sqrt(tf.maximum(squares - means * means, 0.0))
        return _log2((deviations + EVEN_DEVIATION) / USUAL_LOCAL_DEVIATION)

    def display(self, images: tf.Tensor) -> tf.Tensor:
        """The pixels of scaled images, as float32 in [0, 1] for display, without the contrast."""
        return self.normalize.display(images[..., :-1])

    def get_config(self):
        return {
            **super().get_config(),
            "plane": self.plane,
            "contrast_scale": self.contrast_scale,
        }


def global_contrast(pixels: tf.Tensor) -> tf.Tensor:
    """Each image minus its mean, divided by its mean absolute deviation; float32, 0 if constant."""
    pixels = tf.cast(pixels, tf.float32)
    centered = pixels - tf.reduce_mean(pixels, axis=[1, 2, 3], keepdims=True)
    deviation = tf.reduce_mean(tf.abs(centered), axis=[1, 2, 3], keepdims=True)
    return centered / tf.maximum(deviation, SMALLEST_DEVIATION)


def make_scaling(law: str, contrast_scale: float) -> keras.layers.Layer:
    """The layer for an `input_scaling` setting.

    Args:
        law: Name: one of `INPUT_SCALINGS`, `contrast_level`, `contrast_map`, `unit` or
            `global_contrast`.
        contrast_scale: See `ImageScaling`.

    Raises:
        ValueError: If the name is unknown.
    """
    planes = {f"contrast_{plane}": plane for plane in PLANES}
    check_choice("input_scaling", law, (*INPUT_SCALINGS, *planes, "unit", "global_contrast"))
    if law in planes:
        return ContrastPlaneScaling(planes[law], contrast_scale)
    if law == "unit":
        return UnitScaling()
    if law == "global_contrast":
        return GlobalContrastScaling()
    return ImageScaling(law, contrast_scale)


def _log2(values):
    return tf.math.log(values) / tf.math.log(2.0)
