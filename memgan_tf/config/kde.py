"""The kernel density's configuration."""

import dataclasses

from memgan_tf.config.fields import option
from memgan_tf.config.shared import SHALLOW_PRESET, ShallowConfig


@dataclasses.dataclass(frozen=True)
class KdeConfig(ShallowConfig):
    """Gaussian kernel density; the bandwidth has the best cross-validated likelihood."""

    smallest_bandwidth: float = option(
        -4.5, "Base-2 logarithm of the smallest bandwidth in the grid.", minimum=-30.0, maximum=30.0
    )
    largest_bandwidth: float = option(
        5.0, "Base-2 logarithm of the largest bandwidth in the grid.", minimum=-30.0, maximum=30.0
    )
    num_bandwidths: int = option(20, "Number of bandwidths in the grid.", minimum=1, maximum=1000)
    num_folds: int = option(5, "Number of folds of the cross-validation.", minimum=2, maximum=100)

    def __post_init__(self):
        super().__post_init__()
        if self.smallest_bandwidth > self.largest_bandwidth:
            raise ValueError(
                f"`smallest_bandwidth` must be at most {self.largest_bandwidth:g}, the largest. "
                f"Received: smallest_bandwidth={self.smallest_bandwidth}"
            )


PRESETS = {"paper": SHALLOW_PRESET, "default": SHALLOW_PRESET}
