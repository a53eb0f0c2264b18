"""Embeds pictures in a page."""

import base64

import numpy as np
import tensorflow as tf

from memgan_tf.report.overlays import to_bytes, to_color

# A photograph with more pixels is stored as JPEG, in a tenth of the size.
MAX_PNG_PIXELS = 96 * 96
JPEG_QUALITY = 90
# When enlarged, an image of at least this size is smoothed; a smaller one shows its pixels.
SMOOTH_SIDE = 96


def image_uri(image: np.ndarray) -> str:
    """An image `(height, width, channels)`, uint8 or in [0, 1], as a data URI."""
    pixels = image if image.dtype == np.uint8 else to_bytes(image)
    if pixels.shape[0] * pixels.shape[1] <= MAX_PNG_PIXELS:
        return data_uri("image/png", tf.io.encode_png(pixels).numpy())
    encoded = tf.io.encode_jpeg(to_color(pixels), quality=JPEG_QUALITY).numpy()
    return data_uri("image/jpeg", encoded)


def data_uri(kind: str, content: bytes) -> str:
    """Bytes as a data URI."""
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"
