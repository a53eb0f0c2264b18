"""The variational autoencoder's configuration."""

import dataclasses

from memgan_tf.config.fields import option
from memgan_tf.config.shared import NetworkConfig, ScoreRuleConfig


@dataclasses.dataclass(frozen=True)
class VaeConfig(ScoreRuleConfig, NetworkConfig):
    """A variational autoencoder with a Gaussian decoder, scored by its negative bound."""

    observation_stddev: float = option(
        0.1,
        "Standard deviation of a pixel around its reconstruction, in the scale that the network "
        "sees.",
        minimum=1e-4,
        maximum=100.0,
    )


PRESETS = {
    "paper": {
        "digits": {"epochs": 300, "validation_fraction": 0.2},
        "mnist": {"epochs": 100, "latent_dim": 200},
        "cifar10": {"epochs": 100, "latent_dim": 200},
        "large": {"epochs": 100, "latent_dim": 200},
        "*": {"learning_rate": 1e-3, "beta_1": 0.9, "batch_size": 64},
    },
    "default": {
        "digits": {"epochs": 200, "base_width": 16, "latent_dim": 16, "validation_fraction": 0.2},
        "mnist": {"epochs": 30, "base_width": 16, "latent_dim": 32},
        "cifar10": {"epochs": 20, "latent_dim": 64},
        "large": {"score_rule": "local", "epochs": 30, "base_width": 16, "latent_dim": 128},
        "*": {"learning_rate": 1e-3, "beta_1": 0.9, "batch_size": 64},
    },
}
