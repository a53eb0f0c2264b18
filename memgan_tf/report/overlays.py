"""Draws anomaly maps in color over their images."""

import functools

import matplotlib
import numpy as np
from scipy import ndimage

from memgan_tf.evaluation.heat_scale import HeatScale

COLORS = "inferno"
# Detectors differ in what they measure: an error, a distance of features.
MAP_LEGEND = "how anomalous a place is"
# Opacity of the brightest color.
STRENGTH = 0.6
# Outlines of known defects are cyan, of predicted regions green; the map has neither color.
OUTLINE, PREDICTED = np.array([0.0, 1.0, 1.0]), np.array([0.2, 1.0, 0.2])
PIXELS_PER_LINE = 300


def draw_overlay(
    image: np.ndarray,
    anomaly_map: np.ndarray,
    scale: HeatScale,
    mask: np.ndarray | None = None,
    predicted: np.ndarray | None = None,
) -> np.ndarray:
    """Draws a map over its image, transparent where it is 0 and opaque where it is large.

    Args:
        image: `(height, width, channels)` uint8.
        anomaly_map: `(height, width)`.
        scale: Scale of the colors.
        mask: `(height, width)` bool, known defects; drawn as an outline.
        predicted: `(height, width)` bool, predicted regions; drawn as an outline.

    Returns:
        `(height, width, 3)` uint8.
    """
    values = scale.normalize(anomaly_map)[..., np.newaxis]
    colors = _color_table()[np.round(255 * values[..., 0]).astype(int)]
    # Squared, so that usual values stay nearly transparent.
    opacity = STRENGTH * np.square(values)
    mixed = (1 - opacity) * to_color(image) / 255.0 + opacity * colors
    for region, color in ((predicted, PREDICTED), (mask, OUTLINE)):
        if region is not None:
            mixed[outline(region)] = color
    return to_bytes(mixed)


def outline(mask: np.ndarray) -> np.ndarray:
    """Pixels around a mask `(height, width)`, so that its inside stays visible.

    The width of the line is one pixel, or 1/300 of the shorter side if that is more.
    """
    width = max(1, min(mask.shape) // PIXELS_PER_LINE)
    return ndimage.binary_dilation(mask, iterations=width) & ~mask


def enlarge(image: np.ndarray, side: int) -> np.ndarray:
    """An image with sides of at least `side` pixels, made by repeating pixels."""
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
    """The colors from 0 to the top of the scale, `(1, 256, 3)` uint8."""
    return to_bytes(_color_table()[np.newaxis])
