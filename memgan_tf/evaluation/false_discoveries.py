"""Decisions over a batch: the share of false alarms among the alarms."""

import numpy as np
from scipy import stats

from memgan_tf.validation import check_real


def control_false_discoveries(p_values: np.ndarray, fdr: float) -> np.ndarray:
    """Which images of a batch to call anomalies, by Benjamini and Hochberg (1995).

    Of the images called anomalies, at most a share `fdr` is normal: on average over batches and
    over draws of the calibration images, if the normal images of the batch are of the kind of
    those. It holds for conformal p-values although they share their calibration images (Bates et
    al., 2023, Theorem 2).

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
    # An adjusted value is a product that should be the rate itself where they meet.
    return adjusted <= fdr * (1.0 + 1e-9)


def fewest_alarms(num_images: int, resolution: float, fdr: float) -> int | None:
    """The fewest images that a batch can have called anomalies, if it has any.

    k alarms need p-values of at most k fdr / num_images, and none is below the resolution: an
    odd image that comes alone in a large batch is missed for want of calibration images.

    Args:
        num_images: Of the batch.
        resolution: 1 / (n + 1) of n calibration images.
        fdr: See `control_false_discoveries`.

    Returns:
        The number; None if the whole batch would not be enough.
    """
    fewest = max(1, int(np.ceil(num_images * resolution / fdr - 1e-9)))
    return fewest if fewest <= num_images else None
