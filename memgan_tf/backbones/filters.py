"""A backbone of fixed filters, without weights: cosines in small windows, at three scales."""

import keras
import numpy as np

LICENSE = "fixed filters, computed, not learned"
LAYERS = ("cosines_2", "cosines_4", "cosines_8")
# Side of a window, and numbers of its cosines of brightness and of each of two colors.
SIDE, NUM_BRIGHTNESS, NUM_COLOR = 7, 20, 3
# Axes of RGB: brightness, and two colors that gray pixels do not have, counted twice.
BRIGHTNESS = np.array([1.0, 1.0, 1.0]) / np.sqrt(3.0)
COLORS = (
    2.0 * np.array([1.0, -1.0, 0.0]) / np.sqrt(2.0),
    2.0 * np.array([1.0, 1.0, -2.0]) / np.sqrt(6.0),
)
# Frequency that stands for 0, in the unit of half a period in the window.
LOWEST_FREQUENCY = 0.5


def make_filters(
    side: int = SIDE,
    num_brightness: int = NUM_BRIGHTNESS,
    num_color: int = NUM_COLOR,
    balanced: bool = False,
) -> keras.Model:
    """The network: each scale is half of the one before, and each map half of its scale.

    Each output of a map is the product of a window with a cosine along both sides, as in the
    discrete cosine transform (Ahmed et al., 1974).

    Args:
        side: Side of a window, in pixels of its scale.
        num_brightness: Number of the lowest cosines of brightness.
        num_color: Number of the lowest cosines of each of two colors.
        balanced: Whether outputs are multiplied by their frequency, so that all count about alike:
            in photographs amplitudes fall with it (Field, 1987). Statistics with a covariance do
            that themselves.
    """
    kernel = cosine_kernel(side, num_brightness, num_color, balanced)
    image = keras.Input((None, None, 3), name="image")
    # With the offset, the zeros around the image are gray, not black.
    scale = keras.layers.Rescaling(1 / 64, -2.0, name="scaling")(image)
    maps = []
    for index, name in enumerate(LAYERS):
        if index:
            scale = keras.layers.AveragePooling2D(2, padding="same", name=f"half_{index}")(scale)
        convolution = keras.layers.Conv2D(
            kernel.shape[-1], side, strides=2, padding="same", use_bias=False, name=name
        )
        maps.append(convolution(scale))
        convolution.set_weights([kernel])
    return keras.Model(image, maps, name="filters")


def cosine_kernel(side: int, num_brightness: int, num_color: int, balanced: bool) -> np.ndarray:
    """The filters, `(side, side, 3, filters)` float32; see `make_filters`."""
    waves = _waves(side)
    lowest = sorted(np.ndindex(side, side), key=lambda pair: (sum(pair), pair))
    filters = [(pair, BRIGHTNESS) for pair in lowest[:num_brightness]]
    filters += [(pair, color) for pair in lowest[:num_color] for color in COLORS]
    kernels = [
        (max(LOWEST_FREQUENCY, np.hypot(*pair)) if balanced else 1.0)
        * np.einsum("y,x,c->yxc", waves[pair[0]], waves[pair[1]], axis)
        for pair, axis in filters
    ]
    return (np.stack(kernels, axis=-1) / side).astype(np.float32)


def _waves(side):
    """Orthonormal cosines of a window's side, by frequency."""
    frequencies, places = np.arange(side)[:, np.newaxis], np.arange(side) + 0.5
    found = np.cos(np.pi * places * frequencies / side) * np.sqrt(2.0 / side)
    found[0] /= np.sqrt(2.0)
    return found
