"""DSEBM's configuration."""

import dataclasses

from memgan_tf.config.fields import option
from memgan_tf.config.shared import ScalingConfig


@dataclasses.dataclass(frozen=True)
class DsebmConfig(ScalingConfig):
    """DSEBM (Zhai et al., 2016): an energy trained by denoising score matching."""

    base_width: int = option(
        32, "Channels of the first convolution; doubled at each halving.", minimum=1, maximum=1024
    )
    max_width: int = option(256, "Upper bound of the channels.", minimum=1, maximum=4096)
    num_hidden: int = option(
        128, "Number of softplus units, whose sum lowers the energy.", minimum=1, maximum=65536
    )
    noise_stddev: float = option(
        0.5,
        "Standard deviation of the noise on training images, in the network's scale.",
        minimum=1e-4,
        maximum=100.0,
    )
    energy_form: str = option(
        "energy",
        "Kind of score. energy: E(x). reconstruction: ‖x - f(x)‖ with f(x) = x - ∇E(x).",
        choices=("energy", "reconstruction"),
    )


PRESETS = {
    "paper": {
        "digits": {"epochs": 200, "validation_fraction": 0.2},
        "mnist": {"epochs": 100, "base_width": 64},
        "cifar10": {"epochs": 100, "base_width": 64},
        "large": {"epochs": 100, "base_width": 32},
        "*": {
            "noise_stddev": 1.0,
            "learning_rate": 3e-3,
            "beta_1": 0.9,
            "batch_size": 32,
        },
    },
    "default": {
        "digits": {
            "epochs": 100,
            "base_width": 16,
            "batch_size": 32,
            "validation_fraction": 0.2,
        },
        "mnist": {"epochs": 20},
        "cifar10": {"epochs": 12},
        "large": {"epochs": 15, "base_width": 16},
        "*": {
            "noise_stddev": 0.5,
            "learning_rate": 1e-3,
            "beta_1": 0.9,
            "batch_size": 64,
        },
    },
}
