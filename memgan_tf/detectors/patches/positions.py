"""Statistics for each position, learned in passes over the features."""

import dataclasses
import math
from typing import Any

import numpy as np

from memgan_tf.detectors.patches.gaussians import CellStatistics, FittedCells, Gaussians
from memgan_tf.detectors.patches.projection import Projection


@dataclasses.dataclass
class PositionLearner:
    """Learns the Gaussians of one grid.

    Attributes:
        projection: Projection of features to the inputs of the Gaussians.
        ridge: Variance added in every direction.
        max_positions: Largest number of cells.
        shared_patches: See `CellStatistics.fit`.
    """

    projection: Projection
    ridge: float
    max_positions: float
    shared_patches: float = 0.0
    statistics: CellStatistics = dataclasses.field(init=False)
    fitted: FittedCells = dataclasses.field(init=False)

    def add(self, features: np.ndarray, valid: np.ndarray) -> None:
        """Adds images, `(images, rows, columns, channels)` and `(images, rows, columns)` bool."""
        if not hasattr(self, "statistics"):
            grid = features.shape[1:3]
            self.statistics = CellStatistics(
                grid, cell_side(grid, self.max_positions), len(self.projection.offset)
            )
        self.statistics.add(self.projection(features), valid)

    def fit(self) -> None:
        """Ends the first pass."""
        self.fitted = self.statistics.fit(self.ridge, self.shared_patches)

    def leave_out(self, features: np.ndarray, valid: np.ndarray) -> np.ndarray:
        """See `FittedCells.leave_out`."""
        return self.fitted.leave_out(self.projection(features), valid)

    def arrays(self, prefix: str) -> dict[str, np.ndarray]:
        """The learned arrays, by names that begin with `prefix`."""
        found: dict[str, Any] = {
            "matrix": self.projection.matrix,
            "offset": self.projection.offset,
            "cell_side": np.int32(self.statistics.cell_side),
            **self.fitted.gaussians.pack(),
        }
        return {prefix + name: value for name, value in found.items()}


def unpack(arrays: dict[str, np.ndarray], prefix: str) -> dict[str, np.ndarray]:
    """The arrays of a prefix in the form of a scoring path.

    Raises:
        ValueError, LookupError: If they are not those of `PositionLearner.arrays`.
    """
    own = {k.removeprefix(prefix): v for k, v in arrays.items() if k.startswith(prefix)}
    gaussians = Gaussians.unpack(own)
    return {
        prefix + "matrix": own["matrix"],
        prefix + "offset": own["offset"],
        prefix + "means": gaussians.means,
        prefix + "whitening": gaussians.whitening,
    }


def cell_side(grid: tuple[int, int], max_positions: float) -> int:
    """The smallest side of cells with which a grid has at most `max_positions` cells."""
    side = 1
    while math.ceil(grid[0] / side) * math.ceil(grid[1] / side) > max_positions:
        side += 1
    return side
