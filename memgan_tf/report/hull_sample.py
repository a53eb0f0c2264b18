"""Distances of codes to the hull of the memory units, for a sample that is quickly solved."""

import dataclasses

import numpy as np

from memgan_tf.data import OneClassTask
from memgan_tf.data.samples import at_random
from memgan_tf.evaluation.explanations import explain_in_parts
from memgan_tf.evaluation.hull import measure_distances, spread_of, units_of
from memgan_tf.evaluation.trained_run import TrainedRun

# Number of images drawn from each set with a fixed seed; takes seconds for any set.
MAX_CODES = 300
# Codes within this distance, in units of the codes' spread, count as near.
NEAR = 0.25


@dataclasses.dataclass(frozen=True)
class HullRow:
    """One set of codes; distances are in units of the training codes' spread.

    Attributes:
        name: Name of the set.
        num_codes: Number of measured codes.
        median: Median distance to the hull.
        near: Share of codes within `NEAR`.
    """

    name: str
    num_codes: int
    median: float
    near: float


def sample_hull(run: TrainedRun, task: OneClassTask) -> list[HullRow] | None:
    """Distances of training, held-out and test codes; None for a method without memory units.

    Raises:
        RuntimeError: If the solver does not converge.
    """
    try:
        units = units_of(run)
    except ValueError:
        return None
    codes = {name: _codes(run, images, where) for name, (images, where) in _sets(task).items()}
    spread = max(spread_of(codes["training"]), 1e-12)
    rows = []
    for name, values in codes.items():
        distances = measure_distances(values, units).total / spread
        near = float((distances <= NEAR).mean())
        rows.append(HullRow(name, len(values), float(np.median(distances)), near))
    return rows


def _sets(task):
    """Images of each set, and the positions to draw from."""
    sets = {
        "training": (task.train.images, np.arange(len(task.train))),
        "held-out": (task.validation.images, np.arange(len(task.validation))),
    }
    if task.test is not None:
        sets["test, normal"] = (task.test.images, np.flatnonzero(task.test.labels == 0))
        sets["test, anomalies"] = (task.test.images, np.flatnonzero(task.test.labels == 1))
    return sets


def _codes(run, images, positions):
    chosen = at_random(positions, MAX_CODES)
    parts = explain_in_parts(run, images, chosen)
    return np.concatenate([explained["codes"] for _, _, explained in parts])
