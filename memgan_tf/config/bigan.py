"""BiGAN's configuration."""

import dataclasses

from memgan_tf.config.shared import (
    GAN_DEFAULT,
    GAN_DEFAULT_DIGITS,
    GAN_PAPER,
    GAN_PAPER_DIGITS,
    FeatureWeightConfig,
)


@dataclasses.dataclass(frozen=True)
class BiganConfig(FeatureWeightConfig):
    """BiGAN (Donahue et al., 2017), scored as by Zenati et al. (2018)."""


PRESETS = {
    "paper": {
        "digits": GAN_PAPER_DIGITS,
        "mnist": {"epochs": 100, "latent_dim": 200, "discriminator_width": 512},
        "cifar10": {"epochs": 100, "latent_dim": 200, "discriminator_width": 512},
        "large": {"epochs": 100, "latent_dim": 200, "discriminator_width": 512},
        "*": {
            **GAN_PAPER,
            "discriminator_dropout": 0.5,
            "learning_rate": 1e-5,
            "batch_size": 100,
        },
    },
    "default": {
        "digits": {**GAN_DEFAULT_DIGITS, "epochs": 300, "latent_dim": 16},
        "mnist": {"epochs": 40, "base_width": 16, "latent_dim": 32},
        "cifar10": {"epochs": 15, "latent_dim": 64},
        "large": {"epochs": 30, "base_width": 16, "latent_dim": 128},
        "*": GAN_DEFAULT,
    },
}
