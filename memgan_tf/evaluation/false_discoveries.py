"""Decisions for a whole batch that bound the share of false alarms among the alarms."""

import numpy as np
from scipy import stats

from memgan_tf.validation import check_real


def control_false_discoveries(p_values: np.ndarray, fdr: float) -> np.ndarray:
    """Decides which images of a batch are anomalies, by Benjamini and Hochberg (1995).

    At most a share `fdr` of the images called anomalies is normal, on average over batches and over
    draws of the calibration images, if the normal images of the batch are like the calibration
    images. This holds for conformal p-values although they share their calibration images (Bates
    et al., 2023, Theorem 2).

    Args:
        p_values: `(num_images,)` conformal p-values of the whole batch.
        fdr: Share of false alarms among the alarms, in (0, 1).

    Returns:
        `(num_images,)` bool.

    Raises:
        ValueError: If the rate is not in (0, 1).
    """
    fdr = check_real("fdr", fdr, minimum=1e-6, maximum=1.0 - 1e-6)
    adjusted = stats.false_discovery_control(np.asarray(p_values, np.float64), method="bh")
    # Tolerance for rounding where an adjusted value, a product, should equal the rate.
    return adjusted <= fdr * (1.0 + 1e-9)


def fewest_alarms(num_images: int, resolution: float, fdr: float) -> int | None:
    """The smallest possible number of alarms in a batch, other than none.

    k alarms need p-values of at most k fdr / num_images, and no p-value is below the resolution. So
    a single anomaly in a large batch is missed if there are too few calibration images.

    Args:
        num_images: Number of images in the batch.
        resolution: 1 / (n + 1) of n calibration images.
        fdr: See `control_false_discoveries`.

    Returns:
        The number; None if the whole batch would not be enough.
    """
    fewest = max(1, int(np.ceil(num_images * resolution / fdr - 1e-9)))
    return fewest if fewest <= num_images else None
