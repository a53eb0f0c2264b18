"""Metrics of how well scores separate anomalies from normal images. Labels: 1 = anomaly."""

import math

import numpy as np
from scipy import optimize, stats
from sklearn import metrics

from memgan_tf.validation import received


def ranking_metrics(labels: np.ndarray, scores: np.ndarray) -> dict[str, float]:
    """Metrics of the order of the scores, each in [0, 1].

    Args:
        labels: `(num_images,)`, 1 = anomaly, 0 = normal, both present.
        scores: `(num_images,)`, higher is more anomalous.

    Returns:
        `auroc`, `average_precision`, `fpr_at_95_tpr` (share of normal images flagged when 95 % of
        the anomalies are) and `oracle_f1_max` (best F1 over all thresholds; it sees the labels).

    Raises:
        ValueError: If a class is missing or a score is not finite.
    """
    _check(labels, scores)
    false_positives, true_positives, _ = metrics.roc_curve(labels, scores)
    precision, recall, _ = metrics.precision_recall_curve(labels, scores)
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-12)
    return {
        "auroc": float(metrics.roc_auc_score(labels, scores)),
        "average_precision": float(metrics.average_precision_score(labels, scores)),
        "fpr_at_95_tpr": float(false_positives[np.argmax(true_positives >= 0.95)]),
        "oracle_f1_max": float(f1.max()),
    }


def threshold_metrics(labels: np.ndarray, scores: np.ndarray, threshold: float) -> dict[str, float]:
    """`f1_at_threshold` and `fpr_at_threshold` of the decision `score > threshold`.

    Args, Raises: as `ranking_metrics`.
    """
    _check(labels, scores)
    flagged = scores > threshold
    return {
        "f1_at_threshold": float(metrics.f1_score(labels, flagged, zero_division=0.0)),
        "fpr_at_threshold": float(flagged[labels == 0].mean()),
    }


def auroc_interval(
    auroc: float, num_normal: int, num_anomalies: int, confidence: float = 0.95
) -> tuple[float, float]:
    """Confidence interval of an AUROC; valid for AUROCs of 0 and 1, too.

    It has the values that a score test would not reject, with the variance of Hanley and McNeil
    (1982) and both numbers of images replaced by their mean (method 5 of Newcombe, 2006).

    Args:
        auroc: Measured AUROC, in [0, 1].
        num_normal: Number of normal images, at least 1.
        num_anomalies: Number of anomalies, at least 1.
        confidence: Confidence in (0, 1).
    """
    z = stats.norm.ppf((1.0 + confidence) / 2.0)
    others = (num_normal + num_anomalies) / 2.0 - 1.0

    def excess(value):
        spread = 1.0 + others * ((1.0 - value) / (2.0 - value) + value / (1.0 + value))
        variance = value * (1.0 - value) * spread / (num_normal * num_anomalies)
        return abs(auroc - value) - z * math.sqrt(variance)

    # If the AUROC is 0 or 1, it also solves the equation, so the search starts next to it.
    below, above = auroc * (1.0 - 1e-9), 1.0 - (1.0 - auroc) * (1.0 - 1e-9)
    low = optimize.brentq(excess, 0.0, below) if excess(0.0) > 0 else 0.0
    high = optimize.brentq(excess, above, 1.0) if excess(1.0) > 0 else 1.0
    return float(low), float(high)


def auroc_difference(
    labels: np.ndarray, first: np.ndarray, second: np.ndarray, confidence: float = 0.95
) -> tuple[float, float, float]:
    """AUROC of the first scores minus that of the second, and the ends of its interval.

    The variance is that of DeLong, DeLong and Clarke-Pearson (1988), which accounts for both being
    measured on the same images.

    Args:
        labels: `(num_images,)`, 1 = anomaly, 0 = normal, both present.
        first: `(num_images,)` scores.
        second: `(num_images,)` scores.
        confidence: In (0, 1).

    Raises:
        ValueError: As `ranking_metrics`.
    """
    _check(labels, first)
    _check(labels, second)
    placements = [_placements(labels, scores) for scores in (first, second)]
    anomalies, normals = (a - b for a, b in zip(*placements, strict=True))
    variance = sum(np.var(p, ddof=1) / len(p) for p in (anomalies, normals) if len(p) > 1)
    difference = float(anomalies.mean())
    margin = stats.norm.ppf((1.0 + confidence) / 2.0) * math.sqrt(variance)
    return difference, max(difference - margin, -1.0), min(difference + margin, 1.0)


def _placements(labels, scores):
    """Share of normal images below each anomaly, and of anomalies above each normal image."""
    positive, negative = scores[labels == 1], scores[labels == 0]
    ranks = stats.rankdata(np.concatenate([positive, negative]))
    among_positive, among_negative = stats.rankdata(positive), stats.rankdata(negative)
    below = (ranks[: len(positive)] - among_positive) / len(negative)
    above = 1.0 - (ranks[len(positive) :] - among_negative) / len(positive)
    return below, above


def share_interval(count: int, total: int, confidence: float = 0.95) -> tuple[float, float]:
    """Wilson's interval for a share of `count` in `total`."""
    interval = stats.binomtest(count, total).proportion_ci(confidence, method="wilson")
    return float(interval.low), float(interval.high)


def _check(labels, scores):
    if not np.array_equal(np.unique(labels), (0, 1)):
        raise ValueError(
            f"`labels` must hold both 0 (normal) and 1 (anomaly). "
            f"{received('values', np.unique(labels).tolist())}"
        )
    if not np.isfinite(scores).all():
        raise ValueError(f"`scores` must be finite; {int((~np.isfinite(scores)).sum())} are not")
