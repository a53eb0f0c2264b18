"""Synthetic anomalies that keep where things are and change contrast, sharpness or noise."""

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageEnhance, ImageOps
from scipy import ndimage

# Factor of an enhancement, drawn for each image: as many are weakened as strengthened.
FACTORS = (0.5, 1.5)
# Sharpness has 1 for the image itself, and 0 for a 3 × 3 mean: a step as large either way.
SHARPNESS_FACTORS = (0.1, 1.9)
# Deviations of the blur, as a share of the side, and of the noise, of 255.
BLUR_SHARE, NOISE_DEVIATION = 1.0 / 32.0, 20.0


def make_photometric_anomalies(images: np.ndarray, seed: int = 0) -> dict[str, np.ndarray]:
    """Anomalies of six kinds, as many of each as there are images.

    `contrast`, `brightness`, `sharpness` and `equalize` are operations of RandAugment (Cubuk et
    al., 2020); `blur` and `noise` are corruptions of CIFAR-10-C (Hendrycks & Dietterich, 2019).

    Args:
        images: `(num_images, height, width, channels)` uint8 normal images, 1 or 3 channels.
        seed: Decides which images are weakened and which strengthened, and the noise.

    Returns:
        By kind, images of the same shape. `contrast` and `brightness` times 0.5 or 1.5;
        `sharpness` nearly smoothed or twice as sharp; `equalize` with a flat histogram; `blur` out
        of focus; `noise` with Gaussian noise.
    """
    generator = np.random.default_rng(seed)
    strengthened = generator.permutation(len(images)) % 2
    noise = generator.normal(0.0, NOISE_DEVIATION, images.shape)
    sigma = BLUR_SHARE * min(images.shape[1:3])
    blurred = ndimage.gaussian_filter(images.astype(np.float32), (0, sigma, sigma, 0))
    return {
        "contrast": _enhanced(images, ImageEnhance.Contrast, FACTORS, strengthened),
        "brightness": _enhanced(images, ImageEnhance.Brightness, FACTORS, strengthened),
        "sharpness": _enhanced(images, ImageEnhance.Sharpness, SHARPNESS_FACTORS, strengthened),
        "equalize": _by_image(images, lambda image, _: ImageOps.equalize(image)),
        "blur": _as_pixels(blurred),
        "noise": _as_pixels(images + noise),
    }


def _enhanced(images, operation, factors, strengthened):
    return _by_image(
        images, lambda image, index: operation(image).enhance(factors[strengthened[index]])
    )


def _by_image(images: np.ndarray, change: Callable) -> np.ndarray:
    """Pillow's operation on each image; `change` gets the image and its index."""
    squeezed = images[..., 0] if images.shape[-1] == 1 else images
    changed = [
        np.asarray(change(Image.fromarray(pixels), index)) for index, pixels in enumerate(squeezed)
    ]
    return np.stack(changed).reshape(images.shape)


def _as_pixels(values):
    return np.clip(np.round(values), 0, 255).astype(np.uint8)
