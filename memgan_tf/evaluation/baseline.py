"""A simple baseline for a run on photographs: a PCA, fitted on the same images."""

import sys
import time
from typing import Any, cast

import numpy as np

from memgan_tf.config import RunConfig, resolve
from memgan_tf.config.run import MAX_PIXEL_SIDE
from memgan_tf.data import LabelledImages, OneClassTask
from memgan_tf.detectors.registry import make_detector
from memgan_tf.evaluation.calibration import Calibration
from memgan_tf.evaluation.explanations import parts_of
from memgan_tf.evaluation.kinds import count_decisions
from memgan_tf.evaluation.left_out import calibrate
from memgan_tf.evaluation.metrics import auroc_difference, ranking_metrics

DETECTOR = "pca"
# Largest number of pixel values for the fit; they take 160 MB as 8-byte numbers, and seconds.
MAX_VALUES = 20_000_000
FEWEST_IMAGES = 4


def measure_baseline(
    config: RunConfig,
    task: OneClassTask,
    positions: np.ndarray,
    scores: np.ndarray,
) -> dict[str, Any] | None:
    """Fits a PCA on the training images of a run on photographs, and scores the same test images.

    Its threshold comes from the same normal images and the same rate as in a separate run. No
    label is used for any choice.

    Args:
        config: Configuration of the run.
        task: Data of the run, with labeled test images.
        positions: `(n,)` positions of the test images that the run scored.
        scores: `(n,)` their scores by the run.

    Returns:
        `detector`, `num_train`, `seconds` of the fit, `auroc`, `decisions` (see `count_decisions`)
        and `auroc_difference`: the PCA's AUROC minus the run's, and the ends of its 95 % interval.
        None for data that is not a folder, for images with too many pixels, for a run of a PCA,
        without images of both kinds, or if training images are too few or all equal.
    """
    test = cast(LabelledImages, task.test)
    labels = cast(np.ndarray, test.labels)[positions]
    if config.data.folder is None or config.detector == DETECTOR or len(np.unique(labels)) < 2:
        return None
    if max(config.image_shape[:2]) > MAX_PIXEL_SIDE:
        return None
    settings = {"dataset": config.data.dataset, "seed": config.training.seed}
    settings |= {"score_rule": "local", "leave_out_padding": config.data.leave_out_padding}
    rival = make_detector(resolve(DETECTOR, "default", config.image_shape, settings))
    chosen = _evenly(len(task.train), MAX_VALUES // int(np.prod(config.image_shape)))
    images = task.train.images[chosen]
    if len(chosen) < FEWEST_IMAGES or (images == images[:1]).all():
        return None
    # It takes a minute or two where photographs are large.
    line = f"Fitting a PCA to {len(chosen)} training images, to compare the run with it."
    print(line, file=sys.stderr, flush=True)
    started = time.monotonic()
    rival.fit(images, task.validation.images)
    seconds = time.monotonic() - started
    held_out = _score(rival, task.validation.images, np.arange(len(task.validation)))
    threshold = _calibrate(rival, held_out, config.data.target_fpr).threshold
    found = _score(rival, test.images, positions)
    difference, low, high = auroc_difference(labels, found, scores)
    return {
        "detector": DETECTOR,
        "num_train": len(chosen),
        "seconds": round(seconds, 2),
        "auroc": ranking_metrics(labels, found)["auroc"],
        "auroc_difference": [difference, low, high],
        "decisions": count_decisions(labels, found, threshold),
    }


def _calibrate(rival, held_out, target_fpr):
    if rival.left_out_scores is None:
        return Calibration.of(held_out, target_fpr)
    return calibrate(rival.left_out_scores, held_out, target_fpr).calibration


def _evenly(count, limit):
    """Positions of at most `limit` of `count` images, evenly spread."""
    limit = max(min(count, limit), min(count, FEWEST_IMAGES))
    return np.unique(np.linspace(0, count - 1, limit).round().astype(int))


def _score(detector, images, positions):
    parts = parts_of(positions, detector.config.image_shape)
    return np.concatenate([detector.score(images[part]) for part in parts])
