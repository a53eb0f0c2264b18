"""Features of many images, a few at a time: what memory holds does not grow with the set."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import tensorflow as tf
from tqdm import tqdm

from memgan_tf.networks.patch_features import PatchFeatures

# Pixels that pass the network at once.
BATCH_PIXELS = 2**20
# Images, and patches of each grid, that projections are measured on at most.
SAMPLED_IMAGES, SAMPLED_PATCHES = 64, 40_000


def batch_size(image_shape: tuple[int, int, int]) -> int:
    """Images that pass the network at once."""
    return max(1, BATCH_PIXELS // (image_shape[0] * image_shape[1]))


class FeatureStream:
    """The grids of images, computed again by each pass.

    Args:
        network: Gives the grids.
        images: `(num_images, height, width, channels)` uint8, or what gives such an array when it
            is indexed by a slice or positions.
    """

    def __init__(self, network: PatchFeatures, images: Sequence):
        self._network, self._images = network, images
        self._size = batch_size(images.shape[1:])
        self._grids = self._compiled(
            lambda batch: [(grid.features, grid.valid) for grid in network(batch)]
        )

    def __len__(self):
        return len(self._images)

    def passing(self, label: str) -> Iterator[list[tuple[np.ndarray, np.ndarray]]]:
        """For each image its grids, `(rows, columns, channels)` and `(rows, columns)` bool."""
        starts = range(0, len(self), self._size)
        for start in tqdm(starts, desc=label, unit="batch", disable=None):
            yield from self._of(self._images[start : start + self._size])

    def sample(self, seed: int) -> list[np.ndarray]:
        """Patches of some images, `(num_patches, channels)` for each grid."""
        generator = np.random.default_rng(seed)
        chosen = np.sort(generator.permutation(len(self))[:SAMPLED_IMAGES])
        quota = -(-SAMPLED_PATCHES // len(chosen))
        found = None
        for start in range(0, len(chosen), self._size):
            for grids in self._of(self._images[chosen[start : start + self._size]]):
                rows = [features[valid] for features, valid in grids]
                rows = [r[generator.permutation(len(r))[:quota]] for r in rows]
                found = [[] for _ in rows] if found is None else found
                for part, more in zip(found, rows, strict=True):
                    part.append(more)
        return [np.concatenate(part) for part in found]

    def batches(
        self, function: Callable[[PatchFeatures, tf.Tensor], tf.Tensor], label: str
    ) -> Iterator[np.ndarray]:
        """`function` of the network and each batch of pixels."""
        compiled = self._compiled(lambda batch: function(self._network, batch))
        for start in tqdm(range(0, len(self), self._size), desc=label, unit="batch", disable=None):
            yield compiled(tf.constant(self._images[start : start + self._size])).numpy()

    def _compiled(self, function):
        signature = tf.TensorSpec((None, *self._images.shape[1:]), tf.uint8)
        return tf.function(function, input_signature=[signature])

    def _of(self, images):
        grids = [[part.numpy() for part in grid] for grid in self._grids(tf.constant(images))]
        for i in range(len(images)):
            yield [(features[i], valid[i]) for features, valid in grids]
