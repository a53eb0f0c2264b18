"""Thresholds and p-values from the scores of held-out normal images."""

import dataclasses
import datetime
import hashlib
import json
import math
import pathlib
from typing import Any

import numpy as np
from scipy import stats

from memgan_tf import files
from memgan_tf.evaluation.folder import check_writable
from memgan_tf.training.run_directory import RunDirectory
from memgan_tf.validation import check_real, received

HELD_OUT = "held-out training images"
# Confidence of all intervals that are printed or stored.
CONFIDENCE = 0.95
RESTORE = (
    "Restore it, or a calibration.<date>.json beside it, or set another threshold, memgan "
    "recalibrate --input=<normal images>"
)


@dataclasses.dataclass(frozen=True)
class Calibration:
    """Threshold and p-values from the scores of held-out normal images.

    The guarantee is marginal: over the joint draw of the held-out images and of a new normal image,
    the new one scores above the threshold with a probability of at most `target_fpr`. For one draw,
    `fpr_interval` gives an interval of the true rate.

    Attributes:
        scores: `(n,)` scores of held-out normal images, ascending.
        target_fpr: Share of normal images that may be called anomalies.
        source: A phrase for the images.
    """

    scores: np.ndarray
    target_fpr: float
    source: str = HELD_OUT

    @classmethod
    def of(cls, scores: np.ndarray, target_fpr: float, source: str = HELD_OUT) -> "Calibration":
        """Calibrates with the scores of held-out normal images.

        Raises:
            ValueError: If there is no score, one is not finite, or the rate is not in (0, 0.5].
        """
        scores = np.sort(np.asarray(scores, np.float64))
        if scores.ndim != 1 or len(scores) == 0 or not np.isfinite(scores).all():
            raise ValueError("`scores` must be a list of finite numbers, at least one")
        target_fpr = check_real("target_fpr", target_fpr, minimum=1e-6, maximum=0.5)
        return cls(scores, target_fpr, source)

    @property
    def threshold(self) -> float:
        """The smallest score with the guarantee; an image above it is called an anomaly.

        If there are too few held-out images for the rate, it is the largest score; see
        `attainable_fpr`.
        """
        return float(self.scores[self._rank - 1])

    @property
    def _rank(self):
        """Rank of the threshold among the scores, 1 for the smallest."""
        n = len(self.scores)
        return min(math.ceil((n + 1) * (1.0 - self.target_fpr) - 1e-9), n)

    @property
    def attainable_fpr(self) -> float:
        """The lowest rate that this many held-out images can guarantee, 1 / (n + 1).

        It is also the resolution of the p-values, which are multiples of it.
        """
        return 1.0 / (len(self.scores) + 1)

    def fpr_interval(self, confidence: float = CONFIDENCE) -> tuple[float, float]:
        """Central interval of this threshold's true false-positive rate.

        The share of any continuous distribution above its k-th smallest of n draws is distributed
        as Beta(n + 1 - k, k). Ties among the scores only lower the rate.

        Args:
            confidence: Probability of the interval, over the draw of the held-out images.
        """
        confidence = check_real("confidence", confidence, minimum=1e-6, maximum=1.0 - 1e-6)
        tails = np.array([1.0 - confidence, 1.0 + confidence]) / 2.0
        low, high = stats.beta.ppf(tails, len(self.scores) + 1 - self._rank, self._rank)
        return float(low), float(high)

    def p_values(self, scores: np.ndarray) -> np.ndarray:
        """Conformal p-values (1 + #{calibration scores ≥ s}) / (n + 1) of `(num_images,)`.

        Raises:
            ValueError: If a score is not a number.
        """
        scores = check_scores(scores)
        not_below = len(self.scores) - np.searchsorted(self.scores, scores, side="left")
        return (1.0 + not_below) / (len(self.scores) + 1.0)

    def p_value_intervals(self, scores: np.ndarray, confidence: float = CONFIDENCE) -> np.ndarray:
        """Intervals of the share of normal images that score at least as high.

        The p-value estimates that share from n draws. This is the exact binomial interval (Clopper
        and Pearson, 1934).

        Args:
            scores: `(num_images,)`.
            confidence: Minimum probability that an interval holds the true share.

        Returns:
            `(num_images, 2)` lower and upper ends.
        """
        confidence = check_real("confidence", confidence, minimum=1e-6, maximum=1.0 - 1e-6)
        scores = check_scores(scores)
        n, tail = len(self.scores), (1.0 - confidence) / 2.0
        not_below = n - np.searchsorted(self.scores, scores, side="left")
        # Beta distributions with a parameter of 0 are undefined; the ends of [0, 1] replace them.
        low = stats.beta.ppf(tail, np.maximum(not_below, 1), n - not_below + 1)
        high = stats.beta.ppf(1.0 - tail, not_below + 1, np.maximum(n - not_below, 1))
        return np.stack([np.where(not_below > 0, low, 0.0), np.where(not_below < n, high, 1.0)], 1)

    def describe(self) -> list[str]:
        """What the threshold guarantees, one sentence per line."""
        n, (low, high) = len(self.scores), self.fpr_interval()
        lines = [
            f"threshold {self.threshold:.6g} from {n} normal images ({self.source}), "
            f"target rate {self.target_fpr:g}",
            f"true false-positive rate between {low:.3g} and {high:.3g} with "
            f"{CONFIDENCE:.0%} confidence; p-values in steps of {self.attainable_fpr:.3g}",
        ]
        if self.attainable_fpr > self.target_fpr + 1e-12:
            lines.append(
                f"{n} images cannot guarantee a rate of {self.target_fpr:g}: their best is "
                f"{self.attainable_fpr:.3g}. {needed_images(self.target_fpr)} would do"
            )
        return lines

    def save(self, path: pathlib.Path) -> None:
        """Writes calibration.json."""
        files.write_json(
            path,
            {
                "digest": self.digest(),
                "threshold": self.threshold,
                "target_fpr": self.target_fpr,
                "attainable_fpr": self.attainable_fpr,
                "fpr_interval": list(self.fpr_interval()),
                "fpr_interval_confidence": CONFIDENCE,
                "source": self.source,
                "scores": self.scores.tolist(),
            },
        )

    def digest(self) -> str:
        """Digest of all that decides; it reveals a changed digit in calibration.json."""
        text = json.dumps([self.scores.tolist(), self.target_fpr, self.source])
        return hashlib.sha256(text.encode()).hexdigest()

    @classmethod
    def load(cls, path: pathlib.Path) -> "Calibration":
        """Reads calibration.json.

        Raises:
            ValueError: If it is missing or damaged.
        """
        try:
            values: Any = files.read_json(path)
        except ValueError as error:
            raise ValueError(f"{error}. {RESTORE}") from error
        try:
            found = cls.of(values["scores"], values["target_fpr"], values.get("source", HELD_OUT))
            # Absent from runs of earlier versions.
            if values.get("digest", found.digest()) != found.digest():
                raise ValueError("its scores have been changed")
            return found
        except files.DAMAGE as error:
            raise ValueError(f"{path} is damaged: {files.first_line(error)}. {RESTORE}") from error


def check_scores(scores: np.ndarray) -> np.ndarray:
    """Checks that scores can be compared; NaN is neither above nor below a threshold.

    Raises:
        ValueError: If a score is not a number.
    """
    scores = np.asarray(scores)
    if np.isnan(scores).any():
        first = int(np.flatnonzero(np.isnan(scores).ravel())[0])
        raise ValueError(
            f"`scores` must be numbers, and the score of image {first} is NaN. Train the run again "
            f"with a lower --learning_rate, or check that image"
        )
    return scores


def needed_images(target_fpr: float) -> int:
    """The smallest number of held-out normal images that can guarantee a false-positive rate."""
    return math.ceil(1.0 / target_fpr - 1e-9) - 1


def recalibrated(
    before: Calibration | None,
    target_fpr: float | None = None,
    scores: np.ndarray | None = None,
    source: str = "new images",
) -> Calibration:
    """A calibration with another rate, other images, or both.

    Args:
        before: Calibration of the run; None if it is lost, then both others must be given.
        target_fpr: The new rate; None keeps the old one.
        scores: Scores of other normal images, unseen in training; None keeps the old ones.
        source: A phrase for those images.

    Raises:
        ValueError: If there are too few images to guarantee the rate.
    """
    if before is not None:
        target_fpr = before.target_fpr if target_fpr is None else target_fpr
        if scores is None:
            scores, source = before.scores, before.source
    if target_fpr is None or scores is None:
        raise ValueError("`target_fpr` and `scores` must be given without an earlier calibration")
    after = Calibration.of(scores, target_fpr, source)
    if after.attainable_fpr > after.target_fpr + 1e-12:
        raise ValueError(
            f"`target_fpr` must be at least 1/{len(after.scores) + 1} "
            f"({after.attainable_fpr:.3g}), all that {len(after.scores)} normal images can "
            f"guarantee; "
            f"{needed_images(after.target_fpr)} would do, with --input. "
            f"{received('target_fpr', after.target_fpr)}"
        )
    return after


def replace_calibration(
    run: RunDirectory, calibration: Calibration, keep_old: bool = True
) -> pathlib.Path | None:
    """Replaces calibration.json and keeps the old one next to it.

    Args:
        run: Folder of a complete run. Its config.json does not change.
        calibration: The new calibration.
        keep_old: Whether to keep the old one; if it is damaged, there is nothing to keep.

    Returns:
        File of the old one, `calibration.<UTC date and time>.json`; None if it is not kept.

    Raises:
        RuntimeError: If another process works on the run.
        ValueError, OSError: If the folder cannot be written.
    """
    check_writable(run)
    path, backup = run.calibration_file, None
    with run.claimed(run.read_config()):
        if keep_old:
            now = datetime.datetime.now(datetime.timezone.utc)
            backup = path.with_name(f"calibration.{now:%Y%m%dT%H%M%S%fZ}.json")
            # Copied, not moved, so that the run always has a calibration.
            files.write_text(backup, path.read_text(encoding="utf-8"))
        calibration.save(path)
    return backup
