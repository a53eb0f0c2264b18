"""A memory of patches without position, and left-out distances of its own images."""

import dataclasses

import numpy as np

from memgan_tf.detectors.patches.coreset import choose_centers
from memgan_tf.detectors.patches.projection import Projection

# Largest number of candidate patches for the units, to bound memory and time.
MAX_CANDIDATES = 30_000


@dataclasses.dataclass
class MemoryLearner:
    """Learns the units of one grid.

    Attributes:
        projection: Projection of features before they are stored.
        num_units: Largest number of units.
        share: Largest share of the patches that become units.
        num_images: Number of images that will be added.
        seed: Seed of the draw of candidates and of the coreset's projection.
    """

    projection: Projection
    num_units: int
    share: float
    num_images: int
    seed: int

    def __post_init__(self):
        self._generator = np.random.default_rng(self.seed)
        self._rows, self._owners, self._seen = [], [], 0
        self._added = 0

    def add(self, features: np.ndarray, valid: np.ndarray) -> None:
        """Adds images, `(images, rows, columns, channels)` and `(images, rows, columns)` bool.

        Each image gives the same number of candidates.
        """
        quota = max(1, MAX_CANDIDATES // self.num_images)
        for image, shown in zip(features, valid, strict=True):
            rows = image[shown]
            self._seen += len(rows)
            if len(rows) > quota:
                rows = rows[self._generator.permutation(len(rows))[:quota]]
            self._rows.append(self.projection(rows))
            self._owners.append(np.full(len(rows), self._added))
            self._added += 1

    def fit(self) -> None:
        """Chooses the units."""
        rows, owners = np.concatenate(self._rows), np.concatenate(self._owners)
        del self._rows, self._owners
        count = min(self.num_units, max(1, int(self.share * self._seen)))
        chosen = choose_centers(rows, count, self.seed)
        self.units, self.owners = rows[chosen].astype(np.float32), owners[chosen]

    def leave_out(self, position: int, features: np.ndarray, valid: np.ndarray) -> np.ndarray:
        """Distance of each patch of an image to the nearest unit of another, `(rows, columns)`.

        Args:
            position: Number of the image in the order of adding.
            features: `(rows, columns, channels)`.
            valid: `(rows, columns)` bool.
        """
        others = self.units[self.owners != position]
        if len(others) == 0:
            return np.zeros(valid.shape, np.float32)
        rows = self.projection(features).reshape(-1, others.shape[1])
        # In place: there are millions of distances.
        squares = rows @ (-2.0 * others).T
        squares += np.square(others).sum(1)
        nearest = squares.min(axis=1) + np.square(rows).sum(1)
        distances = np.sqrt(np.maximum(nearest, 0.0)).reshape(valid.shape)
        return (distances * valid).astype(np.float32)

    def arrays(self, prefix: str) -> dict[str, np.ndarray]:
        """The learned arrays, by names that begin with `prefix`."""
        return {
            prefix + "matrix": self.projection.matrix,
            prefix + "offset": self.projection.offset,
            prefix + "units": self.units,
        }
