"""Predicted regions of many images, from a finished run."""

import numpy as np

from memgan_tf.data.folders.originals import MAX_LONGER_SIDE
from memgan_tf.evaluation.explanations import explain_in_parts
from memgan_tf.evaluation.heat_scale import SCALE_FILE, read_scale
from memgan_tf.evaluation.regions import Region, find_region
from memgan_tf.evaluation.trained_run import TrainedRun
from memgan_tf.evaluation.views import Views


def pixel_threshold(run: TrainedRun) -> float | None:
    """Value of a map above which a pixel belongs to a region; None for a run without it.

    Raises:
        ValueError: If the file of the scale is damaged.
    """
    path = run.directory.evaluation / SCALE_FILE
    if run.config.data.folder is None or not path.exists():
        return None
    return read_scale(path).top


def predict_regions(
    run: TrainedRun, views: Views, flagged: np.ndarray
) -> list[Region | None] | None:
    """Anomalous regions of the images that are called anomalies.

    Args:
        run: The run.
        views: The images.
        flagged: `(num_images,)` bool, whether an image is called an anomaly.

    Returns:
        A region for each of these, None for the others; None for a run without a pixel threshold.
        Runs on photographs have one if their detector has maps.
    """
    threshold = pixel_threshold(run)
    if threshold is None or views.originals is None:
        return None
    found: list[Region | None] = [None] * len(flagged)
    for part, _, explained in explain_in_parts(run, views.images, np.flatnonzero(flagged)):
        for position, values in zip(part, explained["anomaly_map"], strict=True):
            heat = views.heat(position, values, MAX_LONGER_SIDE)
            found[position] = find_region(heat, threshold, views.size(position))
    return found
