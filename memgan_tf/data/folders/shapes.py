"""Chooses size and shape for a folder's photographs from the shapes that are found."""

import dataclasses
import pathlib
import statistics
from collections.abc import Iterable, Sequence

from memgan_tf.data.image_files import upright_size

# Detectors on pixels: the default side is the one of these that is nearer to the longer side of the
# median image.
PIXEL_SIZES = (32, 64)
# Detectors on features: side of the square with the same number of pixels.
FEATURE_SIZE = 256
# The same for the canvas into which photographs of different shapes are fitted. No photograph fills
# it, and those of common shapes have about as many pixels as the square.
KEPT_SIZE = 320
# Aspect ratios count as one shape if the middle 90 % are this close to the median.
SAME_SHAPE = 1.2
LARGEST_RATIO = 4.0
# Divisor of sides that a network halves five times.
MULTIPLE = 32


@dataclasses.dataclass(frozen=True)
class Shape:
    """How photographs are scaled.

    Attributes:
        image_size: Side in pixels; for a rectangle, the side of the square with the same area.
        aspect_ratio: Width divided by height.
        image_fit: See `fitting.place`.
        reason: What was found, for the log; empty if there was nothing to choose.
    """

    image_size: int
    aspect_ratio: float | None
    image_fit: str
    reason: str = ""


def sizes_of(paths: Iterable[pathlib.Path]) -> list[tuple[int, int]]:
    """`(height, width)` of the readable files, from their headers."""
    return [size for size in map(upright_size, paths) if size is not None]


def square(sizes: Sequence[tuple[int, int]]) -> Shape:
    """The shape for detectors on pixels: a small square into which whole photographs fit."""
    median = statistics.median(map(max, sizes)) if sizes else PIXEL_SIZES[-1]
    return Shape(min(PIXEL_SIZES, key=lambda size: abs(size - median)), None, "pad")


def of_photographs(
    sizes: Sequence[tuple[int, int]], image_size: int | None, image_fit: str | None = None
) -> Shape:
    """The shape for detectors on features.

    Photographs of one shape are stretched to the median shape. Photographs of different shapes keep
    theirs, in a canvas into which the widest and the tallest fit equally well. With the fits pad
    and crop the shape is a square.

    Args:
        sizes: Sizes of the training photographs.
        image_size: The user's choice, if any.
        image_fit: The user's choice, if any.
    """
    ratios = sorted(width / height for height, width in sizes)
    if not ratios:
        return Shape(image_size or FEATURE_SIZE, None, image_fit or "stretch")
    median = statistics.median(ratios)
    few = (len(ratios) - 1) // 20
    low, high = ratios[few], ratios[-1 - few]
    is_one = max(high / median, median / low) <= SAME_SHAPE
    fit = image_fit or ("stretch" if is_one else "keep")
    found = "the photographs " + (
        f"have one shape, width over height {median:.2f}"
        if is_one
        else f"differ in shape, width over height {low:.2f} to {high:.2f}"
    )
    if fit == "keep":
        found += "; each keeps its own"
        return Shape(image_size or KEPT_SIZE, _ratio((low * high) ** 0.5), fit, found)
    size = image_size or FEATURE_SIZE
    if fit != "stretch":
        return Shape(size, None, fit, found)
    found += "" if is_one else f"; all are stretched to {median:.2f}"
    return Shape(size, _ratio(median), fit, found)


def _ratio(value):
    return round(min(max(value, 1 / LARGEST_RATIO), LARGEST_RATIO), 3)


def sides(image_size: int, aspect_ratio: float | None) -> tuple[int, int]:
    """`(height, width)` of a square, or of a rectangle of about its area."""
    if aspect_ratio is None:
        return image_size, image_size
    root = aspect_ratio**0.5
    return tuple(
        max(MULTIPLE, MULTIPLE * round(side / MULTIPLE))
        for side in (image_size / root, image_size * root)
    )
