"""Gray and color pixels."""

import numpy as np


def is_gray(pixels: np.ndarray) -> bool:
    """Whether all three channels of `(…, 3)` pixels are equal everywhere."""
    return bool(
        np.array_equal(pixels[..., 0], pixels[..., 1])
        and np.array_equal(pixels[..., 0], pixels[..., 2])
    )


def as_channels(pixels: np.ndarray, num_channels: int) -> np.ndarray:
    """RGB pixels `(…, 3)` uint8, unchanged or as luma (ITU-R 601), `(…, 1)`."""
    if num_channels == pixels.shape[-1]:
        return pixels
    if num_channels == 3:
        return np.repeat(pixels, 3, axis=-1)
    # Pillow's own weights for mode L, in units of 2⁻¹⁶, rounded, so gray pixels do not change.
    weights = np.array([19595, 38470, 7471], np.uint32)
    return ((pixels @ weights + 0x8000) >> 16).astype(np.uint8)[..., np.newaxis]
