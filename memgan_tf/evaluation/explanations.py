"""Explanations of many images, a part at a time: what memory holds does not grow with the set."""

from collections.abc import Iterator, Sequence

import numpy as np

from memgan_tf.evaluation.trained_run import TrainedRun

# Images that are decoded and explained at once.
PART_SIZE = 256


def explain_in_parts(
    run: TrainedRun, images: Sequence, positions: np.ndarray
) -> Iterator[tuple[np.ndarray, np.ndarray, dict[str, np.ndarray]]]:
    """Explains images that an array of positions picks from a set.

    Args:
        run: The run.
        images: `(num_images, height, width, channels)` uint8, or what gives such an array when it
            is indexed by an array of positions.
        positions: `(n,)`.

    Yields:
        Some of the positions, the images there, and `TrainedRun.explain` of them.
    """
    for part in parts_of(positions):
        chosen = images[part]
        yield part, chosen, run.explain(chosen)


def parts_of(positions: np.ndarray) -> list[np.ndarray]:
    """Positions `(n,)` in parts of at most `PART_SIZE`."""
    return [positions[i : i + PART_SIZE] for i in range(0, len(positions), PART_SIZE)]


def has_maps(run: TrainedRun) -> bool:
    """Whether the run's detector says where an image is odd."""
    blank = np.zeros((1, *run.config.image_shape), np.uint8)
    return "anomaly_map" in run.explain(blank)
