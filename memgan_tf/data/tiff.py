"""Kinds of TIFF files that Pillow does not read as their tags say."""

from typing import Any

import numpy as np

# Numbers of tags.
BITS, PHOTOMETRIC, PLANES = 258, 262, 284
# Values of `PHOTOMETRIC` and `PLANES`.
WHITE_IS_ZERO, YCBCR, SEPARATE = 0, 6, 2


def prepare(image: Any) -> None:
    """Corrects how a TIFF file will be loaded; does nothing for other formats.

    Args:
        image: An `Image` that is opened and not yet loaded.

    Raises:
        ValueError: If Pillow would load other pixels than those of the file.
    """
    if image.format != "TIFF":
        return
    tags = image.tag_v2
    if tags.get(PLANES) == SEPARATE and max(tags.get(BITS, (1,))) > 8:
        raise ValueError(
            "16-bit color in separate planes, which Pillow cannot read; save it interleaved"
        )
    if tags.get(PHOTOMETRIC) == YCBCR and image.tile and image.tile[0][0] == "raw":
        # Pillow's own decoder expects four bytes per pixel; libtiff knows the subsampling.
        arguments = ("RGBX", "raw", False, tags.offset)
        image.tile = [("libtiff", (0, 0, *image.size), 0, arguments)]
        image.use_load_libtiff = True


def gray_values(image: Any, bit_depth: int) -> tuple[np.ndarray, int, bool]:
    """Values of a gray image with more than 8 bits, 0 for black.

    Args:
        image: A loaded `Image` of mode I, or of one that begins with I.
        bit_depth: Number of bits that the values of a 16-bit file use.

    Returns:
        The values, the number of bits that they use, and whether the file itself states it.

    Raises:
        ValueError: If their range is unknown or too large; the message is only the reason.
    """
    tags = image.tag_v2 if image.format == "TIFF" else {}
    bits, values = max(tags.get(BITS, (16,))), np.asarray(image)
    if bits > 16 and bit_depth == 16:
        raise ValueError(
            "32-bit pixels, whose range is not stated; save 8 or 16 bits, or train with a "
            "--bit_depth below 16, such as 8 for values from 0 to 255"
        )
    if values.min() < 0 or values.max() > 0xFFFF:
        raise ValueError("pixels below 0 or above 65535; save 8 or 16 bits")
    is_stated = bits < 16
    used = bits if is_stated else bit_depth
    if tags.get(PHOTOMETRIC) == WHITE_IS_ZERO:
        values = np.maximum((1 << used) - 1 - values.astype(np.int32), 0)
    return values, used, is_stated
