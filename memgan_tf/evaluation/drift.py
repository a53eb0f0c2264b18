"""Whether a batch scores like the calibration images: a warning, not a verdict."""

import dataclasses
import warnings
from typing import Any

import numpy as np
from scipy import stats

from memgan_tf.evaluation.calibration import Calibration

# A batch of the calibration's kind is called different this often.
LEVEL = 0.01


@dataclasses.dataclass(frozen=True)
class Drift:
    """A Kolmogorov-Smirnov test of a batch's scores against the calibration scores.

    Attributes:
        statistic: Largest distance of the two distribution functions, in [0, 1].
        p_value: Of the two-sided test.
        direction: Where the batch lies at that distance: higher or lower.
        num_images: Of the batch.
        num_calibration: Calibration scores.
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
        """What it means, in words."""
        test = f"KS statistic {self.statistic:.3f}, p-value {self.p_value:.3g}"
        if not self.differs:
            return (
                f"No drift seen at the level of {LEVEL:g}: the {self.num_images} scores may be of "
                f"the same law as the {self.num_calibration} calibration scores ({test}). A small "
                f"shift needs more images to be seen."
            )
        if self.direction == "lower":
            return (
                f"The {self.num_images} scores are LOWER than the {self.num_calibration} "
                f"calibration scores ({test}). Anomalies do not do that: the images are of another "
                f"kind, or were used in training. The threshold may miss anomalies; recalibrate "
                f"with new normal images."
            )
        return (
            f"The {self.num_images} scores are HIGHER than the {self.num_calibration} calibration "
            f"scores ({test}). Either the images have changed or more of them are anomalies; the "
            f"test cannot tell which. Look at the highest scores: if they are good parts, "
            f"recalibrate with new normal images."
        )

    def to_dict(self) -> dict[str, Any]:
        """The test as JSON's types."""
        return {
            **dataclasses.asdict(self),
            "level": LEVEL,
            "differs": self.differs,
            "sentence": self.sentence,
        }


def compare(calibration: Calibration, scores: np.ndarray) -> Drift:
    """Compares a batch's scores with the calibration's by `scipy.stats.ks_2samp`.

    Anomalies in the batch move its scores too. So agreement says that the threshold still fits,
    and a difference says only: look.

    Args:
        calibration: Of the run.
        scores: `(num_images,)` of the batch.

    Raises:
        ValueError: If there is no score or one is not finite.
    """
    scores = np.asarray(scores, np.float64)
    if scores.ndim != 1 or len(scores) == 0 or not np.isfinite(scores).all():
        raise ValueError("`scores` must be a list of finite numbers, at least one")
    with warnings.catch_warnings():
        # Where the exact law cannot be had it says so and takes the asymptotic one.
        warnings.simplefilter("ignore", RuntimeWarning)
        test = stats.ks_2samp(scores, calibration.scores)
    # The sign is that of the batch's distribution function less the calibration's.
    direction = "lower" if test.statistic_sign > 0 else "higher"
    return Drift(
        float(test.statistic),
        float(test.pvalue),
        direction,
        len(scores),
        len(calibration.scores),
    )
