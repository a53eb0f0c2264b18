"""The configuration of reconstruction by principal components."""

import dataclasses

from memgan_tf.config.shared import ScoreRuleConfig, ShallowConfig


@dataclasses.dataclass(frozen=True)
class PcaConfig(ScoreRuleConfig, ShallowConfig):
    """Distance of an image to the subspace of the leading principal components."""

    def __post_init__(self):
        super().__post_init__()
        if self.explained_variance == 1.0:
            raise ValueError(
                "`explained_variance` must be below 1 for pca, because with all components every "
                "distance is 0. "
                "Received: explained_variance=1.0"
            )


PRESETS = {
    preset: {
        "digits": {"validation_fraction": 0.2, "explained_variance": 0.8},
        "mnist": {},
        "cifar10": {},
        "large": {"score_rule": "local"} if preset == "default" else {},
        "*": {},
    }
    for preset in ("paper", "default")
}
