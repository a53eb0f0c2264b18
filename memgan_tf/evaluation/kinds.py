"""Results of a run by kind of defect, or by class."""

from typing import Any

import numpy as np

from memgan_tf.evaluation.metrics import ranking_metrics
from memgan_tf.text import decodable, printable

# A set with more classes than this gets no table.
MAX_KINDS = 100
# Results of kinds with shorter names are printed in one column.
LONGEST_COLUMN = 40


def measure_kinds(
    kinds: np.ndarray | None, labels: np.ndarray, scores: np.ndarray, threshold: float
) -> list[dict[str, Any]]:
    """Results for the images of each kind, normal kinds first, then by name.

    Args:
        kinds: `(num_images,)`; None gives an empty list.
        labels: `(num_images,)`, 1 = anomaly.
        scores: `(num_images,)`.
        threshold: An image above it is called an anomaly.

    Returns:
        One dictionary per kind: `kind`, `anomaly` (whether it is one), `images`, `flagged` (above
        the threshold) and, for anomalies, `auroc` against all normal images, if any.
    """
    if kinds is None:
        return []
    kinds = np.array([decodable(str(kind)) for kind in kinds])
    if len(set(kinds)) > MAX_KINDS:
        return []
    normal, rows = labels == 0, []
    for anomaly in (False, True):
        for kind in sorted(set(kinds[labels == int(anomaly)])):
            chosen = (kinds == kind) & (labels == int(anomaly))
            row: dict[str, Any] = {
                "kind": str(kind),
                "anomaly": anomaly,
                "images": int(chosen.sum()),
            }
            row["flagged"] = int((scores[chosen] > threshold).sum())
            if anomaly and normal.any():
                both = chosen | normal
                row["auroc"] = ranking_metrics(labels[both], scores[both])["auroc"]
            rows.append(row)
    return rows


def count_decisions(labels: np.ndarray, scores: np.ndarray, threshold: float) -> dict[str, int]:
    """Numbers of anomalies found, and of false alarms on normal images.

    Args:
        labels: `(num_images,)`, 1 = anomaly.
        scores: `(num_images,)`.
        threshold: An image above it is called an anomaly.
    """
    flagged = scores > threshold
    return {
        "found": int(flagged[labels == 1].sum()),
        "num_anomalies": int((labels == 1).sum()),
        "false_alarms": int(flagged[labels == 0].sum()),
        "num_normal": int((labels == 0).sum()),
    }


def summarize_decisions(results: dict[str, Any]) -> str:
    """`found 7 of 60, false alarms 1 of 40`; a class without images is left out."""
    decisions, phrases = results["decisions"], []
    if decisions["num_anomalies"]:
        phrases.append(f"found {decisions['found']} of {decisions['num_anomalies']}")
    if decisions["num_normal"]:
        phrases.append(f"false alarms {decisions['false_alarms']} of {decisions['num_normal']}")
    return ", ".join(phrases)


def format_kinds(rows: list[dict[str, Any]]) -> list[str]:
    """One line per kind: how many images are called anomalies, and the AUROC × 100."""
    names = [printable(row["kind"]) for row in rows]
    width = min(max(map(len, names), default=0), LONGEST_COLUMN)
    return [
        f"  {name:<{width}}  {'found' if row['anomaly'] else 'false alarms'} "
        f"{row['flagged']} of {row['images']}"
        + (f", AUROC {100 * row['auroc']:.2f}" if "auroc" in row else "")
        for name, row in zip(names, rows, strict=True)
    ]
