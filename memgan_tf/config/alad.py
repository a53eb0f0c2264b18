"""ALAD's configuration."""

import dataclasses

from memgan_tf.config.fields import option
from memgan_tf.config.shared import (
    GAN_DEFAULT,
    GAN_DEFAULT_DIGITS,
    GAN_PAPER,
    GAN_PAPER_DIGITS,
    AdversarialConfig,
)


@dataclasses.dataclass(frozen=True)
class AladConfig(AdversarialConfig):
    """ALAD (Zenati et al., 2018): a BiGAN with two more discriminators, one for each cycle."""

    image_pairs: str = option(
        "trunk",
        "D_xx. convolutions: two 5×5 convolutions, whose map is its features, as in ALAD. trunk: "
        "convolutions down to a 4×4 map and a dense layer, which is the features.",
        choices=("trunk", "convolutions"),
    )
    score_form: str = option(
        "features",
        "features: distance of D_xx's features of (x, x) and (x, G(E(x))), ALAD's score. l1, l2: "
        "distance of x and G(E(x)). logits: the output of D_xx.",
        choices=("features", "l1", "l2", "logits"),
    )


PRESETS = {
    "paper": {
        "digits": GAN_PAPER_DIGITS,
        "mnist": {"epochs": 100, "base_width": 64, "latent_dim": 100},
        "cifar10": {"epochs": 100, "base_width": 128, "latent_dim": 100},
        "large": {"epochs": 100, "base_width": 64, "latent_dim": 100},
        "*": {
            **GAN_PAPER,
            "image_pairs": "convolutions",
            "max_width": 512,
            "discriminator_width": 512,
            "discriminator_dropout": 0.2,
            "spectral_normalization": True,
            "learning_rate": 2e-4,
            "batch_size": 32,
        },
    },
    "default": {
        "digits": {**GAN_DEFAULT_DIGITS, "epochs": 200, "latent_dim": 16},
        "mnist": {"epochs": 25, "base_width": 16, "latent_dim": 64},
        "cifar10": {"epochs": 12, "base_width": 32, "latent_dim": 100},
        "large": {"epochs": 20, "base_width": 16, "latent_dim": 100},
        "*": {
            **GAN_DEFAULT,
            "image_pairs": "convolutions",
            "discriminator_dropout": 0.2,
            "spectral_normalization": True,
        },
    },
}
