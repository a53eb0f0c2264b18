"""Scores of a test split, and how its anomaly maps agree with its masks."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np

from memgan_tf.data import LabelledImages
from memgan_tf.evaluation.explanations import explain_in_parts, has_maps, parts_of
from memgan_tf.evaluation.part_choices import auroc_by_parts
from memgan_tf.evaluation.pixel_metrics import PixelMetrics
from memgan_tf.evaluation.subset import stratified_subset
from memgan_tf.evaluation.trained_run import TrainedRun


@dataclasses.dataclass(frozen=True)
class MeasuredTest:
    """What was measured on a test split.

    Attributes:
        positions: `(n,)` positions of the scored images in the split.
        labels: `(n,)`, 1 = anomaly.
        scores: `(n,)`.
        pixel_metrics: `pixel_auroc` and `aupro`; empty without masks or without anomaly maps.
        parts: AUROC of every choice of the score's parts; empty if it has none.
        pixels: What the pixel metrics must be quoted with; None without masks.
    """

    positions: np.ndarray
    labels: np.ndarray
    scores: np.ndarray
    pixel_metrics: dict[str, float]
    pixels: dict[str, Any] | None
    parts: dict[str, float] = dataclasses.field(default_factory=dict)


class Picked(Sequence):
    """Some of the images, or masks, of a set, decoded when they are asked for.

    Args:
        items: The set.
        positions: `(n,)` positions in it.
    """

    def __init__(self, items: Sequence, positions: np.ndarray):
        self._items, self._positions = items, positions

    def __len__(self):
        return len(self._positions)

    def __getitem__(self, chosen):
        return self._items[self._positions[chosen]]


def measure_test(run: TrainedRun, test: LabelledImages) -> MeasuredTest:
    """Scores a labelled test split, or the part that the detector's configuration allows.

    With masks the anomaly maps are measured in the same pass. An anomaly whose mask is empty says
    nothing about pixels: it is left out of the pixel metrics, and counted.

    Raises:
        ValueError: If masks do not have the size of the images.
    """
    positions = stratified_subset(test.labels, run.detector.max_test_images)
    labels, masks = test.labels[positions], masks_of(test)
    if masks is not None and has_maps(run):
        return _measure_pixels(run, test, positions, labels, masks)
    facts = None if masks is None else {"obstacle": f"{run.config.detector} has no anomaly maps"}
    if run.detector.part_names:
        scores, parts = _measure_parts(run, test.images, positions, labels)
        return MeasuredTest(positions, labels, scores, {}, facts, parts)
    scores = np.concatenate([run.score(test.images[part]) for part in parts_of(positions)])
    return MeasuredTest(positions, labels, scores, {}, facts)


def masks_of(images: LabelledImages) -> Sequence | None:
    """Masks of known defects, if the set has any."""
    return getattr(images, "masks", None)


def _measure_parts(run, images, positions, labels):
    """Scores, and the AUROC of every choice of the score's parts."""
    scores, parts = [], []
    for _, _, explained in explain_in_parts(run, images, positions):
        scores.append(explained["anomaly_score"])
        parts.append(explained["parts"])
    found = auroc_by_parts(labels, np.concatenate(parts), run.detector.part_names)
    return np.concatenate(scores), found


def _measure_pixels(run, test, positions, labels, masks):
    metrics, scores, columns, num_unmasked = PixelMetrics(), [], [], 0
    for part, _, explained in explain_in_parts(run, test.images, positions):
        scores.append(explained["anomaly_score"])
        if run.detector.part_names:
            columns.append(explained["parts"])
        shown = np.stack([np.asarray(masks[int(i)], bool) for i in part])
        usable = shown.any(axis=(1, 2)) | (test.labels[part] == 0)
        metrics.update(explained["anomaly_map"][usable], shown[usable])
        num_unmasked += int((~usable).sum())
    found, scores, parts = metrics.result(), np.concatenate(scores), {}
    if columns:
        parts = auroc_by_parts(labels, np.concatenate(columns), run.detector.part_names)
    if found is None:
        facts = {"obstacle": "the masks have no defect pixel, or no normal one"}
        return MeasuredTest(positions, labels, scores, {}, facts, parts)
    facts = dataclasses.asdict(found)
    values = {name: facts.pop(name) for name in ("pixel_auroc", "aupro")}
    facts["num_anomalies_without_mask"] = num_unmasked
    return MeasuredTest(positions, labels, scores, values, facts, parts)
