"""What a threshold costs: false alarms and misses among the images that inspectors decided."""

import dataclasses
from collections.abc import Sequence

import numpy as np

from memgan_tf.app.decisions import DEFECT, GOOD, Decision
from memgan_tf.evaluation.calibration import Calibration
from memgan_tf.evaluation.metrics import share_interval

# Positions of the slider at most; and the highest rate of false alarms that a run may have.
MAX_STEPS, HIGHEST_RATE = 200, 0.5


@dataclasses.dataclass(frozen=True)
class Share:
    """A count among so many, with Wilson's interval of its share.

    Attributes:
        count: How many.
        total: Of how many.
    """

    count: int
    total: int

    @property
    def interval(self) -> tuple[float, float]:
        """95 % interval of the share; all of [0, 1] where nothing was counted."""
        return share_interval(self.count, self.total) if self.total else (0.0, 1.0)


@dataclasses.dataclass(frozen=True)
class Price:
    """What a threshold costs.

    Attributes:
        threshold: A score above it is called an anomaly.
        false_alarms: Images above it among those that were confirmed as good.
        misses: Images not above it among the confirmed defects.
        target_fpr: Rate of false alarms that the calibration guarantees; None if not known.
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
    """Scores of the images on which inspectors decided so, `(num_images,)`."""
    return np.array([d.anomaly_score for d in decisions if d.decision == decision], np.float64)


def steps_of(calibration: Calibration) -> list[tuple[float, float]]:
    """Thresholds that a run can have with what they guarantee, the lowest threshold first.

    Each is the calibration score of some rank k of n, and guarantees (n + 1 - k) / (n + 1): what
    `memgan recalibrate --target_fpr` sets.

    Returns:
        `(threshold, target_fpr)` pairs, at most `MAX_STEPS`; the one in force is among them.
    """
    n = len(calibration.scores)
    lowest = int(np.ceil((n + 1) * (1.0 - HIGHEST_RATE) - 1e-9))
    ranks = np.unique(np.linspace(max(1, lowest), n, MAX_STEPS).astype(int))
    now = int(np.searchsorted(calibration.scores, calibration.threshold, side="left")) + 1
    ranks = np.unique(np.append(ranks, np.clip(now, max(1, lowest), n)))
    pairs = {}
    for rank in ranks.tolist():
        # Of equal scores the last rank: the lowest rate that is guaranteed.
        pairs[float(calibration.scores[rank - 1])] = (n + 1 - rank) / (n + 1)
    return list(pairs.items())


def steps_of_scores(scores: np.ndarray) -> list[float]:
    """Thresholds to compare where no calibration is known: between the session's scores."""
    found = np.unique(np.asarray(scores, np.float64))
    chosen = np.unique(np.linspace(0, max(0, len(found) - 1), MAX_STEPS).astype(int))
    return found[chosen].tolist() if len(found) else []


def one_sided(looked_at: Share, others: Share) -> str | None:
    """A warning if alarms were looked at much more often than the other images; else None.

    Args:
        looked_at: Decided ones among the images that are called anomalies.
        others: Decided ones among the rest.
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
