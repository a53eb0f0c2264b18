"""Counts float32 numbers in fixed bins of equal relative width, for any range in little memory."""

import numpy as np

# The bits of a float, read as an integer, increase with the float; the lowest bits are dropped.
DROPPED_BITS = 13
NUM_BINS = 1 << (32 - DROPPED_BITS)
# Largest width of a bin relative to its numbers (above 1e-38; smaller numbers are near 0).
RELATIVE_WIDTH = 2.0 ** (DROPPED_BITS - 23)

_SIGN = np.uint32(1 << 31)


def bins_of(values: np.ndarray) -> np.ndarray:
    """Bin of each value, `values.shape` int64 in `[0, NUM_BINS)`; it increases with the value.

    Raises:
        ValueError: If a value is not finite.
    """
    if not np.isfinite(values).all():
        raise ValueError(f"`values` must be finite; {int((~np.isfinite(values)).sum())} are not")
    # Adding 0 turns -0 into 0, which has other bits.
    bits = (np.asarray(values, np.float32) + np.float32(0)).view(np.uint32)
    ordered = np.where(bits & _SIGN, ~bits, bits | _SIGN)
    return (ordered >> np.uint32(DROPPED_BITS)).astype(np.int64)


def upper_edge(position: int) -> float:
    """The largest float32 of a bin."""
    ordered = np.uint32((position << DROPPED_BITS) | ((1 << DROPPED_BITS) - 1))
    bits = ordered ^ _SIGN if ordered & _SIGN else ~ordered
    return float(np.array([bits], np.uint32).view(np.float32)[0])


def quantile(counts: np.ndarray, share: float) -> float:
    """The smallest bin edge that at least `share` of the counted numbers do not exceed.

    Args:
        counts: `(NUM_BINS,)`, at least one of them positive.
        share: A share in (0, 1].
    """
    cumulated = np.cumsum(counts)
    return upper_edge(int(np.searchsorted(cumulated, share * cumulated[-1], side="left")))
