"""The deep convolutional autoencoder's configuration."""

import dataclasses

from memgan_tf.config.shared import LenetConfig, ScoreRuleConfig


@dataclasses.dataclass(frozen=True)
class DcaeConfig(ScoreRuleConfig, LenetConfig):
    """The autoencoder that Deep SVDD starts from, scored by its squared error."""


# The recipe of Ruff et al. (2018), whose tables the paper quotes: 250 + 100 epochs at a tenth.
PRESETS = {
    "paper": {
        "digits": {"epochs": 350, "widths": "8", "validation_fraction": 0.2},
        "mnist": {"epochs": 350, "widths": "8,4"},
        "cifar10": {"epochs": 350, "widths": "32,64,128", "latent_dim": 128},
        "large": {"epochs": 350, "widths": "16,32,64,128,128,128", "latent_dim": 128},
        "*": {
            "input_scaling": "global_contrast",
            "batch_size": 200,
            "learning_rate": 1e-4,
            "step_drop": 0.714,
            "beta_1": 0.9,
            "weight_decay": 1e-6,
        },
    },
    "default": {
        "digits": {
            "epochs": 200,
            "widths": "16",
            "batch_size": 32,
            "learning_rate": 2e-3,
            "validation_fraction": 0.2,
        },
        "mnist": {"epochs": 50, "widths": "8,4", "learning_rate": 1e-3},
        "cifar10": {
            "epochs": 20,
            "widths": "32,64,128",
            "latent_dim": 128,
            "learning_rate": 5e-4,
        },
        "large": {
            "score_rule": "local",
            "epochs": 30,
            "widths": "16,32,64,128,128,128",
            "latent_dim": 128,
            "learning_rate": 5e-4,
        },
        "*": {
            "input_scaling": "global_contrast",
            "batch_size": 100,
            "step_drop": 0.714,
            "beta_1": 0.9,
            "weight_decay": 1e-6,
        },
    },
}
