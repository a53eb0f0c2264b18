"""Calibration with training images, each scored with the knowledge of the others only."""

import dataclasses

import numpy as np
from scipy import stats

from memgan_tf.detectors.base import Detector
from memgan_tf.evaluation.calibration import HELD_OUT, Calibration

LEFT_OUT = "training images, each left out, and held-out ones"
# Left-out and held-out scores are joined unless they differ at this level (Kolmogorov-Smirnov).
LEVEL = 0.01
# Far out (Tukey, 1977): this many interquartile ranges above the upper quartile of log scores.
FAR_OUT = 3.0
# Largest share of the images that a calibration sets aside as far out.
MAX_ASIDE = 0.1


@dataclasses.dataclass(frozen=True)
class LeftOutCalibration:
    """A calibration and the findings about the training images.

    Attributes:
        calibration: The calibration.
        scores: `(num_train,)` left-out scores of the training images, in their order.
        aside: Positions of the training images that look least like the others and are not used
            for calibration, highest score first.
        notes: What a user should know, one line each.
    """

    calibration: Calibration
    scores: np.ndarray
    aside: np.ndarray
    notes: list[str]


def calibrate_detector(
    detector: Detector, held_out: np.ndarray, target_fpr: float
) -> tuple[Calibration, LeftOutCalibration | None]:
    """Calibrates a fitted detector with all available normal images.

    Args:
        detector: A fitted detector.
        held_out: Normal images that it was not fitted on, `(n, height, width, channels)`.
        target_fpr: Share of normal images that may be called anomalies.

    Returns:
        The calibration, and the findings about training images; these are None if the detector
        cannot compute left-out scores.
    """
    scores = detector.score(held_out)
    if detector.left_out_scores is None:
        return Calibration.of(scores, target_fpr), None
    found = calibrate(detector.left_out_scores, scores, target_fpr)
    return found.calibration, found


def calibrate(left_out: np.ndarray, held_out: np.ndarray, target_fpr: float) -> LeftOutCalibration:
    """Calibrates with all normal images.

    A left-out score, which uses only knowledge of the other images, is like the score of an unseen
    image, so both kinds are used. If they differ more than by chance, only held-out images are.

    Args:
        left_out: `(num_train,)` scores of training images.
        held_out: `(n,)` scores of images that were not used for training.
        target_fpr: Share of normal images that may be called anomalies.
    """
    left_out, held_out = (np.asarray(s, np.float64) for s in (left_out, held_out))
    aside = far_out(left_out)
    kept = np.delete(left_out, aside)
    notes = []
    if len(aside):
        look, do = ("image looks", "does") if len(aside) == 1 else ("images look", "do")
        notes.append(
            f"{len(aside)} training {look} least like the others and {do} not set the threshold"
        )
    usual = np.delete(held_out, far_out(np.concatenate([held_out, kept]), len(held_out)))
    if len(usual) > 1 and stats.ks_2samp(kept, usual).pvalue < LEVEL:
        notes.append(
            "left-out training images do not score like held-out ones, so the held-out ones alone "
            "set the threshold"
        )
        return LeftOutCalibration(
            Calibration.of(held_out, target_fpr, HELD_OUT), left_out, aside, notes
        )
    scores = np.concatenate([kept, usual]) if len(usual) else kept
    return LeftOutCalibration(Calibration.of(scores, target_fpr, LEFT_OUT), left_out, aside, notes)


def far_out(scores: np.ndarray, among: int | None = None) -> np.ndarray:
    """Positions of scores far above the others, highest first; at most a tenth of all.

    Args:
        scores: `(n,)`.
        among: Number of scores to consider, from the first; None means all.
    """
    # Scores below 0 are logarithms already.
    logs = scores if (scores < 0).any() else np.log(np.maximum(scores, 1e-12))
    low, high = np.quantile(logs, [0.25, 0.75])
    looked_at = logs[:among]
    limit = int(MAX_ASIDE * len(looked_at))
    highest = np.argsort(-looked_at, kind="stable")[:limit]
    return highest[looked_at[highest] > high + FAR_OUT * (high - low)]
