"""Groups of images with equal or nearly equal pixels."""

import collections

import numpy as np
from PIL import Image

from memgan_tf.data.samples import evenly

# Images are scaled to this side for comparison, in color.
SIDE = 12
# Gray levels that a flickering lamp may add to a whole image.
MAX_OFFSET = 2.5
# Largest root mean squared difference of two nearly equal images …
MAX_DIFFERENCE = 4.0
# … which must also be at most this share of the median difference, because some sets have only
# similar images.
SHARE_OF_MEDIAN = 1 / 8
# Number of different images used for the median difference.
SAMPLE = 500
# In a set with more different images than this, only equal images are found.
MAX_COMPARED = 20_000
BLOCK = 1024


def signature(pixels: np.ndarray) -> np.ndarray:
    """A small copy of an image `(height, width, 3)`, the perceptual hash: `(432,)` uint8."""
    small = Image.fromarray(pixels).resize((SIDE, SIDE), Image.Resampling.BOX)
    return np.asarray(small).reshape(-1)


def group(digests: list[str], signatures: np.ndarray) -> np.ndarray:
    """A number for each image; images with one number are equal or nearly equal.

    An image joins the first one that it is near to. The images of a group need not all be near to
    each other. If a group would have more than half of the different images, they are too similar
    to be distinguished from copies, and only equal images are joined.

    Args:
        digests: Digests of the pixels; equal digests mean equal images.
        signatures: `(num_images, 432)`, see `signature`.

    Returns:
        `(num_images,)` int64, the position of the group's first image.
    """
    if not digests:
        return np.zeros(0, np.int64)
    _, first, equal = np.unique(digests, return_index=True, return_inverse=True)
    # Different images, in the order in which they first appear.
    order = np.argsort(first)
    joined = _join(len(order), _near_pairs(np.asarray(signatures)[first[order]]))
    if np.bincount(joined).max() > max(1, len(order) / 2):
        joined = np.arange(len(order))
    return first[order][joined[np.argsort(order)[equal]]].astype(np.int64)


def _join(count, pairs):
    """The image that each one joins: the first near one that has not itself joined another."""
    near = collections.defaultdict(list)
    for one, other in pairs:
        near[max(one, other)].append(min(one, other))
    joined = np.arange(count)
    for image in sorted(near):
        leaders = [other for other in near[image] if joined[other] == other]
        joined[image] = min(leaders, default=image)
    return joined


def _near_pairs(signatures):
    """Pairs of positions of images whose difference is small."""
    if not 2 < len(signatures) <= MAX_COMPARED:
        return
    order = np.argsort(signatures.mean(axis=1), kind="stable")
    values = signatures[order].astype(np.float32)
    means = values.mean(axis=1)
    values -= means[:, np.newaxis]
    limit = _limit(values)
    for start in range(0, len(values), BLOCK):
        stop = min(start + BLOCK, len(values))
        # The means are sorted.
        end = int(np.searchsorted(means, means[stop - 1] + MAX_OFFSET, side="right"))
        near = _differences(values[start:stop], values[start:end]) < limit
        near &= np.abs(means[start:stop, np.newaxis] - means[start:end]) <= MAX_OFFSET
        for one, other in zip(*np.nonzero(near), strict=True):
            if one < other:
                yield order[start + one], order[start + other]


def _limit(values):
    sample = values[evenly(len(values), SAMPLE)]
    differences = _differences(sample, sample)[np.triu_indices(len(sample), 1)]
    return min(MAX_DIFFERENCE, SHARE_OF_MEDIAN * float(np.median(differences)))


def _differences(first, second):
    squares = (first**2).sum(axis=1)[:, np.newaxis] + (second**2).sum(axis=1)
    squares -= 2 * first @ second.T
    return np.sqrt(np.maximum(squares, 0) / first.shape[1])
