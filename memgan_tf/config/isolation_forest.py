"""The isolation forest's configuration."""

import dataclasses

from memgan_tf.config.fields import option
from memgan_tf.config.shared import ShallowConfig


@dataclasses.dataclass(frozen=True)
class IsolationForestConfig(ShallowConfig):
    """Isolation forest (Liu et al., 2008)."""

    num_trees: int = option(100, "Trees.", minimum=1, maximum=10_000)
    num_tree_images: int = option(
        256, "Largest number of training images for a tree.", minimum=2, maximum=100_000
    )


# As in the script of Ruff et al. (2018) for all shallow methods: contrast normalization, then the
# components that keep 95 % of the variance.
_PRESET = {
    "digits": {"validation_fraction": 0.2},
    "mnist": {},
    "cifar10": {},
    "large": {},
    "*": {"input_scaling": "global_contrast", "explained_variance": 0.95},
}
PRESETS = {"paper": _PRESET, "default": _PRESET}
