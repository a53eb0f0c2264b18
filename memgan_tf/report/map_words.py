"""Describes heat-maps in words that follow from the pixel metrics."""

from memgan_tf.evaluation.metrics import auroc_interval

# Lower end of the pixel AUROC's interval, AUPRO, and the words if both are reached. An
# uninformative map has a pixel AUROC of 50 and an AUPRO of 15.
GRADES = (
    (0.9, 0.75, "Its heat-maps point at the defects"),
    (0.8, 0.5, "Its heat-maps point at most of the defects, roughly"),
    (0.6, 0.25, "Its heat-maps hint at the defects and at much else"),
)
USELESS = "Its heat-maps were not shown to point at the defects: do not use them to find one"
AWAY = "Its heat-maps point away from the defects: do not use them to find one"


def describe_maps(
    pixel_auroc: float, aupro: float, num_images: int, num_regions: int
) -> tuple[str, float, float]:
    """The words for both figures, and the ends of the pixel AUROC's 95 % interval.

    Pixels of an image are not independent, so the interval counts images and defect regions.

    Args:
        pixel_auroc: Pixel AUROC in [0, 1].
        aupro: AUPRO in [0, 1], to a false-positive rate of 0.3.
        num_images: Number of images that the pixels come from.
        num_regions: Number of connected defect regions.
    """
    low, high = auroc_interval(pixel_auroc, max(num_images, 1), max(num_regions, 1))
    if high < 0.5:
        return AWAY, low, high
    for least_auroc, least_aupro, words in GRADES:
        if low > least_auroc and aupro > least_aupro:
            return words, low, high
    return USELESS, low, high
