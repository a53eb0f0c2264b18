"""Explanations of many images, a part at a time: what memory holds does not grow with the set."""

from collections.abc import Iterator

import numpy as np

from memgan_tf.data.stored_images import Images
from memgan_tf.detectors.base import Detector
from memgan_tf.evaluation.trained_run import TrainedRun

# Images, and their pixels, that are decoded and explained at once at most.
PART_SIZE, PART_PIXELS = 256, 2**22


def explain_in_parts(
    scoring: TrainedRun | Detector, images: Images, positions: np.ndarray
) -> Iterator[tuple[np.ndarray, np.ndarray, dict[str, np.ndarray]]]:
    """Explains images that an array of positions picks from a set.

    Args:
        scoring: The run or its detector.
        images: `(num_images, height, width, channels)` uint8, or what gives such an array when it
            is indexed by an array of positions.
        positions: `(n,)`.

    Yields:
        Some of the positions, the images there, and `explain` of them.
    """
    for part in parts_of(positions, scoring.config.image_shape):
        chosen = images[part]
        yield part, chosen, scoring.explain(chosen)


def parts_of(positions: np.ndarray, image_shape: tuple[int, int, int]) -> list[np.ndarray]:
    """Positions `(n,)` in parts that memory holds, of images of a shape."""
    size = max(1, min(PART_SIZE, PART_PIXELS // (image_shape[0] * image_shape[1])))
    return [positions[i : i + size] for i in range(0, len(positions), size)]


def has_maps(scoring: TrainedRun | Detector) -> bool:
    """Whether a run or a detector says where an image is anomalous."""
    blank = np.zeros((1, *scoring.config.image_shape), np.uint8)
    return "anomaly_map" in scoring.explain(blank)
