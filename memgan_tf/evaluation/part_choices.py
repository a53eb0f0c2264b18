"""Ablations without training: a score that is a mean of parts, with other choices of parts."""

import itertools
from collections.abc import Iterator, Sequence

import numpy as np

from memgan_tf.evaluation.metrics import ranking_metrics


def choices(names: Sequence[str]) -> Iterator[tuple[str, list[int]]]:
    """Every nonempty choice of parts: its name, such as `first+second`, and its columns."""
    for size in range(1, len(names) + 1):
        for columns in itertools.combinations(range(len(names)), size):
            yield "+".join(names[column] for column in columns), list(columns)


def auroc_by_parts(labels: np.ndarray, parts: np.ndarray, names: Sequence[str]) -> dict[str, float]:
    """AUROC of the mean of every choice of parts, in [0, 1].

    Args:
        labels: `(num_images,)`, 1 = anomaly.
        parts: `(num_images, num_parts)`, each standardized, higher = more anomalous.
        names: Names of the parts.
    """
    return {
        name: ranking_metrics(labels, parts[:, columns].mean(axis=1))["auroc"]
        for name, columns in choices(names)
    }
