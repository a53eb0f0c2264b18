"""Reads mask files: in every mode, pixels that are not black belong to a defect."""

import pathlib

import numpy as np
from PIL import Image, ImageOps

from memgan_tf.data.deep_color import low_bytes
from memgan_tf.data.image_files import read


def read_mask(paths: list[pathlib.Path], size: tuple[int, int]) -> tuple[Image.Image, bool]:
    """The union of an image's masks.

    Args:
        paths: Files; a pixel belongs to a defect if it does so in any of them.
        size: `(height, width)` of the image. A mask of another size with the same aspect ratio is
            scaled with nearest-neighbor interpolation.

    Returns:
        An image of mode L, 255 at the pixels of a defect and 0 elsewhere; and whether a mask was
        scaled.

    Raises:
        ValueError: If a file is not a usable mask; the message is only the reason.
    """
    whole, is_scaled = np.zeros(size, bool), False
    for path in paths:
        pixels = read(path, marked)
        if pixels.shape != size:
            pixels, is_scaled = _scaled(pixels, size), True
        whole |= pixels
    return Image.fromarray(whole.astype(np.uint8) * 255), is_scaled


def marked(image: Image.Image) -> np.ndarray:
    """Pixels of defects, `(height, width)` bool: those that are opaque and not black.

    If all opaque pixels are black, the mask is drawn in black on a transparent background, and the
    opaque pixels count. In a JPEG file, black is noisy near an edge, so only pixels above half of
    the largest value count as not black.
    """
    is_lossy, low = image.format == "JPEG", low_bytes(image)
    image.load()
    if low is not None:
        image = _with_low_bytes(image, low)
    image = ImageOps.exif_transpose(image)
    if image.has_transparency_data and not image.mode.startswith("I"):
        pixels = np.asarray(image.convert("RGBA"))
        seen, colored = pixels[..., 3] > 0, pixels[..., :3].any(axis=-1)
        drawn_in_black = not (seen & colored).any() and not seen.all()
        return seen if drawn_in_black else seen & colored
    if image.mode not in ("1", "L", "F") and not image.mode.startswith("I"):
        image = image.convert("RGB")
    values = np.asarray(image)
    pixels = values > values.max() / 2 if is_lossy else values != 0
    return pixels if pixels.ndim == 2 else pixels.any(axis=-1)


def _with_low_bytes(image, low):
    """The image, with pixels that differ from black only in the low bytes made visible."""
    pixels = np.array(image)
    pixels[..., :3] |= low
    exif, deep = image.getexif(), Image.fromarray(pixels)
    deep.info["exif"] = exif.tobytes()
    return deep


def _scaled(pixels, size):
    (height, width), (rows, columns) = pixels.shape, size
    if abs(width - columns * height / rows) >= 1 and abs(height - rows * width / columns) >= 1:
        raise ValueError(f"{width}×{height} pixels, but its image has {columns}×{rows}")
    image = Image.fromarray(pixels.astype(np.uint8) * 255)
    return np.asarray(image.resize((columns, rows), Image.Resampling.NEAREST)) > 0
