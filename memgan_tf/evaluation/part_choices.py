"""What a score that is a mean of parts would be with other parts: ablations without training."""

import itertools
from collections.abc import Iterator, Sequence

import numpy as np

from memgan_tf.evaluation.metrics import ranking_metrics


def choices(names: Sequence[str]) -> Iterator[tuple[str, list[int]]]:
    """Every non-empty choice of parts: its name, `first+second`, and the columns."""
    for size in range(1, len(names) + 1):
        for columns in itertools.combinations(range(len(names)), size):
            yield "+".join(names[column] for column in columns), list(columns)


def auroc_by_parts(labels: np.ndarray, parts: np.ndarray, names: Sequence[str]) -> dict[str, float]:
    """AUROC of the mean of every choice of parts, in [0, 1].

    Args:
        labels: `(num_images,)`, 1 = anomaly.
        parts: `(num_images, num_parts)`, each standardised, higher = more anomalous.
        names: Of the parts.
    """
    return {
        name: ranking_metrics(labels, parts[:, columns].mean(axis=1))["auroc"]
        for name, columns in choices(names)
    }
