"""DAGMM's configuration."""

import dataclasses

from memgan_tf.config.fields import option
from memgan_tf.config.shared import NetworkConfig


@dataclasses.dataclass(frozen=True)
class DagmmConfig(NetworkConfig):
    """DAGMM (Zong et al., 2018): a Gaussian mixture over codes and reconstruction errors."""

    num_components: int = option(4, "Number K of Gaussians.", minimum=1, maximum=1000)
    estimation_width: int = option(
        10, "Hidden units of the network that assigns codes to Gaussians.", minimum=1, maximum=8192
    )
    dropout: float = option(
        0.5, "Share of these units that are dropped in a training step.", minimum=0.0, maximum=0.99
    )
    energy_weight: float = option(0.1, "λ₁, weight of the mixture's energy.", minimum=0.0)
    singularity_weight: float = option(
        0.005, "λ₂, weight of Σ 1 / Σ_jj, which keeps variances from 0.", minimum=0.0
    )
    covariance_jitter: float = option(
        1e-3,
        "Added to the diagonal of a covariance, times 1 + its mean variance.",
        minimum=1e-9,
        maximum=1.0,
    )


# The paper has no images, so the convolutions are MemAE's, as in published comparisons.
PRESETS = {
    "paper": {
        "digits": {"epochs": 200, "validation_fraction": 0.2},
        "mnist": {"epochs": 200, "base_width": 16},
        "cifar10": {"epochs": 200, "base_width": 64},
        "large": {"epochs": 200, "base_width": 32},
        "*": {"latent_dim": 8, "learning_rate": 1e-4, "beta_1": 0.9, "batch_size": 256},
    },
    "default": {
        "digits": {
            "epochs": 200,
            "base_width": 16,
            "latent_dim": 4,
            "num_components": 2,
            "learning_rate": 1e-3,
            "batch_size": 64,
            "validation_fraction": 0.2,
        },
        "mnist": {"epochs": 40, "base_width": 16, "batch_size": 128},
        "cifar10": {"epochs": 20, "base_width": 32, "batch_size": 128},
        "large": {"epochs": 30, "base_width": 16, "batch_size": 64},
        "*": {"latent_dim": 8, "learning_rate": 5e-4, "beta_1": 0.9},
    },
}
