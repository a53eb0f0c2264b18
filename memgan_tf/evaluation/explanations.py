"""Explains many images part by part, in memory that does not grow with the set."""

from collections.abc import Iterator

import numpy as np

from memgan_tf.data.stored_images import Images
from memgan_tf.detectors.base import Detector
from memgan_tf.evaluation.trained_run import TrainedRun
from memgan_tf.progress_bar import progress

# Largest numbers of images, and of pixels, that are decoded and explained at once.
PART_SIZE, PART_PIXELS = 256, 2**22


def explain_in_parts(
    scoring: TrainedRun | Detector, images: Images, positions: np.ndarray
) -> Iterator[tuple[np.ndarray, np.ndarray, dict[str, np.ndarray]]]:
    """Explains the images of a set at given positions.

    Args:
        scoring: The run or its detector.
        images: `(num_images, height, width, channels)` uint8, or an object that gives such an array
            when indexed by an array of positions.
        positions: `(n,)`.

    Yields:
        A part of the positions, the images there, and the result of `explain` for them.
    """
    for part in progress(parts_of(positions, scoring.config.image_shape), "scoring"):
        chosen = images[part]
        yield part, chosen, scoring.explain(chosen)


def parts_of(positions: np.ndarray, image_shape: tuple[int, ...]) -> list[np.ndarray]:
    """Positions `(n,)` split into parts that fit into memory, for images of a shape."""
    size = max(1, min(PART_SIZE, PART_PIXELS // (image_shape[0] * image_shape[1])))
    return [positions[i : i + size] for i in range(0, len(positions), size)]


def has_maps(scoring: TrainedRun | Detector) -> bool:
    """Whether a run or a detector shows where an image is anomalous."""
    blank = np.zeros((1, *scoring.config.image_shape), np.uint8)
    return "anomaly_map" in scoring.explain(blank)
