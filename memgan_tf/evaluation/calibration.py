"""Thresholds and p-values from the scores of held-out normal images."""

import dataclasses
import math
import pathlib
from typing import Any

import numpy as np

from memgan_tf import files
from memgan_tf.validation import check_real


@dataclasses.dataclass(frozen=True)
class Calibration:
    """What the scores of held-out normal images say about any score.

    The guarantee is marginal: over the draw of the held-out images and of a new normal one
    together, at most `target_fpr` of the new ones score above the threshold.

    Attributes:
        scores: `(n,)` scores of held-out normal images, ascending.
        target_fpr: Share of normal images that may be called anomalies.
    """

    scores: np.ndarray
    target_fpr: float

    @classmethod
    def of(cls, scores: np.ndarray, target_fpr: float) -> "Calibration":
        """Calibrates by the scores of held-out normal images.

        Raises:
            ValueError: If there is no score, one is not finite, or the rate is not in (0, 0.5].
        """
        scores = np.sort(np.asarray(scores, np.float64))
        if scores.ndim != 1 or len(scores) == 0 or not np.isfinite(scores).all():
            raise ValueError("`scores` must be a list of finite numbers, at least one")
        return cls(scores, check_real("target_fpr", target_fpr, minimum=1e-6, maximum=0.5))

    @property
    def threshold(self) -> float:
        """The smallest score with the guarantee; an image above it is called an anomaly.

        Too few held-out images for the rate give the largest score: see `attainable_fpr`.
        """
        n = len(self.scores)
        rank = math.ceil((n + 1) * (1.0 - self.target_fpr) - 1e-9)
        return float(self.scores[min(rank, n) - 1])

    @property
    def attainable_fpr(self) -> float:
        """The lowest rate that this many held-out images can guarantee, 1 / (n + 1)."""
        return 1.0 / (len(self.scores) + 1)

    def p_values(self, scores: np.ndarray) -> np.ndarray:
        """Conformal p-values (1 + #{calibration scores ≥ s}) / (n + 1) of `(num_images,)`."""
        not_below = len(self.scores) - np.searchsorted(self.scores, scores, side="left")
        return (1.0 + not_below) / (len(self.scores) + 1.0)

    def save(self, path: pathlib.Path) -> None:
        """Writes calibration.json."""
        files.write_json(
            path,
            {
                "threshold": self.threshold,
                "target_fpr": self.target_fpr,
                "attainable_fpr": self.attainable_fpr,
                "scores": self.scores.tolist(),
            },
        )

    @classmethod
    def load(cls, path: pathlib.Path) -> "Calibration":
        """Reads calibration.json.

        Raises:
            ValueError: If it is missing or damaged.
        """
        values: Any = files.read_json(path)
        try:
            return cls.of(values["scores"], values["target_fpr"])
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"{path} is damaged: {error}") from error
