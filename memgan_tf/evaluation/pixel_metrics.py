"""Pixel AUROC and AUPRO of anomaly maps, in memory that does not grow with the set."""

import dataclasses

import numpy as np
from scipy import ndimage

from memgan_tf.evaluation.float_bins import NUM_BINS, bins_of
from memgan_tf.validation import received

# AUPRO is the area up to this false-positive rate (Bergmann et al., 2021, section 5.2.3).
FPR_LIMIT = 0.3
# Pixels that touch at a corner belong to one region, as in MVTec's own evaluation.
NEIGHBORS = np.ones((3, 3), int)


@dataclasses.dataclass(frozen=True)
class PixelResult:
    """Pixel metrics and their errors.

    Attributes:
        pixel_auroc: Share of pairs of a defect and a normal pixel in which the defect pixel has the
            higher value.
        aupro: Mean share of a defect region above a threshold, averaged over the thresholds with a
            false-positive rate of 0 to 0.3.
        num_regions: Number of connected defect regions.
        num_images: Number of images whose pixels count.
        pixel_auroc_error: Largest difference of `pixel_auroc` from its value without bins.
        aupro_error: The same for `aupro`.
    """

    pixel_auroc: float
    aupro: float
    num_regions: int
    num_images: int
    pixel_auroc_error: float
    aupro_error: float


class PixelMetrics:
    """Collects maps and masks batch by batch; `result` may be called at any time.

    Values fall into bins (see `float_bins`), and values of one bin count as equal. The errors of
    the result bound the effect. Inside a bin, the exact curve rises from one corner to the other,
    so its area differs from that of the straight line by at most half of the rectangle.
    """

    def __init__(self):
        self._normal = np.zeros(NUM_BINS, np.int64)
        self._defect = np.zeros(NUM_BINS, np.int64)
        # Share of a region's pixels in each bin, summed over the regions.
        self._overlap = np.zeros(NUM_BINS)
        self._num_regions = self._num_images = 0

    def update(self, maps: np.ndarray, masks: np.ndarray) -> None:
        """Adds images.

        Args:
            maps: `(num_images, height, width)`, higher is more anomalous.
            masks: The same shape, True on defect pixels.

        Raises:
            ValueError: If the shapes differ or a value is not finite.
        """
        masks = np.asarray(masks, bool)
        if maps.shape != masks.shape or maps.ndim != 3:
            raise ValueError(
                f"`masks` must have the shape of the maps, (images, height, width), {maps.shape}. "
                f"{received('shape', masks.shape)}"
            )
        bins = bins_of(maps)
        self._normal += np.bincount(bins[~masks], minlength=NUM_BINS)
        self._defect += np.bincount(bins[masks], minlength=NUM_BINS)
        self._num_images += len(maps)
        for position in np.flatnonzero(masks.any(axis=(1, 2))):
            mask = masks[position]
            regions, count = ndimage.label(mask, NEIGHBORS)
            regions = regions[mask]
            shares = 1.0 / np.bincount(regions, minlength=count + 1)[regions]
            np.add.at(self._overlap, bins[position][mask], shares)
            self._num_regions += count

    def result(self) -> PixelResult | None:
        """Both metrics; None unless there are defect pixels and normal pixels."""
        if not self._num_regions or not self._normal.any():
            return None
        # From the highest bin down: what a decreasing threshold adds.
        used = np.flatnonzero(self._normal + self._defect)[::-1]
        normal = self._normal[used] / self._normal.sum()
        defect = self._defect[used] / self._defect.sum()
        overlap = self._overlap[used] / self._num_regions
        auroc, auroc_error = _area(normal, defect, 1.0)
        aupro, aupro_error = _area(normal, overlap, FPR_LIMIT)
        return PixelResult(
            auroc, aupro, self._num_regions, self._num_images, auroc_error, aupro_error
        )


def _area(steps, rises, limit):
    """Mean height up to `limit`, and its error, of a curve with given `steps` and `rises`."""
    right, height = np.cumsum(steps), np.cumsum(rises)
    left, before = right - steps, height - rises
    inside = np.clip(limit - left, 0.0, steps)
    share = np.divide(inside, steps, out=np.zeros_like(steps), where=steps > 0)
    area = np.sum(inside * (before + share * rises / 2))
    # In a bin cut by the limit, the curve may deviate by its whole rise along the inner part.
    errors = inside * rises * np.where(share < 1, 1.0, 0.5)
    return float(min(area / limit, 1.0)), float(errors.sum() / limit)
