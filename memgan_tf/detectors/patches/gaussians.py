"""A Gaussian for each position: streamed statistics, distances, and leaving out images."""

import dataclasses

import numpy as np

# Packed whitening matrices have half precision, with errors of 2⁻¹¹ of a distance.
STORED = np.float16
ROUNDING = 1e-6


@dataclasses.dataclass(frozen=True)
class Gaussians:
    """Means μ and whitening matrices W; ‖W (x - μ)‖ is the Mahalanobis distance.

    Attributes:
        means: `(cells, d)` float32.
        whitening: `(cells, d, d)` float32, lower triangular.
    """

    means: np.ndarray
    whitening: np.ndarray

    def pack(self) -> dict[str, np.ndarray]:
        """Arrays to store, with only the triangles, in half precision."""
        rows, columns = np.tril_indices(self.whitening.shape[-1])
        return {
            "means": self.means.astype(np.float32),
            "whitening": self.whitening[:, rows, columns].astype(STORED),
        }

    @classmethod
    def unpack(cls, arrays: dict[str, np.ndarray]) -> "Gaussians":
        """The inverse of `pack`.

        Raises:
            ValueError, LookupError: If the arrays do not fit together.
        """
        means, packed = arrays["means"], arrays["whitening"]
        size = means.shape[1]
        rows, columns = np.tril_indices(size)
        whole = np.zeros((len(means), size, size), np.float32)
        whole[:, rows, columns] = packed
        return cls(means.astype(np.float32), whole)


class CellStatistics:
    """Sums over the patches of a grid, whose positions are grouped into cells.

    Args:
        grid: `(rows, columns)` of positions.
        cell_side: Side of a cell in positions.
        num_channels: Size d of a feature.
    """

    def __init__(self, grid: tuple[int, int], cell_side: int, num_channels: int):
        self.grid, self.cell_side = grid, cell_side
        self.cells = tuple(-(-side // cell_side) for side in grid)
        count = self.cells[0] * self.cells[1]
        self.counts = np.zeros(count)
        self._sums = np.zeros((count, num_channels))
        self._products = np.zeros((count, num_channels, num_channels))

    def add(self, features: np.ndarray, valid: np.ndarray) -> None:
        """Adds images. Adding many at once is faster, because each call updates all products.

        Args:
            features: `(images, rows, columns, d)`.
            valid: `(images, rows, columns)` bool.
        """
        rows, valid = self.split(features, valid)
        rows = rows.reshape(len(rows), -1, rows.shape[-1]).astype(np.float64)
        self.counts += valid.sum(axis=(1, 2))
        self._sums += rows.sum(axis=1)
        self._products += rows.transpose(0, 2, 1) @ rows

    def merge(self, other: "CellStatistics") -> None:
        """Adds all cells of other statistics to the single cell of these."""
        self.counts += other.counts.sum()
        self._sums += other._sums.sum(axis=0)
        self._products += other._products.sum(axis=0)

    def split(self, features: np.ndarray, valid: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Patches by cell.

        Returns:
            `(cells, images, patches, d)`, zero where not valid; `(cells, images, patches)` bool.
        """
        side = self.cell_side
        below, right = (
            cells * side - length for cells, length in zip(self.cells, self.grid, strict=True)
        )
        features = np.pad(features * valid[..., None], ((0, 0), (0, below), (0, right), (0, 0)))
        valid = np.pad(valid, ((0, 0), (0, below), (0, right)))
        shape = (len(valid), self.cells[0], side, self.cells[1], side)
        by_cell = features.reshape(*shape, -1).transpose(1, 3, 0, 2, 4, 5)
        flags = valid.reshape(shape).transpose(1, 3, 0, 2, 4)
        whole = (self.cells[0] * self.cells[1], len(valid), side * side)
        return by_cell.reshape(*whole, -1), flags.reshape(whole)

    def join(self, values: np.ndarray) -> np.ndarray:
        """Values by cell, `(cells, images, patches)`, rearranged to `(images, rows, columns)`."""
        side = self.cell_side
        shaped = values.reshape(*self.cells, -1, side, side).transpose(2, 0, 3, 1, 4)
        whole = shaped.reshape(-1, self.cells[0] * side, self.cells[1] * side)
        return whole[:, : self.grid[0], : self.grid[1]]

    def fit(self, ridge: float, shared_patches: float = 0.0) -> "FittedCells":
        """The Gaussians.

        Args:
            ridge: This times the identity is added to each covariance.
            shared_patches: Weight of the mean covariance of all cells in each cell, as a number of
                patches, because few images determine a position's covariance poorly.

        Returns:
            Gaussians and sums. A cell without patches has the Gaussian of all patches.
        """
        size = self._sums.shape[1]
        total = max(self.counts.sum(), 1.0)
        overall = self._sums.sum(axis=0) / total
        counts = np.maximum(self.counts, 1.0)[:, np.newaxis]
        means = np.where(self.counts[:, np.newaxis] > 0, self._sums / counts, overall)
        scatter = self._products - counts[..., np.newaxis] * means[:, :, None] * means[:, None, :]
        scatter[self.counts == 0] = 0.0
        freedom = np.maximum(self.counts - 1.0, 0.0)
        within = scatter.sum(axis=0) / max(freedom.sum(), 1.0)
        scatter += shared_patches * within
        weight = np.maximum(freedom + shared_patches, 1.0)
        spread = self._products.sum(axis=0) / total - np.outer(overall, overall)
        scatter[self.counts == 0] = spread * max(shared_patches, 1.0)
        covariances = scatter / weight[:, None, None] + ridge * np.eye(size)
        whitening = np.linalg.inv(np.linalg.cholesky(covariances))
        fitted = Gaussians(means.astype(np.float32), whitening.astype(np.float32))
        return FittedCells(self, fitted, shared_patches)


@dataclasses.dataclass(frozen=True)
class FittedCells:
    """Gaussians with the statistics that they are computed from.

    Attributes:
        statistics: The sums.
        gaussians: The fitted Gaussians.
        shared_patches: See `CellStatistics.fit`.
    """

    statistics: CellStatistics
    gaussians: Gaussians
    shared_patches: float = 0.0

    def leave_out(self, features: np.ndarray, valid: np.ndarray) -> np.ndarray:
        """Distances of training images to Gaussians without them, `(images, rows, columns)`.

        Woodbury's identity removes what the image added to the sums. The ridge and the shared
        covariance do not change in the sum, so their weight increases by the share of the image.

        Args:
            features: `(images, rows, columns, d)`, as added.
            valid: `(images, rows, columns)` bool.
        """
        statistics, fitted = self.statistics, self.gaussians
        rows, flags = statistics.split(features, valid)
        before = statistics.counts[:, np.newaxis]
        after = before - flags.sum(axis=2)
        centered = (rows - fitted.means[:, None, None]) * flags[..., np.newaxis]
        # In the coordinates of the whitened sums.
        flat = centered.reshape(len(rows), -1, rows.shape[-1])
        whitened = (flat @ fitted.whitening.transpose(0, 2, 1)).reshape(rows.shape)
        freedom, remaining = (
            np.maximum(count - 1.0 + self.shared_patches, 1.0) for count in (before, after)
        )
        whitened = whitened / np.sqrt(freedom)[..., None, None]
        left = np.maximum(after, 1.0)[..., np.newaxis]
        squares = _left_out_squares(whitened, left) * remaining[..., None]
        # A cell where nothing is left had patches of this image only.
        is_known = (after > 0.0) & (after - 1.0 + self.shared_patches > 0.0)
        squares = np.where(is_known[..., None], squares, 0.0) * flags
        return statistics.join(np.sqrt(np.maximum(squares, 0.0))).astype(np.float32)

    def shared(self, ridge: float) -> Gaussians:
        """One Gaussian for all positions, as for a single cell."""
        statistics = self.statistics
        whole = CellStatistics((1, 1), 1, self.gaussians.means.shape[1])
        whole.merge(statistics)
        return whole.fit(ridge).gaussians

    def gain(
        self, shared: Gaussians, features: np.ndarray, valid: np.ndarray, distances: np.ndarray
    ) -> np.ndarray:
        """How much more likely patches are by position than with one Gaussian for all.

        Args:
            shared: See `shared`.
            features: `(images, rows, columns, d)`.
            valid: `(images, rows, columns)` bool.
            distances: Result of `leave_out` for them.

        Returns:
            Mean difference of the log-likelihoods of each image, nats per patch, `(images,)`.
        """
        rows, flags = self.statistics.split(features, valid)
        away = (rows - shared.means[0]) @ shared.whitening[0].T
        own = self.statistics.join(
            _half_log_determinants(self.gaussians)[:, None, None] + 0 * flags
        )
        by_position = own - 0.5 * np.square(distances)
        by_all = _half_log_determinants(shared)[0] - 0.5 * self.statistics.join(
            np.square(away).sum(axis=-1)
        )
        return np.array(
            [gains[shown].mean() for gains, shown in zip(by_position - by_all, valid, strict=True)]
        )


def _left_out_squares(whitened, left):
    """Squared distances divided by the remaining degrees of freedom, `(cells, images, patches)`.

    Args:
        whitened: The removed rows, `(cells, images, patches, d)`.
        left: Number of remaining patches, `(cells, images, 1)`.
    """
    if whitened.shape[2] == 1:
        # With one removed row w, the sums lose (1 + 1/n) wwᵀ; the row is (1 + 1/n) w from the mean.
        moved, squares = 1.0 + 1.0 / left, np.square(whitened).sum(axis=-1)
        # Above 0, except for rounding in float32.
        return moved**2 * squares / np.maximum(1.0 - moved * squares, ROUNDING)
    left = left[..., np.newaxis]
    total = whitened.sum(axis=2, keepdims=True)
    # The removed rows, and the shift of the mean.
    removed = np.concatenate([whitened, total / np.sqrt(left)], axis=2)
    across = removed.swapaxes(-1, -2)
    moved = whitened + total / left
    if removed.shape[2] > removed.shape[3]:
        # With more rows than features, the remaining matrix is inverted directly.
        inner = np.eye(removed.shape[3]) - across @ removed
        solved = np.linalg.solve(inner, moved.swapaxes(-1, -2)).swapaxes(-1, -2)
        return (moved * solved).sum(axis=-1)
    inner = np.eye(removed.shape[2]) - removed @ across
    along = moved @ across
    solved = np.linalg.solve(inner, along.swapaxes(-1, -2)).swapaxes(-1, -2)
    return np.square(moved).sum(axis=-1) + (along * solved).sum(axis=-1)


def _half_log_determinants(gaussians):
    """½ log |Σ⁻¹| of each cell."""
    return np.log(np.diagonal(gaussians.whitening, axis1=1, axis2=2)).sum(axis=1)
