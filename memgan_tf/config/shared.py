"""Settings shared by several detectors, each defined once."""

import dataclasses
from typing import TYPE_CHECKING, Any

from memgan_tf.config.fields import Checked, option

INPUT_SCALINGS = ("symmetric", "contrast", "unit", "global_contrast")
SCORE_RULES = ("distance", "local")


class ModelConfig(Checked):
    """Properties of all detectors' settings; a detector overrides those that differ.

    Attributes:
        trains_in_steps: Whether it is trained in steps. If not, only the seed of the training
            settings applies.
        by_features: Whether it uses features of a pretrained network, not pixels.
        leaves_out: Whether training images are used for calibration, each scored with the
            knowledge of the others only.
        compiles_deterministically: Whether XLA can compile its step deterministically.
        step_drop: Share of the steps after which the step size falls to a tenth.
        max_test_images: Largest number of test images to score, if scoring is slow.
        normalization: Normalization of its networks.
        score_rule: How the errors of a reconstruction become a score.
        code_map: Whether its code is a map.
        code_normalization: Whether its codes are normalized over the batch.
    """

    trains_in_steps: bool = True
    by_features: bool = False
    leaves_out: bool = False
    compiles_deterministically: bool = True
    step_drop: float = 1.0
    max_test_images: int | None = None
    normalization: str | None = None
    score_rule: str = "distance"
    code_map: bool = False
    code_normalization: bool = False

    if TYPE_CHECKING:
        # A detector's own settings.
        def __getattr__(self, name: str) -> Any: ...


@dataclasses.dataclass(frozen=True)
class ScalingConfig(ModelConfig):
    """How pixels are scaled for a detector."""

    input_scaling: str = option(
        "unit",
        "symmetric: pixels to [-1, 1]. contrast: each image minus its mean, divided by its "
        "standard deviation, times contrast_scale. unit: to [0, 1]. global_contrast: each image "
        "minus its mean, divided by its mean absolute deviation, then to [0, 1] by the range of "
        "the normal training images.",
        choices=INPUT_SCALINGS,
    )
    contrast_scale: float = option(
        0.5, "Standard deviation of a contrast-normalized image.", minimum=1e-3, maximum=100.0
    )


@dataclasses.dataclass(frozen=True)
class ScoreRuleConfig(ModelConfig):
    """How the errors of a reconstruction become a score."""

    score_rule: str = option(
        "distance",
        "distance: the method's own, a norm over all pixels. local: the highest error relative to "
        "its usual size, in windows of any size; for photographs, where a defect is a small part "
        "of the image. The default for a folder of images is local.",
        choices=SCORE_RULES,
    )


@dataclasses.dataclass(frozen=True)
class NetworkConfig(ScalingConfig):
    """The mirrored pair of an encoder and a generator."""

    latent_dim: int = option(64, "Size d of a code.", minimum=1, maximum=8192)
    base_width: int = option(
        32, "Channels of the first convolution; doubled at each halving.", minimum=1, maximum=1024
    )
    max_width: int = option(256, "Upper bound of the channels.", minimum=1, maximum=4096)
    normalization: str = option(
        "batch", "Normalization in E and G.", choices=("batch", "layer", "none")
    )


@dataclasses.dataclass(frozen=True)
class DiscriminatorConfig(NetworkConfig):
    """An encoder and a generator with a discriminator."""

    discriminator_width: int = option(256, "Units of D's dense layers.", minimum=1, maximum=8192)
    discriminator_learning_rate: float = option(
        1.0, "D's step size as a multiple of learning_rate.", minimum=1e-4, maximum=100.0
    )


@dataclasses.dataclass(frozen=True)
class AdversarialConfig(DiscriminatorConfig):
    """A GAN as in the literature, with options that weaken its discriminator."""

    discriminator_dropout: float = option(
        0.0,
        "Share of D's hidden units that are dropped in a training step; the score uses all.",
        minimum=0.0,
        maximum=0.99,
    )
    spectral_normalization: bool = option(
        False,
        "Divide the kernels of E's and D's hidden layers by their largest singular values, as in "
        "ALAD.",
    )


@dataclasses.dataclass(frozen=True)
class FeatureWeightConfig(AdversarialConfig):
    """A GAN scored by distances in pixels and in D's features."""

    feature_weight: float = option(
        0.1,
        "Weight w of the distance in D's features; the distance in pixels has 1 - w.",
        minimum=0.0,
        maximum=1.0,
    )


# Values shared by the presets of the GANs.
GAN_PAPER_DIGITS = {"epochs": 300, "latent_dim": 32, "validation_fraction": 0.2}
GAN_PAPER = {"input_scaling": "symmetric", "ema_decay": 0.999}
GAN_DEFAULT_DIGITS = {
    "base_width": 16,
    "batch_size": 32,
    "learning_rate": 1e-3,
    "discriminator_learning_rate": 0.3,
    "validation_fraction": 0.2,
}
GAN_DEFAULT = {
    "input_scaling": "symmetric",
    "learning_rate": 2e-4,
    "batch_size": 64,
    "ema_decay": 0.995,
}


@dataclasses.dataclass(frozen=True)
class LenetConfig(ScalingConfig):
    """The convolutional autoencoder of Ruff et al. (2018), without biases."""

    normalization = "batch"
    # XLA has no deterministic gradient of max-pooling.
    compiles_deterministically = False
    latent_dim: int = option(32, "Size d of a code.", minimum=1, maximum=8192)
    widths: str = option(
        "8,4",
        "Channels of the 5×5 convolutions, from the image inward, with commas. Each is followed "
        "by a pooling that halves the image; those that do not fit a small image are left "
        "out.",
    )
    weight_decay: float = option(
        5e-7, "λ: the loss has λ / 2 times the squared weights.", minimum=0.0, maximum=1.0
    )
    step_drop: float = option(
        1.0,
        "Share of a phase's steps after which the step size falls to a tenth; 1 keeps it.",
        minimum=0.0,
        maximum=1.0,
    )

    def __post_init__(self):
        super().__post_init__()
        parse_widths(self.widths)


def parse_widths(widths: str) -> tuple[int, ...]:
    """The channels listed in a setting like `32,64,128`.

    Raises:
        ValueError: If it is not a list of positive integers.
    """
    parts = widths.split(",")
    if not all(part.strip().isdecimal() and int(part) > 0 for part in parts):
        raise ValueError(
            f"`widths` must be positive integers with commas, such as 32,64,128. "
            f"Received: widths={widths!r}"
        )
    return tuple(int(part) for part in parts)


@dataclasses.dataclass(frozen=True)
class ShallowConfig(ScalingConfig):
    """A method on flat pixels, or on their principal components, fitted at once."""

    trains_in_steps = False

    explained_variance: float = option(
        0.95,
        "Share of the training images' variance kept by the principal components; 1 uses the "
        "pixels themselves.",
        minimum=0.01,
        maximum=1.0,
    )


# A preset of methods on flat pixels; color images use the scaling of Ruff et al. (2018).
SHALLOW_PRESET = {
    "digits": {"validation_fraction": 0.2},
    "mnist": {},
    "cifar10": {"input_scaling": "global_contrast"},
    "large": {"input_scaling": "global_contrast"},
    "*": {},
}
