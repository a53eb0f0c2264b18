"""Encoded images to pixels, as TensorFlow functions: the same in Python and in a SavedModel."""

import tensorflow as tf


def decode_image(encoded: tf.Tensor, image_shape: tuple[int, int, int]) -> tf.Tensor:
    """Decodes one image and fits it to a shape.

    Args:
        encoded: Scalar string, a PNG, JPEG, GIF (its first frame) or BMP file of any size.
        image_shape: `(height, width, channels)` to fit it to.

    Returns:
        float32 tensor of `image_shape`, 0 to 255.

    Raises:
        tf.errors.InvalidArgumentError: If the bytes are no such image.
    """
    # One channel would refuse GIF, BMP and CMYK files: decode colour, then make grey.
    pixels = tf.io.decode_image(encoded, channels=3, expand_animations=False)
    pixels.set_shape((None, None, 3))
    if image_shape[2] == 1:
        pixels = tf.image.rgb_to_grayscale(pixels)
    return resize(pixels, image_shape)


def resize(pixels: tf.Tensor, image_shape: tuple[int, int, int]) -> tf.Tensor:
    """Scales an image to a shape, with antialiasing; sides need not keep their ratio.

    Args:
        pixels: `(height, width, channels)`, 0 to 255.
        image_shape: `(height, width, channels)`.

    Returns:
        float32 tensor of `image_shape`, 0 to 255. An image of that size keeps its pixels.
    """
    scaled = tf.image.resize(pixels, image_shape[:2], antialias=True)
    return tf.ensure_shape(tf.clip_by_value(scaled, 0.0, 255.0), image_shape)
