"""What a classifier of quarter turns can tell, by images that it was not trained on."""

import math

from memgan_tf.losses.turns import NUM_TURNS

CHANCE = 1.0 / NUM_TURNS
# Share of turns told from which the part `turns` counts in full: half as many again as by chance.
FULL = 1.5 * CHANCE
# Of the interval's two sides together, 5 %.
NORMAL_QUANTILE = 1.959964


def turn_weight(accuracy: float, num_views: int) -> float:
    """Weight of the part `turns` in the score: 0 where the classifier was not shown to tell turns.

    Args:
        accuracy: Share of the turns of images without labels that were told.
        num_views: Turned images in it.

    Returns:
        0 unless the lower end of Wilson's 95 % interval is above chance; then how far the share
        is on its way from chance to `FULL`, at most 1.
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
    """What became of the part, in a sentence."""
    told = f"Of images kept out of training the turn classifier tells {100 * accuracy:.0f} % of"
    told += f" the turns, where guessing tells {100 * CHANCE:.0f} %"
    if weight == 0.0:
        return f"{told}: the part `turns` is left out of the score."
    if weight < 1.0:
        return f"{told}: the part `turns` counts {100 * weight:.0f} % of another part."
    return f"{told}: the part `turns` counts in full."
