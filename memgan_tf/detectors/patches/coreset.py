"""Chooses a few rows that cover many, by greedy k-centers (Sener and Savarese, 2018)."""

import numpy as np
from threadpoolctl import threadpool_limits

from memgan_tf.progress_bar import progress

# Distances are compared after a random projection to this number of dimensions.
PROJECTED = 64


def choose_centers(rows: np.ndarray, num_centers: int, seed: int) -> np.ndarray:
    """Positions of rows such that every row is near one of them, in the order of choice.

    Each center is the row farthest from those already chosen; the first is the row nearest to the
    mean.

    Args:
        rows: `(num_rows, d)`.
        num_centers: Largest number of centers; there are not more than rows.
        seed: Seed of the random projection.

    Returns:
        `(num_centers,)` int64.
    """
    small = _project(rows, seed)
    norms = np.square(small).sum(axis=1)
    center = int(np.argmin(np.square(small - small.mean(axis=0)).sum(axis=1)))
    nearest, found = np.full(len(rows), np.inf, np.float32), []
    # Threads would wait for each other at each of these short products.
    with threadpool_limits(1):
        for _ in progress(range(min(num_centers, len(rows))), "choosing patches"):
            found.append(center)
            distances = norms - 2.0 * (small @ small[center]) + norms[center]
            np.minimum(nearest, distances, out=nearest)
            nearest[center] = -np.inf
            center = int(np.argmax(nearest))
    return np.array(found, np.int64)


def _project(rows, seed):
    rows = np.asarray(rows, np.float32)
    if rows.shape[1] <= PROJECTED:
        return rows - rows.mean(axis=0)
    directions = np.random.default_rng(seed).normal(size=(rows.shape[1], PROJECTED))
    return (rows - rows.mean(axis=0)) @ (directions / np.sqrt(PROJECTED)).astype(np.float32)
