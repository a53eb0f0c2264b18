"""Which images of a set are worth a look: the ends of the scores, and the mistakes."""

import numpy as np

# Name of each group, in the order in which they are shown, and what it holds.
GROUPS = {
    "false_alarm": "Normal images above the threshold, highest score first.",
    "miss": "Anomalies that the threshold lets through, those nearest to it first.",
    "most_anomalous": "The highest scores of all.",
    "least_anomalous": "The lowest scores of all.",
}


def select(
    labels: np.ndarray | None, scores: np.ndarray, threshold: float, count: int
) -> dict[str, np.ndarray]:
    """Positions of at most `count` images of each group, by its name; an image may be in several.

    Args:
        labels: `(num_images,)`, 1 = anomaly; None leaves out the groups that need them.
        scores: `(num_images,)`.
        threshold: An image above it is called an anomaly.
        count: Images a group.
    """
    rising = np.argsort(scores, kind="stable")
    falling = rising[::-1]
    found = {}
    if labels is not None:
        flagged = scores > threshold
        found["false_alarm"] = falling[(labels[falling] == 0) & flagged[falling]][:count]
        # Those that a slightly lower threshold would find; the others are least anomalous anyway.
        found["miss"] = falling[(labels[falling] == 1) & ~flagged[falling]][:count]
    return {**found, "most_anomalous": falling[:count], "least_anomalous": rising[:count]}
