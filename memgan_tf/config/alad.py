"""ALAD's configuration."""

import dataclasses

from memgan_tf.config.fields import option
from memgan_tf.config.shared import AdversarialConfig


@dataclasses.dataclass(frozen=True)
class AladConfig(AdversarialConfig):
    """ALAD (Zenati et al., 2018): a BiGAN with two more discriminators for the two cycles."""

    score_form: str = option(
        "features",
        "features: distance of D_xx's features of (x, x) and (x, G(E(x))), ALAD's score. l1, l2: "
        "distance of x and G(E(x)). logits: D_xx's own answer.",
        choices=("features", "l1", "l2", "logits"),
    )


PRESETS = {
    "paper": {
        "digits": {"epochs": 300, "latent_dim": 32, "validation_fraction": 0.2},
        "mnist": {"epochs": 100, "base_width": 64, "latent_dim": 100},
        "cifar10": {"epochs": 100, "base_width": 128, "latent_dim": 100},
        "large": {"epochs": 100, "base_width": 64, "latent_dim": 100},
        "*": {
            "input_scaling": "symmetric",
            "max_width": 512,
            "discriminator_width": 512,
            "learning_rate": 2e-4,
            "batch_size": 32,
            "ema_decay": 0.999,
        },
    },
    "default": {
        "digits": {
            "epochs": 200,
            "base_width": 16,
            "latent_dim": 16,
            "batch_size": 32,
            "learning_rate": 1e-3,
            "discriminator_learning_rate": 0.3,
            "validation_fraction": 0.2,
        },
        "mnist": {"epochs": 25, "base_width": 16, "latent_dim": 64},
        "cifar10": {"epochs": 12, "base_width": 32, "latent_dim": 100},
        "large": {"epochs": 20, "base_width": 16, "latent_dim": 100},
        "*": {
            "input_scaling": "symmetric",
            "learning_rate": 2e-4,
            "batch_size": 64,
            "ema_decay": 0.995,
        },
    },
}
