"""Warns if a batch does not score like the calibration images."""

import dataclasses
import warnings
from typing import Any

import numpy as np
from scipy import stats

from memgan_tf.evaluation.calibration import Calibration

# Share of batches like the calibration images that are called different.
LEVEL = 0.01


@dataclasses.dataclass(frozen=True)
class Drift:
    """A Kolmogorov-Smirnov test of a batch's scores against the calibration scores.

    Attributes:
        statistic: Largest distance of the two distribution functions, in [0, 1].
        p_value: P-value of the two-sided test.
        direction: Whether the batch is higher or lower at that distance.
        num_images: Number of images in the batch.
        num_calibration: Number of calibration scores.
    """

    statistic: float
    p_value: float
    direction: str
    num_images: int
    num_calibration: int

    @property
    def differs(self) -> bool:
        """Whether the p-value is at most `LEVEL`."""
        return self.p_value <= LEVEL

    @property
    def sentence(self) -> str:
        """The result in words."""
        test = f"KS statistic {self.statistic:.3f}, p-value {self.p_value:.3g}"
        if not self.differs:
            return (
                f"No drift seen at the level of {LEVEL:g}: the {self.num_images} scores may have "
                f"the same distribution as the {self.num_calibration} calibration scores ({test}). "
                f"A small shift needs more images to be seen."
            )
        if self.direction == "lower":
            return (
                f"The {self.num_images} scores are LOWER than the {self.num_calibration} "
                f"calibration scores ({test}). Anomalies do not do that. The images are of another "
                f"kind, or were used in training. The threshold may miss anomalies; recalibrate "
                f"with new normal images."
            )
        return (
            f"The {self.num_images} scores are HIGHER than the {self.num_calibration} calibration "
            f"scores ({test}). Either the images have changed or more of them are anomalies; the "
            f"test cannot show which. Look at the highest scores: if they are good parts, "
            f"recalibrate with new normal images."
        )

    def to_dict(self) -> dict[str, Any]:
        """The test as a dictionary for JSON."""
        return {
            **dataclasses.asdict(self),
            "level": LEVEL,
            "differs": self.differs,
            "sentence": self.sentence,
        }


def compare(calibration: Calibration, scores: np.ndarray) -> Drift:
    """Compares the scores of a batch with the calibration's, with `scipy.stats.ks_2samp`.

    Anomalies in the batch also move its scores. So agreement means that the threshold still fits,
    but a difference only means that somebody should look.

    Args:
        calibration: Calibration of the run.
        scores: `(num_images,)` scores of the batch.

    Raises:
        ValueError: If there is no score or one is not finite.
    """
    scores = np.asarray(scores, np.float64)
    if scores.ndim != 1 or len(scores) == 0 or not np.isfinite(scores).all():
        raise ValueError("`scores` must be a list of finite numbers, at least one")
    with warnings.catch_warnings():
        # Without the exact distribution, scipy warns and uses the asymptotic one.
        warnings.simplefilter("ignore", RuntimeWarning)
        test = stats.ks_2samp(scores, calibration.scores)
    # Sign of the difference of the distribution functions, batch minus calibration.
    direction = "lower" if test.statistic_sign > 0 else "higher"
    return Drift(
        float(test.statistic),
        float(test.pvalue),
        direction,
        len(scores),
        len(calibration.scores),
    )
