"""Sizes of known defects in the pixels that a detector sees."""

from typing import Any

import numpy as np

from memgan_tf.data.stored_images import Images

# A defect with fewer pixels than this, at the size of the run's images, is hardly visible.
FEWEST_PIXELS = 4.0


def measure_sizes(masks: Images, labels: np.ndarray, size: tuple[int, int]) -> dict[str, Any]:
    """Counts the anomalies whose defects remain visible at a run's image size.

    Args:
        masks: `(num_images, height, width)` bool, in the run's size or the photographs' own.
        labels: `(num_images,)`, 1 = anomaly.
        size: `(height, width)` of the run's images.

    Returns:
        `anomalies` (with or without a mask), `vanished` (those whose defect covers fewer than
        `FEWEST_PIXELS` of the run's pixels) and `median_pixels` of a defect.
    """
    pixels = size[0] * size[1]
    areas = [
        pixels * float(np.mean(np.asarray(masks[int(i)], bool))) for i in np.flatnonzero(labels)
    ]
    return {
        "anomalies": len(areas),
        "vanished": int(sum(area < FEWEST_PIXELS for area in areas)),
        "median_pixels": float(np.median(areas)) if areas else 0.0,
    }
