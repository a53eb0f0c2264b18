"""BiGAN's configuration."""

import dataclasses

from memgan_tf.config.fields import option
from memgan_tf.config.shared import AdversarialConfig


@dataclasses.dataclass(frozen=True)
class BiganConfig(AdversarialConfig):
    """BiGAN (Donahue et al., 2017), scored as by Zenati et al. (2018)."""

    feature_weight: float = option(
        0.1,
        "Weight w of the distance in D's features; the distance in pixels has 1 - w.",
        minimum=0.0,
        maximum=1.0,
    )


PRESETS = {
    "paper": {
        "digits": {"epochs": 300, "latent_dim": 32, "validation_fraction": 0.2},
        "mnist": {"epochs": 100, "latent_dim": 200, "discriminator_width": 512},
        "cifar10": {"epochs": 100, "latent_dim": 200, "discriminator_width": 512},
        "large": {"epochs": 100, "latent_dim": 200, "discriminator_width": 512},
        "*": {
            "input_scaling": "symmetric",
            "learning_rate": 1e-5,
            "batch_size": 100,
            "ema_decay": 0.999,
        },
    },
    "default": {
        "digits": {
            "epochs": 300,
            "base_width": 16,
            "latent_dim": 16,
            "batch_size": 32,
            "learning_rate": 1e-3,
            "discriminator_learning_rate": 0.3,
            "validation_fraction": 0.2,
        },
        "mnist": {"epochs": 40, "base_width": 16, "latent_dim": 32},
        "cifar10": {"epochs": 15, "latent_dim": 64},
        "large": {"epochs": 30, "base_width": 16, "latent_dim": 128},
        "*": {
            "input_scaling": "symmetric",
            "learning_rate": 2e-4,
            "batch_size": 64,
            "ema_decay": 0.995,
        },
    },
}
