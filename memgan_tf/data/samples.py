"""Fixed parts of a set, for measurements that need not see all of it."""

from typing import Any

import numpy as np


def evenly(count: int, limit: int) -> np.ndarray:
    """At most `limit` of `count` positions, evenly spread, with both ends; ascending."""
    return np.linspace(0, count - 1, min(count, limit)).astype(int)


def at_random(positions: Any, limit: int) -> np.ndarray:
    """At most `limit` of these positions, always the same ones; ascending.

    Args:
        positions: Positions, or their number.
        limit: Largest number.
    """
    return np.sort(np.random.default_rng(0).permutation(positions)[:limit])
