"""Low bytes of 16-bit color PNG files, of which Pillow reads only the high bytes."""

import io
from typing import Any

import numpy as np
from PIL import Image

# Raw modes of the high bytes, and those that read the other byte of each pair.
OTHER_BYTE = {"RGB;16B": "RGB;16L", "RGBA;16B": "RGBA;16L"}


def low_bytes(image: Any) -> np.ndarray | None:
    """Low bytes of red, green and blue, `(height, width, 3)` uint8; None for other files.

    Args:
        image: An `Image` opened from bytes in memory and not yet loaded.
    """
    if image.format != "PNG" or not image.tile:
        return None
    codec, extents, offset, arguments = image.tile[0]
    raw = arguments if isinstance(arguments, str) else arguments[0]
    if raw not in OTHER_BYTE:
        return None
    other: Any = Image.open(io.BytesIO(image.fp.getvalue()), formats=("PNG",))
    tile = codec, extents, offset, OTHER_BYTE[raw]
    # A plain tuple in older versions of Pillow.
    kind = type(image.tile[0])
    other.tile = [tile if kind is tuple else kind(*tile)]
    other.load()
    return np.asarray(other)[..., :3]
