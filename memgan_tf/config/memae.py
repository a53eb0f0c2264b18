"""MemAE's configuration."""

import dataclasses

from memgan_tf.config.fields import option
from memgan_tf.config.shared import NetworkConfig, ScoreRuleConfig


@dataclasses.dataclass(frozen=True)
class MemaeConfig(ScoreRuleConfig, NetworkConfig):
    """MemAE (Gong et al., 2019): an autoencoder that decodes combinations of memory items."""

    latent_dim: int = option(
        64,
        "Size d of a code; 0 uses the flattened map of the last convolution as the code.",
        minimum=0,
        maximum=8192,
    )
    num_units: int = option(100, "Number N of memory items.", minimum=1, maximum=65536)
    similarity: str = option(
        "cosine",
        "Similarity of a code and an item. cosine: as in the paper. dot: as in its authors' code.",
        choices=("cosine", "dot"),
    )
    shrinkage: float = option(
        1.0,
        "λ of the hard shrinkage, in units of 1 / num_units: lower weights become 0.",
        minimum=0.0,
        maximum=1e4,
    )
    entropy_weight: float = option(
        2e-4, "Weight of the entropy of the addressing weights.", minimum=0.0
    )


PRESETS = {
    "paper": {
        # The paper's code has 4 × 4 × 64 values on MNIST. On CIFAR-10 it has 2 × 2 × 256; this
        # project uses 4 × 4 × 128, because no map is smaller than 4 × 4.
        "digits": {"epochs": 300, "validation_fraction": 0.2},
        "mnist": {"epochs": 100, "base_width": 16},
        "cifar10": {"epochs": 100, "base_width": 64, "max_width": 128, "num_units": 500},
        "large": {"epochs": 100, "max_width": 128, "num_units": 500},
        "*": {"latent_dim": 0, "learning_rate": 1e-4, "beta_1": 0.9, "batch_size": 64},
    },
    "default": {
        "digits": {
            "epochs": 200,
            "base_width": 16,
            "latent_dim": 32,
            "batch_size": 32,
            "validation_fraction": 0.2,
        },
        "mnist": {"epochs": 30, "base_width": 16},
        "cifar10": {"epochs": 20, "base_width": 32, "latent_dim": 128, "num_units": 500},
        "large": {
            "score_rule": "local",
            "epochs": 30,
            "base_width": 16,
            "latent_dim": 128,
            "num_units": 500,
        },
        "*": {"learning_rate": 1e-3, "beta_1": 0.9, "batch_size": 64},
    },
}
