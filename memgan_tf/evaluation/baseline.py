"""A simple baseline for a run on photographs: a PCA, fitted on the same images."""

import dataclasses
import hashlib
import json
import pathlib
import sys
import time
from typing import Any, cast

import numpy as np
import tensorflow as tf

from memgan_tf import files
from memgan_tf.config import RunConfig, resolve
from memgan_tf.config.run import by_features
from memgan_tf.data import LabelledImages, OneClassTask
from memgan_tf.data.folders.shapes import PIXEL_SIZES
from memgan_tf.data.stored_images import Images
from memgan_tf.detectors.registry import make_detector
from memgan_tf.evaluation.calibration import Calibration
from memgan_tf.evaluation.explanations import parts_of
from memgan_tf.evaluation.kinds import count_decisions
from memgan_tf.evaluation.left_out import calibrate
from memgan_tf.evaluation.metrics import auroc_difference, ranking_metrics
from memgan_tf.source_digest import source_digest
from memgan_tf.validation import check_integer, check_real

DETECTOR = "pca"
# What the fit gave, in the folder of the run's evaluation.
FILE = "baseline.json"
# Largest number of pixel values for the fit; they take 160 MB as 8-byte numbers, and seconds.
MAX_VALUES = 20_000_000
FEWEST_IMAGES = 4


@dataclasses.dataclass(frozen=True)
class FittedBaseline:
    """What the comparison needs of a fitted PCA.

    Attributes:
        key: See `_key`.
        num_train: Number of images that it was fitted to.
        seconds: Time of the fit.
        threshold: A score above it is called an anomaly.
        scores: One per test image.
    """

    key: str
    num_train: int
    seconds: float
    threshold: float
    scores: list[float]


def measure_baseline(
    config: RunConfig,
    task: OneClassTask,
    positions: np.ndarray,
    scores: np.ndarray,
    folder: pathlib.Path | None = None,
) -> dict[str, Any] | None:
    """Fits a PCA on the training images of a run on photographs, and scores the same test images.

    Beside a detector on features, it sees the photographs at the size of its own default. Its
    threshold comes from the same normal images and the same rate as in a separate run. No label is
    used for any choice.

    Args:
        config: Configuration of the run.
        task: Data of the run, with labeled test images.
        positions: `(n,)` positions of the test images that the run scored.
        scores: `(n,)` their scores by the run.
        folder: Where the result of the fit is kept, and taken from if images, settings and code are
            the same; None keeps nothing.

    Returns:
        `detector`, `num_train`, `seconds` of the fit, `auroc`, `decisions` (see `count_decisions`)
        and `auroc_difference`: the PCA's AUROC minus the run's, and the ends of its 95 % interval.
        None for data that is not a folder, for a run of a PCA, without images of both kinds, or if
        training images are too few or all equal.
    """
    test = cast(LabelledImages, task.test)
    labels = cast(np.ndarray, test.labels)[positions]
    if config.data.folder is None or config.detector == DETECTOR or len(np.unique(labels)) < 2:
        return None
    rival = _rival_config(config)
    chosen = _evenly(len(task.train), MAX_VALUES // int(np.prod(rival.image_shape)))
    if len(chosen) < FEWEST_IMAGES:
        return None
    sets = (
        (task.train.images, chosen),
        (task.validation.images, np.arange(len(task.validation))),
        (test.images, positions),
    )
    key = _key(rival, config.data.target_fpr, sets)
    fitted = None if folder is None else _read(folder / FILE, key, len(positions))
    if fitted is None:
        fitted = _fit(rival, config.data.target_fpr, key, sets)
        if fitted is not None and folder is not None:
            files.write_json(folder / FILE, dataclasses.asdict(fitted))
    return None if fitted is None else _compared(fitted, labels, scores)


def _rival_config(config):
    """Configuration of the PCA."""
    height, width, channels = config.image_shape
    if by_features(config.detector):
        scale = min(1.0, PIXEL_SIZES[-1] / max(height, width))
        height, width = (max(1, round(scale * side)) for side in (height, width))
    settings = {"dataset": config.data.dataset, "seed": config.training.seed}
    settings |= {"score_rule": "local", "leave_out_padding": config.data.leave_out_padding}
    return resolve(DETECTOR, "default", (height, width, channels), settings)


def _key(rival, target_fpr, sets):
    """Digest of everything that decides a `FittedBaseline`: code, settings and pixels."""
    settings = json.dumps([source_digest(), rival.decisive(), target_fpr], sort_keys=True)
    digest = hashlib.sha256(settings.encode())
    for images, positions in sets:
        digest.update(repr((len(positions), images.shape[1:])).encode())
        for part in parts_of(positions, images.shape[1:]):
            digest.update(np.ascontiguousarray(images[part]).data)
    return digest.hexdigest()


def _read(path, key, num_scores):
    """The result of an earlier fit; None if there is none of this key, or it is damaged."""
    try:
        found = FittedBaseline(**files.read_json(path))
        check_integer("num_train", found.num_train, minimum=FEWEST_IMAGES)
        check_real("seconds", found.seconds, minimum=0.0)
        for value in (found.threshold, *found.scores):
            check_real("scores", value)
    except (OSError, *files.DAMAGE):
        return None
    return found if found.key == key and len(found.scores) == num_scores else None


def _fit(rival_config, target_fpr, key, sets):
    """Fits the PCA; None if the training images are all equal."""
    shape = rival_config.image_shape
    train, held_out, tested = (_shrunk(images, positions, shape) for images, positions in sets)
    if (train == train[:1]).all():
        return None
    line = f"Fitting a PCA to {len(train)} training images, to compare the run with it."
    print(line, file=sys.stderr, flush=True)
    rival, started = make_detector(rival_config), time.monotonic()
    rival.fit(train, held_out)
    seconds = time.monotonic() - started
    threshold = _calibrate(rival, _score(rival, held_out), target_fpr).threshold
    scores = _score(rival, tested).tolist()
    return FittedBaseline(key, len(train), round(seconds, 2), float(threshold), scores)


def _shrunk(images: Images, positions, image_shape):
    """The images at positions as an array, averaged to the size of a smaller shape."""
    if tuple(images.shape[1:]) == tuple(image_shape):
        return images[positions]
    found = [np.zeros((0, *image_shape), np.uint8)]
    for part in parts_of(positions, images.shape[1:]):
        means = tf.image.resize(images[part], image_shape[:2], method="area")
        found.append(tf.cast(tf.round(means), tf.uint8).numpy())
    return np.concatenate(found)


def _compared(fitted, labels, scores):
    found = np.array(fitted.scores)
    difference, low, high = auroc_difference(labels, found, scores)
    return {
        "detector": DETECTOR,
        "num_train": fitted.num_train,
        "seconds": fitted.seconds,
        "auroc": ranking_metrics(labels, found)["auroc"],
        "auroc_difference": [difference, low, high],
        "decisions": count_decisions(labels, found, fitted.threshold),
    }


def _calibrate(rival, held_out, target_fpr):
    if rival.left_out_scores is None:
        return Calibration.of(held_out, target_fpr)
    return calibrate(rival.left_out_scores, held_out, target_fpr).calibration


def _evenly(count, limit):
    """Positions of at most `limit` of `count` images, evenly spread."""
    limit = max(min(count, limit), min(count, FEWEST_IMAGES))
    return np.unique(np.linspace(0, count - 1, limit).round().astype(int))


def _score(detector, images):
    parts = parts_of(np.arange(len(images)), detector.config.image_shape)
    return np.concatenate([detector.score(images[part]) for part in parts])
