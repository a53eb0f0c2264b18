"""Deep SVDD's configuration."""

import dataclasses

from memgan_tf.config.fields import option
from memgan_tf.config.shared import LenetConfig


@dataclasses.dataclass(frozen=True)
class DeepSvddConfig(LenetConfig):
    """Deep SVDD (Ruff et al., 2018): distance of a learned code to a fixed center."""

    objective: str = option(
        "one_class",
        "one_class: the mean squared distance to the center. soft_boundary: a ball of radius R "
        "that a share nu of the images may leave.",
        choices=("one_class", "soft_boundary"),
    )
    nu: float = option(
        0.1,
        "Share ν of the training images that may lie outside the boundary.",
        minimum=1e-4,
        maximum=1.0,
    )
    pretraining_epochs: int = option(
        150, "Epochs of the autoencoder whose encoder starts Deep SVDD.", minimum=0
    )
    pretraining_weight_decay: float = option(
        5e-7, "As weight_decay, for training the autoencoder.", minimum=0.0, maximum=1.0
    )
    warm_up_epochs: int = option(
        10, "Epochs after which the radius of soft_boundary is first set.", minimum=0
    )
    center_margin: float = option(
        0.1,
        "Minimum distance of the center's entries from 0, which the zero network could reach.",
        minimum=0.0,
        maximum=100.0,
    )


PRESETS = {
    "paper": {
        "digits": {
            "epochs": 150,
            "pretraining_epochs": 150,
            "widths": "8",
            "validation_fraction": 0.2,
        },
        "mnist": {
            "epochs": 150,
            "pretraining_epochs": 150,
            "pretraining_weight_decay": 5e-4,
            "widths": "8,4",
        },
        "cifar10": {
            "epochs": 150,
            "pretraining_epochs": 350,
            "widths": "32,64,128",
            "latent_dim": 128,
        },
        "large": {
            "epochs": 150,
            "pretraining_epochs": 350,
            "widths": "16,32,64,128,128,128",
            "latent_dim": 128,
        },
        "*": {
            "input_scaling": "global_contrast",
            "batch_size": 200,
            "learning_rate": 1e-4,
            "step_drop": 0.333,
            "beta_1": 0.9,
        },
    },
    "default": {
        "digits": {
            "epochs": 60,
            "pretraining_epochs": 60,
            "widths": "16",
            "batch_size": 32,
            "learning_rate": 1e-3,
            "validation_fraction": 0.2,
        },
        "mnist": {"epochs": 50, "pretraining_epochs": 50, "widths": "8,4"},
        "cifar10": {
            "epochs": 20,
            "pretraining_epochs": 10,
            "widths": "32,64,128",
            "latent_dim": 128,
        },
        "large": {
            "epochs": 20,
            "pretraining_epochs": 20,
            "widths": "16,32,64,128,128,128",
            "latent_dim": 128,
        },
        "*": {
            "input_scaling": "global_contrast",
            "batch_size": 100,
            "learning_rate": 3e-4,
            "step_drop": 0.333,
            "beta_1": 0.9,
        },
    },
}
