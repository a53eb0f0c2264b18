"""Distances of a run's codes to the convex hull of its memory units."""

import dataclasses
from typing import Any

import numpy as np
import tensorflow as tf
from sklearn.metrics import roc_auc_score

from memgan_tf.data import LabelledImages, OneClassTask
from memgan_tf.evaluation.trained_run import TrainedRun
from memgan_tf.losses.hull_solver import hull_weights

# Number of codes solved for at once; the slowest of them determines the time.
BATCH = 1024
SOLVER_TOLERANCE = 1e-6
# Tolerance for distances of units to the hull of codes, in units of the codes' spread.
REVERSE_TOLERANCE = 1e-2
# Codes within this distance of the hull, in units of the codes' spread, count as inside.
INSIDE_TOLERANCES = (0.001, 0.1, 0.25, 0.5)
# Directions in which the units extend by less than this share of the largest are not in the span.
RANK_TOLERANCE = 1e-6


@dataclasses.dataclass(frozen=True)
class HullDistances:
    """Distances of codes to the hull of the units, each `(num_codes,)` in units of the codes.

    With fewer units than dimensions the hull is flat: it has no volume, and only a code in the
    units' affine span can be inside. total² = off_span² + in_span².

    Attributes:
        total: Distance to the hull.
        off_span: Distance to the affine span of the units.
        in_span: Distance from the code's projection on the span to the hull; 0 if inside.
        error: Largest error of `total`, from the solver's duality gap.
    """

    total: np.ndarray
    off_span: np.ndarray
    in_span: np.ndarray
    error: float


def measure_distances(
    codes: np.ndarray, units: np.ndarray, tolerance: float = SOLVER_TOLERANCE
) -> HullDistances:
    """Distances of codes `(num_codes, dim)` to the hull of units `(num_units, dim)`.

    Args:
        codes: The codes.
        units: The units.
        tolerance: Largest accepted error of a distance.

    Raises:
        RuntimeError: If the solver does not reach it.
    """
    codes, units = np.asarray(codes, np.float64), np.asarray(units, np.float64)
    feet_in_hull, bounds = [], []
    for start in range(0, len(codes), BATCH):
        batch = tf.constant(codes[start : start + BATCH])
        weights, bound = hull_weights(batch, tf.constant(units), tolerance)
        feet_in_hull.append(weights.numpy() @ units)
        bounds.append(bound.numpy())
    error = float(np.concatenate(bounds).max())
    if not error <= tolerance:
        raise RuntimeError(
            f"the distance to the hull is only known to within {error:.2g}, not {tolerance:.2g}, "
            f"because the units are nearly dependent"
        )
    nearest = np.concatenate(feet_in_hull)
    feet = project_to_span(codes, units)
    return HullDistances(
        total=np.linalg.norm(codes - nearest, axis=1),
        off_span=np.linalg.norm(codes - feet, axis=1),
        in_span=np.linalg.norm(feet - nearest, axis=1),
        error=error,
    )


def project_to_span(codes: np.ndarray, units: np.ndarray) -> np.ndarray:
    """Projection of each code `(num_codes, dim)` on the affine span of the units."""
    center = units.mean(axis=0)
    _, extents, directions = np.linalg.svd(units - center, full_matrices=False)
    directions = directions[extents > RANK_TOLERANCE * extents[0]]
    return center + (codes - center) @ directions.T @ directions


def spread_of(codes: np.ndarray) -> float:
    """Root mean square distance of codes `(num_codes, dim)` to their mean."""
    codes = np.asarray(codes, np.float64)
    return float(np.sqrt(np.square(codes - codes.mean(axis=0)).sum(axis=1).mean()))


def units_of(run: TrainedRun) -> np.ndarray:
    """Memory units M of a run, `(num_units, dim)`.

    Raises:
        ValueError: If its method has no units in the space of its codes.
    """
    model = getattr(run.detector, "model", None)
    points = {} if model is None else model.embedding_points()
    if "unit" not in points:
        raise ValueError(
            f"`run` must be of a method with memory units, such as memgan. "
            f"Received: {run.directory.path} of {run.config.detector}"
        )
    return points["unit"]


def labelled_test(run: TrainedRun, task: OneClassTask) -> LabelledImages:
    """The test split.

    Raises:
        ValueError: If there is no labeled test split.
    """
    if task.test is None:
        raise ValueError(
            f"`dataset` {run.config.data.dataset} has no labeled test split to compare normal "
            f"and abnormal codes on"
        )
    return task.test


def encode(run: TrainedRun, task: OneClassTask) -> dict[str, dict[str, np.ndarray]]:
    """`codes` and `anomaly_score` of the training, held-out, normal and abnormal test images.

    Raises:
        ValueError: As `labelled_test`.
    """
    test = labelled_test(run, task)
    parts = {
        "train": task.train.images,
        "held_out": task.validation.images,
        "normal": test.images[test.labels == 0],
        "abnormal": test.images[test.labels == 1],
    }
    explained = {name: run.explain(images) for name, images in parts.items()}
    return {
        name: {kind: values[kind] for kind in ("codes", "anomaly_score")}
        for name, values in explained.items()
    }


def measure_hull(run: TrainedRun, task: OneClassTask) -> dict[str, Any]:
    """Tests the paper's claim: normal codes inside the hull of the units, abnormal ones outside.

    Args:
        run: A run of a method with memory units.
        task: Data of the run, with a labeled test split.

    Returns:
        Content of `hull.json`. Distances are in units of `spread`, the root mean square distance
        of the training codes to their mean. `units_to_codes` tests the other half of the claim: it
        is the median distance of a unit to the hull of the training codes.

    Raises:
        ValueError: If the method has no units or there is no labeled test split.
        RuntimeError: As `measure_distances`.
    """
    units, encoded = units_of(run), encode(run, task)
    codes = {name: values["codes"] for name, values in encoded.items()}
    distances = {name: measure_distances(values, units) for name, values in codes.items()}
    spread = spread_of(codes["train"])
    reverse = measure_distances(units, codes["train"], REVERSE_TOLERANCE * spread)
    return {
        "num_units": len(units),
        "dim": units.shape[1],
        "spread": spread,
        "solver_error": max(found.error for found in distances.values()),
        "distances": {name: _describe(found, spread) for name, found in distances.items()},
        "units_to_codes": float(np.median(reverse.total) / spread),
        "auroc": _compare(encoded, distances),
    }


def _compare(encoded, distances):
    """AUROC of quantities that may separate abnormal images; the last two do not use the hull."""
    center = encoded["train"]["codes"].mean(axis=0)
    scores: dict[str, tuple[np.ndarray, ...]] = {
        name: (getattr(distances["normal"], name), getattr(distances["abnormal"], name))
        for name in ("total", "off_span", "in_span")
    }
    tested = [encoded["normal"], encoded["abnormal"]]
    scores["to_mean_code"] = tuple(np.linalg.norm(v["codes"] - center, axis=1) for v in tested)
    scores["anomaly_score"] = tuple(v["anomaly_score"] for v in tested)
    return {name: _auroc(*pair) for name, pair in scores.items()}


def _describe(found, spread):
    """Fractions inside and medians of one set of codes, in units of the spread."""
    return {
        "num_codes": len(found.total),
        "inside": _inside(found.total / spread),
        "inside_in_span": _inside(found.in_span / spread),
        "median": float(np.median(found.total) / spread),
        "median_off_span": float(np.median(found.off_span) / spread),
        "median_in_span": float(np.median(found.in_span) / spread),
    }


def _inside(distances):
    return {f"{limit:g}": float((distances <= limit).mean()) for limit in INSIDE_TOLERANCES}


def _auroc(normal, abnormal):
    labels = np.repeat([0, 1], [len(normal), len(abnormal)])
    return float(roc_auc_score(labels, np.concatenate([normal, abnormal])))
