"""The one-class SVM's configuration."""

import dataclasses

from memgan_tf.config.fields import option
from memgan_tf.config.shared import SHALLOW_PRESET, ShallowConfig


@dataclasses.dataclass(frozen=True)
class OcsvmConfig(ShallowConfig):
    """One-class SVM with a Gaussian kernel exp(-γ ‖x - x′‖²) (Schölkopf et al., 2001)."""

    nu: float = option(
        0.1,
        "Share ν of the training images that may lie outside the boundary.",
        minimum=1e-4,
        maximum=1.0,
    )
    gamma_rule: str = option(
        "scale",
        "γ without labels. scale: 1 / (features × their variance). median: 1 / the median squared "
        "distance of two training images.",
        choices=("scale", "median"),
    )


# Ruff et al. (2018) chose γ with labels of the test split; no preset here does so.
PRESETS = {"paper": SHALLOW_PRESET, "default": SHALLOW_PRESET}
