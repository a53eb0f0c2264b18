"""Low bytes of 16-bit color files, of which Pillow reads only the high bytes."""

import io
import sys
from typing import Any

import numpy as np
from PIL import Image

# The byte order that this machine does not have.
SWAPPED = "B" if sys.byteorder == "little" else "L"
# Raw modes of the high bytes, and those that read the other byte of each pair.
OTHER_BYTE = {
    f"{mode};16{order}": f"{mode};16{other}"
    for mode in ("RGB", "RGBA")
    for order, other in (("B", "L"), ("L", "B"), ("N", SWAPPED))
}


def low_bytes(image: Any) -> np.ndarray | None:
    """Low bytes of red, green and blue, `(height, width, 3)` uint8; None for other files.

    Args:
        image: An `Image` opened from bytes in memory and not yet loaded.
    """
    if image.format not in ("PNG", "TIFF") or _raw_mode(image) not in OTHER_BYTE:
        return None
    other: Any = Image.open(io.BytesIO(image.fp.getvalue()), formats=(image.format,))
    other.tile = [_with_other_byte(tile) for tile in other.tile]
    other.load()
    return np.asarray(other)[..., :3]


def is_deep(image: Any) -> bool:
    """Whether a file that is not yet loaded has color or transparency of 16 bits per channel."""
    return image.format in ("PNG", "TIFF") and ";16" in _raw_mode(image) and image.mode[0] != "I"


def _raw_mode(image):
    if not image.tile:
        return ""
    arguments = image.tile[0][3]
    return arguments if isinstance(arguments, str) else arguments[0]


def _with_other_byte(tile):
    codec, extents, offset, arguments = tile
    if isinstance(arguments, str):
        arguments = OTHER_BYTE[arguments]
    else:
        arguments = (OTHER_BYTE[arguments[0]], *arguments[1:])
    changed = codec, extents, offset, arguments
    # A plain tuple in older versions of Pillow.
    return changed if type(tile) is tuple else type(tile)(*changed)
