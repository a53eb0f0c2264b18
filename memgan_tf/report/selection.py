"""Selects the images of a set worth looking at: extreme scores and mistakes."""

import numpy as np

# Names and descriptions of the groups, in the order in which they are shown.
GROUPS = {
    "false_alarm": "Normal images above the threshold, highest score first.",
    "miss": "Missed anomalies, those nearest to the threshold first.",
    "most_anomalous": "The highest scores of all.",
    "least_anomalous": "The lowest scores of all.",
}


def select(
    labels: np.ndarray | None, scores: np.ndarray, threshold: float, count: int
) -> dict[str, np.ndarray]:
    """Positions of at most `count` images of each group, by name; an image may be in several.

    Args:
        labels: `(num_images,)`, 1 = anomaly; None leaves out the groups that need labels.
        scores: `(num_images,)`.
        threshold: An image above it is called an anomaly.
        count: Largest number of images per group.
    """
    rising = np.argsort(scores, kind="stable")
    falling = rising[::-1]
    found = {}
    if labels is not None:
        flagged = scores > threshold
        found["false_alarm"] = falling[(labels[falling] == 0) & flagged[falling]][:count]
        # A slightly lower threshold would find these; the others are in the least anomalous group.
        found["miss"] = falling[(labels[falling] == 1) & ~flagged[falling]][:count]
    return {**found, "most_anomalous": falling[:count], "least_anomalous": rising[:count]}
