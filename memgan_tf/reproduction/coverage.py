"""How much of the normal images a generator covers; no label is used."""

import numpy as np


def effective_dimensions(images: np.ndarray) -> float:
    """(Σ λ)² / Σ λ² of the covariance's eigenvalues λ: the number of directions that vary.

    Args:
        images: `(num_images, …)`, at least 2.
    """
    values = _centered(images)
    # The same eigenvalues as the covariance's, but for zeros, and the smaller matrix.
    gram = values @ values.T if len(values) <= values.shape[1] else values.T @ values
    total = np.trace(gram)
    return float(total**2 / np.square(gram).sum()) if total > 0 else 0.0


def coverage(normal: np.ndarray, nearest: np.ndarray, generated: np.ndarray) -> dict[str, float]:
    """What a generator reaches of held-out normal images.

    Args:
        normal: `(num_images, height, width, channels)`, on the scale of the others.
        nearest: The generated image nearest to each, as the search found it; the same shape.
        generated: `(any, height, width, channels)`, generated from random codes.

    Returns:
        `unexplained`: share of the normal images' variance that is left between each and its
        nearest; 1 is no better than their mean image. `variance` and `effective_dimensions`: the
        generated images' over the normal ones'; 1 is as varied.
    """
    spread = np.square(_centered(normal)).sum()
    difference = np.asarray(normal, np.float64) - nearest
    return {
        "unexplained": float(np.square(difference).sum() / spread),
        "variance": float(np.square(_centered(generated)).sum() / spread)
        * (len(normal) / len(generated)),
        "effective_dimensions": effective_dimensions(generated) / effective_dimensions(normal),
    }


def _centered(images):
    values = np.asarray(images, np.float64).reshape(len(images), -1)
    return values - values.mean(axis=0)
