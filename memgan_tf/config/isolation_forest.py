"""The isolation forest's configuration."""

import dataclasses

from memgan_tf.config.fields import option
from memgan_tf.config.shared import ShallowConfig


@dataclasses.dataclass(frozen=True)
class IsolationForestConfig(ShallowConfig):
    """Isolation forest (Liu et al., 2008)."""

    num_trees: int = option(100, "Trees.", minimum=1, maximum=10_000)
    num_tree_images: int = option(
        256, "Training images that a tree is grown on, at most.", minimum=2, maximum=100_000
    )


# Ruff et al. (2018) are said to reduce the pixels of every shallow method to 95 % of their
# variance; their code leaves it open for this one. The paper preset does, because the published
# 98.0 and 88.6 on MNIST's classes 0 and 2 come back with it (98.0 and 88.5) and not without (88.9
# and 77.5): it follows test figures and is a reproduction, not a result. The default takes the
# pixels as they are.
PRESETS = {
    preset: {
        "digits": {"validation_fraction": 0.2},
        "mnist": {},
        "cifar10": {},
        "large": {},
        "*": {"input_scaling": "global_contrast", "explained_variance": explained_variance},
    }
    for preset, explained_variance in (("paper", 0.95), ("default", 1.0))
}
