"""Costs of a threshold: false alarms and misses among the images decided by inspectors."""

import dataclasses
from collections.abc import Sequence

import numpy as np

from memgan_tf.app.decisions import DEFECT, GOOD, Decision
from memgan_tf.data.samples import evenly
from memgan_tf.evaluation.calibration import Calibration
from memgan_tf.evaluation.metrics import share_interval

# Largest number of positions of the slider; highest false-alarm rate that a run may have.
MAX_STEPS, HIGHEST_RATE = 200, 0.5


@dataclasses.dataclass(frozen=True)
class Share:
    """A share as a count and a total, with Wilson's interval.

    Attributes:
        count: The count.
        total: The total.
    """

    count: int
    total: int

    @property
    def interval(self) -> tuple[float, float]:
        """95 % interval of the share; [0, 1] for a total of 0."""
        return share_interval(self.count, self.total) if self.total else (0.0, 1.0)


@dataclasses.dataclass(frozen=True)
class Price:
    """Costs of a threshold.

    Attributes:
        threshold: A score above it is called an anomaly.
        false_alarms: Share of images above it among those confirmed as good.
        misses: Share of images not above it among the confirmed defects.
        target_fpr: False-alarm rate guaranteed by the calibration; None if unknown.
    """

    threshold: float
    false_alarms: Share
    misses: Share
    target_fpr: float | None = None

    @classmethod
    def of(
        cls, threshold: float, decisions: Sequence[Decision], target_fpr: float | None = None
    ) -> "Price":
        """Counts."""
        good = scores_of(decisions, GOOD)
        defects = scores_of(decisions, DEFECT)
        return cls(
            threshold,
            Share(int((good > threshold).sum()), len(good)),
            Share(int((defects <= threshold).sum()), len(defects)),
            target_fpr,
        )


def scores_of(decisions: Sequence[Decision], decision: str) -> np.ndarray:
    """Scores of the images with a given decision, `(num_images,)`."""
    return np.array([d.anomaly_score for d in decisions if d.decision == decision], np.float64)


def steps_of(calibration: Calibration) -> list[tuple[float, float]]:
    """Possible thresholds of a run with their guaranteed rates, lowest threshold first.

    Each is the calibration score of a rank k of n, and guarantees (n + 1 - k) / (n + 1), like
    `memgan recalibrate --target_fpr`.

    Returns:
        `(threshold, target_fpr)` pairs, at most `MAX_STEPS`, including the current one.
    """
    n = len(calibration.scores)
    lowest = int(np.ceil((n + 1) * (1.0 - HIGHEST_RATE) - 1e-9))
    ranks = np.unique(np.linspace(max(1, lowest), n, MAX_STEPS).astype(int))
    now = int(np.searchsorted(calibration.scores, calibration.threshold, side="left")) + 1
    ranks = np.unique(np.append(ranks, np.clip(now, max(1, lowest), n)))
    pairs = {}
    for rank in ranks.tolist():
        # For equal scores, the last rank has the lowest guaranteed rate.
        pairs[float(calibration.scores[rank - 1])] = (n + 1 - rank) / (n + 1)
    return list(pairs.items())


def steps_of_scores(scores: np.ndarray) -> list[float]:
    """Thresholds to compare without a known calibration, between the session's scores."""
    found = np.unique(np.asarray(scores, np.float64))
    return found[evenly(len(found), MAX_STEPS)].tolist()


def one_sided(looked_at: Share, others: Share) -> str | None:
    """A warning if alarms were decided much more often than the other images, or None.

    Args:
        looked_at: Share of decided images among those called anomalies.
        others: Share of decided images among the rest.
    """
    if not looked_at.count or not others.total or others.count == others.total:
        return None
    if looked_at.count / looked_at.total <= 2 * others.count / others.total:
        return None
    return (
        f"Decided: {looked_at.count} of {looked_at.total} alarms, but {others.count} of "
        f"{others.total} other images. Misses hide among those, and good images that were alarms "
        f"set a threshold too high. The key r picks an undecided image at random."
    )
