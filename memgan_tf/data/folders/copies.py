"""Groups of images that show the same: equal pixels, or nearly equal ones."""

import numpy as np
from PIL import Image

# Images are compared by what is left of them at this side, in colour.
SIDE = 12
# Root of the mean squared difference, in grey levels, up to which two images are nearly equal …
MAX_DIFFERENCE = 4.0
# … and at most this part of the median difference, since the images of some sets are all alike.
SHARE_OF_MEDIAN = 1 / 8
# Different images of which the median difference is taken.
SAMPLE = 500
# A set of more different images than this is compared by equality alone.
MAX_COMPARED = 20_000
BLOCK = 1024


def signature(pixels: np.ndarray) -> np.ndarray:
    """A small copy of an image `(height, width, 3)`, the perceptual hash: `(432,)` uint8."""
    small = Image.fromarray(pixels).resize((SIDE, SIDE), Image.Resampling.BOX)
    return np.asarray(small).reshape(-1)


def group(digests: list[str], signatures: np.ndarray) -> np.ndarray:
    """A number for each image; images with one number are equal or nearly equal.

    Nearness is passed on from image to image. Where that would join more than half of the
    different images, they are too alike to be told from copies, and only equal ones are joined.

    Args:
        digests: Of the pixels; equal ones are equal images.
        signatures: `(num_images, 432)`, see `signature`.

    Returns:
        `(num_images,)` int64, the position of the group's first image.
    """
    names, first, equal = np.unique(digests, return_index=True, return_inverse=True)
    roots = np.arange(len(names))
    for one, other in _near_pairs(np.asarray(signatures)[first]):
        _join(roots, one, other)
    joined = np.array([_root(roots, i) for i in range(len(names))], np.int64)
    if len(names) and np.bincount(joined).max() > max(1, len(names) / 2):
        joined = np.arange(len(names))
    groups = joined[equal] if len(names) else np.zeros(0, np.int64)
    _, starts, inverse = np.unique(groups, return_index=True, return_inverse=True)
    return starts[inverse].astype(np.int64)


def _near_pairs(signatures):
    """Positions of images whose difference is small."""
    if not 2 < len(signatures) <= MAX_COMPARED:
        return
    order = np.argsort(signatures.mean(axis=1), kind="stable")
    values = signatures[order].astype(np.float32)
    means, limit = values.mean(axis=1), _limit(values)
    for start in range(0, len(values), BLOCK):
        stop = min(start + BLOCK, len(values))
        # A difference is at least that of the means, and those are in order.
        end = int(np.searchsorted(means, means[stop - 1] + limit, side="right"))
        near = _differences(values[start:stop], values[start:end]) <= limit
        for one, other in zip(*np.nonzero(near), strict=True):
            if one < other:
                yield order[start + one], order[start + other]


def _limit(values):
    sample = values[np.linspace(0, len(values) - 1, min(SAMPLE, len(values))).astype(int)]
    differences = _differences(sample, sample)[np.triu_indices(len(sample), 1)]
    return min(MAX_DIFFERENCE, SHARE_OF_MEDIAN * float(np.median(differences)))


def _differences(first, second):
    squares = (first**2).sum(axis=1)[:, np.newaxis] + (second**2).sum(axis=1)
    squares -= 2 * first @ second.T
    return np.sqrt(np.maximum(squares, 0) / first.shape[1])


def _join(roots, one, other):
    one, other = _root(roots, one), _root(roots, other)
    roots[max(one, other)] = min(one, other)


def _root(roots, index):
    while roots[index] != index:
        roots[index] = roots[roots[index]]
        index = roots[index]
    return index
