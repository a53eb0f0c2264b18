"""Fits an image of any size to a run's size: pad, crop, stretch or keep."""

import dataclasses

import numpy as np
from PIL import Image

FITS = ("pad", "crop", "stretch", "keep")
# Value around a padded image.
PADDING = 0
# The fit `keep` raises darker values of the content to this one. Then only padding is black, and
# any program can see from the pixels where the content lies.
DARKEST_CONTENT = 1


@dataclasses.dataclass(frozen=True)
class Placement:
    """Which part of an image is used, and its place in the result.

    Attributes:
        crop: `(top, left, height, width)` of the part that is used.
        scaled: `(height, width)` after scaling.
        offset: `(top, left)` in the result.
    """

    crop: tuple[int, int, int, int]
    scaled: tuple[int, int]
    offset: tuple[int, int]


def place(size: tuple[int, int], target: tuple[int, int], rule: str) -> Placement:
    """The placement of an image by a rule, in whole pixels.

    Args:
        size: `(height, width)` of the image.
        target: `(height, width)` of the result.
        rule: `stretch` scales each side by itself. `crop` keeps the largest centered part with the
            result's aspect ratio. `pad` and `keep` keep everything and center it.
    """
    (height, width), (rows, columns) = size, target
    crop, scaled = (0, 0, height, width), target
    if rule == "crop":
        part_height = min(height, max(1, width * rows // columns))
        part_width = min(width, max(1, height * columns // rows))
        crop = ((height - part_height) // 2, (width - part_width) // 2, part_height, part_width)
    elif rule in ("pad", "keep"):
        # Rounded to the nearest pixel; one side fills the result.
        scaled = (
            min(rows, max(1, (2 * height * columns + width) // (2 * width))),
            min(columns, max(1, (2 * width * rows + height) // (2 * height))),
        )
    offset = ((rows - scaled[0]) // 2, (columns - scaled[1]) // 2)
    return Placement(crop, scaled, offset)


def has_padding(size: tuple[int, int], target: tuple[int, int], rule: str) -> bool:
    """Whether a rule leaves padding around an image; arguments as in `place`."""
    return place(size, target, rule).scaled != tuple(target)


def fit_image(
    image: Image.Image,
    height: int,
    width: int,
    rule: str,
    resample: Image.Resampling = Image.Resampling.BILINEAR,
) -> Image.Image:
    """An image at a run's size, in the same mode.

    Args:
        image: Any Pillow image.
        height: Height of the result.
        width: Width of the result.
        rule: See `place`; padding is black.
        resample: Pillow's filter. The bilinear one widens as an image shrinks, to avoid aliasing.
            An image that already has the size keeps its pixels.
    """
    placement = place((image.height, image.width), (height, width), rule)
    top, left, part_height, part_width = placement.crop
    if placement.crop != (0, 0, image.height, image.width):
        image = image.crop((left, top, left + part_width, top + part_height))
    scaled = image.resize(placement.scaled[::-1], resample)
    if placement.scaled == (height, width):
        return scaled
    whole = Image.new(image.mode, (width, height), PADDING)
    whole.paste(scaled, placement.offset[::-1])
    return whole


def mark_content(pixels: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Pixels fitted by `keep`, with only the padding black.

    An image that already had the size is assumed to be fitted, and keeps its pixels.

    Args:
        pixels: `(height, width)` or `(height, width, channels)` uint8.
        size: `(height, width)` of the image before it was fitted.
    """
    if size == pixels.shape[:2]:
        return pixels
    placement = place(size, pixels.shape[:2], "keep")
    (top, left), (height, width) = placement.offset, placement.scaled
    marked = pixels.copy()
    content = marked[top : top + height, left : left + width]
    np.maximum(content, DARKEST_CONTENT, out=content)
    return marked
