"""Local synthetic anomalies made from normal images, used to choose maps and their scores."""

from collections.abc import Iterable

import numpy as np
from scipy import ndimage

# Width of a defect as a share of the image's side, by name of the size.
SIZES = {"small": 0.06, "medium": 0.15, "large": 0.4}
KINDS = ("patch", "scratch", "blur", "stain")
# Change of pixel values (0 to 255) by a scratch or a stain.
CHANGE = (30, 90)
# Minimum mean change by a pasted patch, and how many times a fainter one is drawn again.
FAINTEST, DRAWS = 8.0, 10
# A scratch is this many times as long as it is wide.
ELONGATION = 6.0


def make_local_anomalies(
    images: np.ndarray, seed: int = 0, sizes: Iterable[str] = tuple(SIZES)
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Adds one defect to each image, for every kind and size.

    Args:
        images: `(num_images, height, width, channels)` uint8 normal images, at least 2.
        seed: Determines places and looks of the defects.
        sizes: Sizes of the defects, names in `SIZES`.

    Returns:
        A dictionary by `<kind>_<size>` of images of the same shape and
        `(num_images, height, width)` bool masks. A `patch` is a part of another image, from another
        place. A `scratch` is a darker or lighter line. A `blur` is out of focus. A `stain` is a
        spot of another color with a soft edge.
    """
    generator = np.random.default_rng(seed)
    return {
        f"{kind}_{size}": _damage(images, kind, SIZES[size], generator)
        for kind in KINDS
        for size in sizes
    }


def _damage(images, kind, share, generator):
    damaged, masks = images.copy(), np.zeros(images.shape[:3], bool)
    for index, image in enumerate(images):
        weights = _place(kind, image.shape[:2], share, generator)
        if kind == "patch":
            others = images[np.arange(len(images)) != index]
            changed = _patch(image, others, weights, generator)
        elif kind == "blur":
            changed = _blurred(image, share)
        else:
            changed = image + _color_change(image, generator)
        mixed = image + weights[..., np.newaxis] * (changed - image.astype(float))
        damaged[index] = np.clip(np.round(mixed), 0, 255)
        masks[index] = weights > 0.5
    return damaged, masks


def _place(kind, size, share, generator):
    """Degree to which each pixel belongs to a defect, `(height, width)` in [0, 1]."""
    height, width = size
    radius = max(share * min(size) / 2.0, 0.75)
    middle = generator.uniform(0.2, 0.8, 2) * (height - 1, width - 1)
    rows, columns = np.mgrid[:height, :width]
    angle = generator.uniform(0.0, np.pi)
    down, right = rows - middle[0], columns - middle[1]
    along = down * np.sin(angle) + right * np.cos(angle)
    across = down * np.cos(angle) - right * np.sin(angle)
    stretch = generator.uniform(0.7, 1.4)
    if kind == "scratch":
        stretch, radius = ELONGATION, max(radius / np.sqrt(ELONGATION), 0.6)
    distance = np.hypot(along / stretch, across * (1.0 if kind == "scratch" else stretch))
    edge = radius / 2.0 if kind == "stain" else 0.5
    return np.clip((radius - distance) / edge + 0.5, 0.0, 1.0)


def _patch(image, others, weights, generator):
    """Another image, shifted, that looks different at the defect, if one is found."""
    for _ in range(DRAWS):
        other = others[generator.integers(len(others))]
        shifts = [
            int(generator.integers(side // 4, side - side // 4 + 1)) for side in other.shape[:2]
        ]
        other = np.roll(other, shifts, axis=(0, 1)).astype(float)
        if np.abs(other - image)[weights > 0.5].mean() >= FAINTEST:
            break
    return other


def _blurred(image, share):
    sigma = max(1.0, share * min(image.shape[:2]) / 6.0)
    return ndimage.gaussian_filter(image.astype(float), (sigma, sigma, 0))


def _color_change(image, generator):
    """A change of brightness and hue, away from the nearer end of the range."""
    change = generator.uniform(*CHANGE) * generator.uniform(0.6, 1.0, image.shape[-1])
    return change * (1.0 if image.mean() < generator.uniform(64, 192) else -1.0)
