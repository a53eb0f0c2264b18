"""MEMGAN+'s configuration: MEMGAN's with additions."""

import dataclasses

from memgan_tf.config import memgan
from memgan_tf.config.fields import option

# Possible parts of the score; docs/beyond.md describes them.
SCORE_PARTS = ("reconstruction", "weighted_residual", "projection", "turns", "features", "patches")
# Parts that need the turn classifier.
TURN_PARTS = {"turns", "features", "patches"}
# Parts that are measured only where they are chosen.
CHOSEN_PARTS = {"patches"}
FEATURE_SCALINGS = ("raw", "unit")


@dataclasses.dataclass(frozen=True)
class MemganPlusConfig(memgan.MemganConfig):
    """MEMGAN with optional additional parts of the score."""

    score_parts: str = option(
        "weighted_residual,turns,features",
        "Parts of the score, with commas. The score is their mean, each in standard deviations of "
        "normal images that were not trained on. reconstruction: the reconstruction error A(x); "
        "alone it is the score, unchanged. weighted_residual: the same with each pixel's squared "
        "error divided by its usual size; with a score_rule of local, the score of that rule. "
        "projection: ‖E(x) - P(E(x))‖. turns: log cross-entropy of a classifier of quarter "
        "turns, which is trained in parallel. features: log squared Mahalanobis distance of the "
        "classifier's features to those of normal images, by turn. patches: distance of the "
        "patches of the classifier's first map to remembered ones of normal images, as the score "
        "of a score_rule of local; with that rule, the heat-map shows it.",
    )
    turn_width: int = option(
        24,
        "Channels of the turn classifier's first convolution; doubled at each further halving.",
        minimum=1,
        maximum=1024,
    )
    turn_features: str = option(
        "raw",
        "Input of the part features: the classifier's features unchanged (raw), or scaled to "
        "length 1 (unit), so that only their direction counts.",
        choices=FEATURE_SCALINGS,
    )
    turn_side: int = option(
        32,
        "Larger images are scaled down to this side for the turn classifier.",
        minimum=4,
        maximum=256,
    )
    turn_learning_rate: float = option(
        20.0,
        "The turn classifier's step size as a multiple of learning_rate.",
        minimum=1e-4,
        maximum=1000.0,
    )
    turn_steps: int = option(
        1,
        "Number of updates of the turn classifier per training step, each with new shifts and "
        "mirror images of the same batch.",
        minimum=1,
        maximum=100,
    )
    turn_shift: int = option(
        2,
        "Largest shift in pixels of training images of the turn classifier.",
        minimum=0,
        maximum=64,
    )
    turn_flip: bool = option(False, "Train the turn classifier on images and their mirror images.")
    turn_mirror_views: bool = option(
        False, "Average the cross-entropy of the image and of its mirror image in the score."
    )

    weigh_turns: bool = option(
        False,
        "Weight the part turns by the classifier's accuracy on normal images that were not trained "
        "on; the weight is 0 if it is not better than guessing.",
    )

    def __post_init__(self):
        super().__post_init__()
        parse_parts(self.score_parts)


def parse_parts(parts: str) -> tuple[str, ...]:
    """The parts listed in a setting like `reconstruction,turns`, in the order of `SCORE_PARTS`.

    Raises:
        ValueError: If one is unknown or listed twice.
    """
    names = [part.strip() for part in parts.split(",")]
    if not set(names) <= set(SCORE_PARTS) or len(set(names)) < len(names):
        raise ValueError(
            f"`score_parts` must list some of {', '.join(SCORE_PARTS)}, with commas, each once. "
            f"Received: score_parts={parts!r}"
        )
    return tuple(name for name in SCORE_PARTS if name in names)


def _with(preset, **families):
    """MEMGAN's preset with more values by family."""
    return {
        family: {**values, **families.get(family, {})}
        for family, values in memgan.PRESETS[preset].items()
    }


_CIFAR10 = {"turn_flip": True, "turn_shift": 4, "turn_steps": 3, "turn_features": "unit"}
_LARGE = {"turn_side": 64, "turn_learning_rate": 2.0, "weigh_turns": True}
# MEMGAN's own presets with values for the additions. Where MEMGAN's were chosen again later, those
# that the additions were chosen with.
PRESETS = {
    "paper": _with("paper", cifar10=_CIFAR10, large=_LARGE),
    "default": _with("default", cifar10={"input_scaling": "contrast", **_CIFAR10}, large=_LARGE),
}
