"""Signs of collapse: whether the output of a model depends on the image at all."""

import numpy as np

# Fewer images than this may look alike by chance.
FEWEST_IMAGES = 8
# Nats of information about the image in the unit; less counts as none.
LEAST_INFORMATION = 0.03
# Ratio of the deviations between reconstructions and images; less counts as none.
LEAST_SPREAD = 0.3


def effective_units(attention: np.ndarray) -> float:
    """exp of the entropy of the mean attention: how many units a set of images uses.

    Args:
        attention: `(batch, num_units)`, rows on the simplex.
    """
    return float(np.exp(_entropy(attention.mean(axis=0))))


def attention_information(attention: np.ndarray) -> float:
    """Mutual information of unit and image, in nats: 0 where every image has the same attention.

    Args:
        attention: `(batch, num_units)`, rows on the simplex.
    """
    attention = np.asarray(attention, np.float64)
    return float(_entropy(attention.mean(axis=0)) - _entropy(attention).mean())


def reconstruction_spread(reconstructions: np.ndarray, images: np.ndarray) -> float | None:
    """Deviation between reconstructions over the deviation between their images.

    Args:
        reconstructions: `(batch, height, width, channels)`.
        images: The images in the scaling of the reconstructions, of the same shape.

    Returns:
        The ratio of the root mean variances of a pixel; None if the images do not differ.
    """
    between = float(np.asarray(images, np.float64).var(axis=0).mean())
    if between <= 1e-12:
        return None
    return float(np.sqrt(np.asarray(reconstructions, np.float64).var(axis=0).mean() / between))


def attention_signs(attention: np.ndarray) -> list[str]:
    """Signs that the memory responds the same to every image, one phrase each.

    Args:
        attention: `(num_images, num_units)` of held-out normal images.
    """
    if len(attention) < FEWEST_IMAGES or attention.shape[1] < 2:
        return []
    if attention_information(attention) >= LEAST_INFORMATION:
        return []
    return ["the attention to the memory units is nearly the same for every image"]


def reconstruction_signs(reconstructions: np.ndarray, images: np.ndarray) -> list[str]:
    """Signs that every image gets the same reconstruction; arguments as `reconstruction_spread`."""
    if len(images) < FEWEST_IMAGES:
        return []
    spread = reconstruction_spread(reconstructions, images)
    if spread is None or spread >= LEAST_SPREAD:
        return []
    return ["reconstructions are nearly the same for every image"]


def _entropy(weights):
    """-Σ w log w over the last axis, nats."""
    return -np.sum(weights * np.log(np.maximum(weights, 1e-12)), axis=-1)
