"""AnoGAN's configuration."""

import dataclasses

from memgan_tf.config.fields import option
from memgan_tf.config.shared import (
    GAN_DEFAULT,
    GAN_DEFAULT_DIGITS,
    GAN_PAPER,
    GAN_PAPER_DIGITS,
    FeatureWeightConfig,
)


@dataclasses.dataclass(frozen=True)
class AdganConfig(FeatureWeightConfig):
    """AnoGAN (Schlegl et al., 2017), the paper's ADGAN: a GAN whose generator is inverted."""

    discriminator_normalization: str = option(
        "none",
        "Normalization in D's convolutions but the first. none and layer: D's answer for an image "
        "depends on that image alone. batch: as in the sources, with real and fake images in "
        "batches of their own.",
        choices=("none", "layer", "batch"),
    )
    num_inversion_steps: int = option(
        500, "Number of Adam steps that search for an image's code.", minimum=1, maximum=100_000
    )
    inversion_learning_rate: float = option(1e-3, "Their step size.", minimum=1e-6, maximum=10.0)
    num_candidates: int = option(
        1,
        "Number of fixed random codes; the search starts from the one with the nearest image.",
        minimum=1,
        maximum=10_000,
    )
    max_test_images: int | None = option(
        None,
        "Largest number of test images that memgan evaluate scores, a fixed stratified draw. If "
        "absent, all.",
        minimum=2,
    )


PRESETS = {
    "paper": {
        "digits": GAN_PAPER_DIGITS,
        "mnist": {"epochs": 100, "latent_dim": 256, "base_width": 64},
        "cifar10": {"epochs": 100, "latent_dim": 256, "base_width": 128},
        "large": {"epochs": 100, "latent_dim": 256, "base_width": 64},
        "*": {
            **GAN_PAPER,
            "max_width": 512,
            "learning_rate": 2e-4,
            "batch_size": 64,
        },
    },
    "default": {
        "digits": {**GAN_DEFAULT_DIGITS, "epochs": 300, "latent_dim": 8},
        "mnist": {
            "epochs": 30,
            "base_width": 16,
            "latent_dim": 64,
            "max_test_images": 2000,
            "discriminator_normalization": "batch",
        },
        "cifar10": {
            "epochs": 30,
            "base_width": 32,
            "latent_dim": 64,
            "max_test_images": 1000,
            "discriminator_normalization": "batch",
        },
        "large": {"epochs": 20, "base_width": 16, "latent_dim": 64, "max_test_images": 1000},
        "*": {
            **GAN_DEFAULT,
            "num_inversion_steps": 60,
            "inversion_learning_rate": 0.05,
            "num_candidates": 64,
        },
    },
}
