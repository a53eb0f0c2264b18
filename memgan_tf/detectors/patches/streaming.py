"""Features of many images, a few at a time, in memory that does not grow with the set."""

import functools
import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import tensorflow as tf

from memgan_tf.data.stored_images import Images
from memgan_tf.networks.patch_features import PatchFeatures
from memgan_tf.progress_bar import progress

# Largest numbers of pixels, and of images, that pass through the network at once.
BATCH_PIXELS, BATCH_IMAGES = 2**20, 64
# Largest number of bytes of features kept between passes.
KEPT_BYTES = 2**29
# Largest numbers of images, and of patches of each grid, used to measure projections.
SAMPLED_IMAGES, SAMPLED_PATCHES = 64, 40_000


def batch_size(size: tuple[int, ...]) -> int:
    """Number of images of a height and width that pass through the network at once."""
    return max(1, min(BATCH_IMAGES, BATCH_PIXELS // (size[0] * size[1])))


class FeatureStream:
    """The grids of images; for a large set they are computed again in each pass.

    Args:
        network: Computes the grids.
        images: `(num_images, height, width, channels)` uint8, or an object that gives such an array
            when indexed by a slice or positions.
        batch: Number of images at once; None uses that of images that are not enlarged.
    """

    def __init__(self, network: PatchFeatures, images: Images, batch: int | None = None):
        self._network, self._images = network, images
        self._size = batch or batch_size(images.shape[1:])
        self._grids = self._compiled(
            lambda batch: [(grid.features, grid.valid) for grid in network(batch)]
        )
        self._kept: dict[Any, Any] = {}

    def __len__(self):
        return len(self._images)

    def passing(self, label: str) -> Iterator[list[tuple[np.ndarray, np.ndarray]]]:
        """Yields the grids of each batch of images.

        A grid is `(images, rows, columns, channels)`, with `(images, rows, columns)` bool.
        """
        starts = range(0, len(self), self._size)
        for start in progress(starts, label):
            yield self._batch(start)

    def sample(self, seed: int) -> list[np.ndarray]:
        """Patches of some images, `(num_patches, channels)` for each grid."""
        generator = np.random.default_rng(seed)
        chosen = np.sort(generator.permutation(len(self))[:SAMPLED_IMAGES])
        quota = -(-SAMPLED_PATCHES // len(chosen))
        found = []
        for grids in self._some(chosen):
            for image in range(len(grids[0][0])):
                rows = [features[image][valid[image]] for features, valid in grids]
                found.append([r[generator.permutation(len(r))[:quota]] for r in rows])
        return [np.concatenate(part) for part in zip(*found, strict=True)]

    def images(self, positions: np.ndarray) -> np.ndarray:
        """Images at sorted positions."""
        return np.asarray(self._images[positions])

    def grids_of(self, images: np.ndarray) -> Iterator[list[tuple[np.ndarray, np.ndarray]]]:
        """Like `passing`, for other images of the same shape."""
        for start in progress(range(0, len(images), self._size), "comparing"):
            yield self._compute(images[start : start + self._size])

    def batches(
        self, function: Callable[[PatchFeatures, tf.Tensor], tf.Tensor], label: str
    ) -> Iterator[np.ndarray]:
        """Yields the result of `function` for the network and each batch of pixels."""
        compiled = self._compiled(lambda batch: function(self._network, batch))
        for start in progress(range(0, len(self), self._size), label):
            yield compiled(tf.constant(self._images[start : start + self._size])).numpy()

    def _compiled(self, function):
        signature = tf.TensorSpec((None, *self._images.shape[1:]), tf.uint8)
        return tf.function(function, input_signature=[signature], autograph=False)

    def _some(self, positions):
        """Grids of images at sorted positions, in batches."""
        if not self._keeps:
            for start in progress(range(0, len(positions), self._size), "sampling"):
                yield self._compute(self._images[positions[start : start + self._size]])
            return
        for start in progress(range(0, len(self), self._size), "features"):
            wanted = positions[(positions >= start) & (positions < start + self._size)] - start
            if len(wanted):
                yield [[part[wanted] for part in grid] for grid in self._batch(start)]

    def _batch(self, start):
        if start in self._kept:
            return self._kept[start]
        grids = self._compute(self._images[start : start + self._size])
        if self._keeps:
            self._kept[start] = grids
        return grids

    def _compute(self, images):
        return [[part.numpy() for part in grid] for grid in self._grids(tf.constant(images))]

    @functools.cached_property
    def _keeps(self):
        """Whether the features of all images are small enough to keep."""
        parts = tf.nest.flatten(self._grids.get_concrete_function().structured_outputs)
        size = sum(math.prod(part.shape[1:]) * part.dtype.size for part in parts)
        return len(self) * size <= KEPT_BYTES
