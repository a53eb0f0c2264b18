"""Kernel density."""

import math
import sys

import numpy as np
from scipy.special import logsumexp
from sklearn.metrics.pairwise import euclidean_distances

from memgan_tf.detectors.shallow import ShallowDetector


class KernelDensity(ShallowDetector):
    """-log p(x) under a Gaussian kernel density of the training images.

    The sum of kernels is taken here because scikit-learn's `KernelDensity` (1.9) loses it where all
    kernels are tiny. With a bandwidth of 0.3, random points in 64 dimensions are 13 nats off.

    Its configuration is `KdeConfig`.
    """

    def learn(self, features):
        config = self.config.model
        exponents = np.linspace(
            config.smallest_bandwidth, config.largest_bandwidth, config.num_bandwidths
        )
        bandwidths = 2.0**exponents
        likelihoods = cross_validated_likelihoods(
            features, bandwidths, config.num_folds, self.config.training.seed
        )
        best = int(np.argmax(likelihoods))
        if best in (0, len(bandwidths) - 1) and len(bandwidths) > 1:
            print(
                f"Warning: the likeliest bandwidth, {bandwidths[best]:.4g}, is at the grid's edge. "
                f"Widen it with --smallest_bandwidth and --largest_bandwidth",
                file=sys.stderr,
            )
        return {"rows": features, "bandwidth": bandwidths[best]}

    def explain_batch(self, images, learned):
        features = self.features(images)
        distances = euclidean_distances(features, learned["rows"], squared=True)
        log_likelihoods = log_density(distances, float(learned["bandwidth"]), features.shape[1])
        return {"anomaly_score": -log_likelihoods}


def log_density(distances: np.ndarray, bandwidth: float, dimensions: int) -> np.ndarray:
    """Log of a Gaussian kernel density, `(m,)` nats.

    Args:
        distances: ‖x - xᵢ‖², `(m, n)`, to the n points of the density.
        bandwidth: Standard deviation h of the kernel.
        dimensions: Number of dimensions of the points.
    """
    log_sum = logsumexp(distances / (-2.0 * bandwidth**2), axis=1)
    constant = 0.5 * dimensions * math.log(2 * math.pi * bandwidth**2)
    return log_sum - math.log(distances.shape[1]) - constant


def cross_validated_likelihoods(
    features: np.ndarray, bandwidths: np.ndarray, num_folds: int, seed: int
) -> np.ndarray:
    """Held-out log likelihood of each bandwidth, summed over folds.

    Args:
        features: `(num_images, features)`.
        bandwidths: `(n,)`.
        num_folds: Number of folds; fewer if there are fewer images.
        seed: Determines which image is in which fold.

    Returns:
        `(n,)` nats.

    Raises:
        ValueError: If there is only one image.
    """
    if len(features) < 2:
        raise ValueError("`images` must be at least 2, to choose a bandwidth on held-out ones")
    order = np.random.default_rng(seed).permutation(len(features))
    totals = np.zeros(len(bandwidths))
    for held_out in np.array_split(order, min(num_folds, len(features))):
        kept = np.setdiff1d(order, held_out)
        distances = euclidean_distances(features[held_out], features[kept], squared=True)
        for index, bandwidth in enumerate(bandwidths):
            totals[index] += log_density(distances, bandwidth, features.shape[1]).sum()
    return totals
