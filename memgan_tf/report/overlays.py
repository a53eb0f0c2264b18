"""Anomaly maps in colour, on the image that they belong to."""

import functools

import matplotlib
import numpy as np
from scipy import ndimage

from memgan_tf.evaluation.heat_scale import HeatScale

COLORS = "inferno"
# How far the brightest colour hides the image.
STRENGTH = 0.8
OUTLINE = np.array([0.0, 1.0, 1.0])  # cyan: no colour of the map
# Share of red, green and blue in grey (ITU-R BT.601).
LUMINANCE = np.array([0.299, 0.587, 0.114])


def draw_overlay(
    image: np.ndarray, anomaly_map: np.ndarray, scale: HeatScale, mask: np.ndarray | None = None
) -> np.ndarray:
    """The map over the image in grey: clear where the error is 0, opaque where it is large.

    Args:
        image: `(height, width, channels)` uint8.
        anomaly_map: `(height, width)`.
        scale: Of the colours.
        mask: `(height, width)` bool, known defects; drawn as an outline.

    Returns:
        `(height, width, 3)` uint8.
    """
    grey = image[..., 0] if image.shape[-1] == 1 else image @ LUMINANCE
    values = scale.normalize(anomaly_map)[..., np.newaxis]
    colors = _color_table()[np.round(255 * values[..., 0]).astype(int)]
    opacity = STRENGTH * values
    mixed = (1 - opacity) * grey[..., np.newaxis] / 255.0 + opacity * colors
    if mask is not None:
        mixed[outline(mask)] = OUTLINE
    return to_bytes(mixed)


def outline(mask: np.ndarray) -> np.ndarray:
    """Pixels that touch a mask `(height, width)` from outside: what is inside stays visible."""
    return ndimage.binary_dilation(mask) & ~mask


def enlarge(image: np.ndarray, side: int) -> np.ndarray:
    """An image of at least `side` pixels a side, each pixel repeated."""
    factor = -(-side // min(image.shape[:2]))
    return image.repeat(factor, axis=0).repeat(factor, axis=1)


def to_color(image: np.ndarray) -> np.ndarray:
    """An image `(height, width, 1 or 3)` with three channels."""
    return np.broadcast_to(image, (*image.shape[:2], 3))


def to_bytes(image: np.ndarray) -> np.ndarray:
    """An image in [0, 1] as uint8."""
    return np.round(255 * np.clip(image, 0.0, 1.0)).astype(np.uint8)


@functools.cache
def _color_table():
    return matplotlib.colormaps[COLORS](np.arange(256))[:, :3]


def color_bar() -> np.ndarray:
    """The colours from 0 to the top of the scale, `(1, 256, 3)` uint8."""
    return to_bytes(_color_table()[np.newaxis])
