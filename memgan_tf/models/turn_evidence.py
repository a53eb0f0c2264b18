"""How well a classifier of quarter turns works on images that it was not trained on."""

import math

from memgan_tf.losses.turns import NUM_TURNS

CHANCE = 1.0 / NUM_TURNS
# Share of recognized turns at which the part `turns` counts in full: 1.5 times chance.
FULL = 1.5 * CHANCE
# Quantile for an interval with 5 % outside, both sides together.
NORMAL_QUANTILE = 1.959964


def turn_weight(accuracy: float, num_views: int) -> float:
    """Weight of the part `turns` in the score; 0 unless the classifier clearly beats guessing.

    Args:
        accuracy: Share of recognized turns, on normal images kept out of training.
        num_views: Number of turned images that the share is of.

    Returns:
        0 if the lower end of Wilson's 95 % interval is not above chance; otherwise the position of
        the share between chance (0) and `FULL` (1), at most 1.
    """
    if wilson_low(accuracy, num_views) <= CHANCE:
        return 0.0
    return min(1.0, (accuracy - CHANCE) / (FULL - CHANCE))


def wilson_low(share: float, total: int) -> float:
    """Lower end of Wilson's 95 % interval of a share of `total`."""
    z = NORMAL_QUANTILE
    middle = share + z * z / (2 * total)
    spread = z * math.sqrt(share * (1.0 - share) / total + z * z / (4 * total * total))
    return (middle - spread) / (1.0 + z * z / total)


def describe_turns(accuracy: float, weight: float) -> str:
    """The resulting weight of the part, in a sentence."""
    told = (
        f"On images kept out of training, the turn classifier recognizes {100 * accuracy:.0f} % of"
        f" the turns; guessing recognizes {100 * CHANCE:.0f} %"
    )
    if weight == 0.0:
        return f"{told}: the part `turns` is left out of the score."
    if weight < 1.0:
        return f"{told}: the part `turns` counts {100 * weight:.0f} % of another part."
    return f"{told}: the part `turns` counts in full."
