"""Scores of a test split, and agreement of its anomaly maps with its masks."""

import dataclasses
from typing import Any, cast

import numpy as np

from memgan_tf.data import LabelledImages
from memgan_tf.data.folders.originals import MAX_LONGER_SIDE
from memgan_tf.evaluation.explanations import explain_in_parts, has_maps, parts_of
from memgan_tf.evaluation.part_choices import auroc_by_parts
from memgan_tf.evaluation.pixel_metrics import PixelMetrics
from memgan_tf.evaluation.regions import Region, find_region
from memgan_tf.evaluation.trained_run import TrainedRun
from memgan_tf.evaluation.views import Views

# The part does not depend on the run's seed.
SUBSET_SEED = 0


@dataclasses.dataclass(frozen=True)
class MeasuredTest:
    """Measurements on a test split.

    Attributes:
        positions: `(n,)` positions of the scored images in the split.
        labels: `(n,)`, 1 = anomaly.
        scores: `(n,)`.
        pixel_metrics: `pixel_auroc` and `aupro`; empty without masks or without anomaly maps.
        parts: AUROC of every choice of the score's parts; empty if it has no parts.
        pixels: What the pixel metrics must be quoted with; None without masks.
        regions: For each image, the anomalous region if it is called an anomaly, otherwise None.
            None for sets that are not photographs, and without anomaly maps.
    """

    positions: np.ndarray
    labels: np.ndarray
    scores: np.ndarray
    pixel_metrics: dict[str, float]
    pixels: dict[str, Any] | None
    parts: dict[str, float] = dataclasses.field(default_factory=dict)
    regions: list[Region | None] | None = None


def measure_test(
    run: TrainedRun, test: LabelledImages, pixel_threshold: float | None = None
) -> MeasuredTest:
    """Scores a labeled test split, or the part that the detector's configuration allows.

    With masks, the anomaly maps are measured in the same pass, for photographs in their own pixels.
    An anomaly with an empty mask is left out of the pixel metrics, and counted.

    Args:
        run: The run.
        test: The split.
        pixel_threshold: Pixels of photographs above it form regions; None predicts no regions.

    Raises:
        ValueError: If masks do not have the size of the images.
    """
    whole = cast(np.ndarray, test.labels)
    positions = stratified_subset(whole, run.detector.max_test_images)
    labels = whole[positions]
    looks_for_regions = pixel_threshold is not None and test.originals is not None
    if (test.masks is not None or looks_for_regions) and has_maps(run):
        return _measure_maps(run, test, positions, labels, pixel_threshold)
    obstacle = f"{run.config.detector} has no anomaly maps"
    facts = None if test.masks is None else {"obstacle": obstacle}
    if run.detector.part_names:
        scores, parts = _measure_parts(run, test.images, positions, labels)
        return MeasuredTest(positions, labels, scores, {}, facts, parts)
    parts = parts_of(positions, run.config.image_shape)
    scores = np.concatenate([run.score(test.images[part]) for part in parts])
    return MeasuredTest(positions, labels, scores, {}, facts)


def _measure_parts(run, images, positions, labels):
    """Scores, and the AUROC of every choice of the score's parts."""
    scores, parts = [], []
    for _, _, explained in explain_in_parts(run, images, positions):
        scores.append(explained["anomaly_score"])
        parts.append(explained["parts"])
    found = auroc_by_parts(labels, np.concatenate(parts), run.detector.part_names)
    return np.concatenate(scores), found


def _measure_maps(run, test, positions, labels, pixel_threshold):
    """Measures scores, parts, regions, and pixel metrics if there are masks, in one pass."""
    views, metrics, facts = Views.of(test), PixelMetrics(), {"num_anomalies_without_mask": 0}
    scores: list[np.ndarray] = []
    parts: list[Any] = []
    regions = []
    for part, _, explained in explain_in_parts(run, test.images, positions):
        scores.append(explained["anomaly_score"])
        parts.append(explained.get("parts"))
        for position, score, values in zip(
            part, explained["anomaly_score"], explained["anomaly_map"], strict=True
        ):
            heat = views.heat(position, values, MAX_LONGER_SIDE)
            if test.originals is not None and pixel_threshold is not None:
                is_called = score > run.threshold
                size = views.size(position)
                regions.append(find_region(heat, pixel_threshold, size) if is_called else None)
            if test.masks is not None:
                _add_pixels(metrics, facts, views, position, test.labels[position], heat)
    by_parts = {}
    if run.detector.part_names:
        by_parts = auroc_by_parts(labels, np.concatenate(parts), run.detector.part_names)
    values, pixels = _pixel_result(test, metrics, facts)
    found = np.concatenate(scores)
    return MeasuredTest(positions, labels, found, values, pixels, by_parts, regions or None)


def _add_pixels(metrics, facts, views, position, label, heat):
    mask = views.mask(position, MAX_LONGER_SIDE)
    if label and not mask.any():
        facts["num_anomalies_without_mask"] += 1
        return
    metrics.update(heat[np.newaxis], mask[np.newaxis])


def _pixel_result(test, metrics, facts):
    """Pixel metrics, and what they must be quoted with."""
    if test.masks is None:
        return {}, None
    found = metrics.result()
    if found is None:
        return {}, {"obstacle": "the masks have no defect pixel, or no normal one"}
    described = dataclasses.asdict(found)
    values = {name: described.pop(name) for name in ("pixel_auroc", "aupro")}
    return values, {**described, **facts}


def stratified_subset(labels: np.ndarray, max_images: int | None) -> np.ndarray:
    """Positions of at most `max_images` images, ascending; all positions for None.

    Args:
        labels: `(num_images,)`, 1 = anomaly, 0 = normal.
        max_images: At least 2. Each label keeps its share, and at least one image.
    """
    if max_images is None or max_images >= len(labels):
        return np.arange(len(labels))
    generator = np.random.default_rng(SUBSET_SEED)
    anomalies, normals = np.flatnonzero(labels == 1), np.flatnonzero(labels == 0)
    share = round(max_images * len(anomalies) / len(labels))
    num_anomalies = min(max(share, 1), max_images - 1)
    chosen = [
        generator.choice(members, min(count, len(members)), replace=False)
        for members, count in ((anomalies, num_anomalies), (normals, max_images - num_anomalies))
    ]
    return np.sort(np.concatenate(chosen))
