"""Sizes that grow with the batch, and shapes with one: B, 4 B, (B, 8, 8, 1), (4, B, 32)."""

import dataclasses
import fractions
import math
from collections.abc import Iterable
from typing import Any

import numpy as np


class UnsupportedError(ValueError):
    """A graph has a part without a counterpart in Keras; the message names it."""


@dataclasses.dataclass(frozen=True)
class BatchSize:
    """A multiple of the batch's size.

    Attributes:
        factor: Factor on the batch size.
    """

    factor: fractions.Fraction = fractions.Fraction(1)

    def __mul__(self, other):
        if isinstance(other, BatchSize):
            raise UnsupportedError("a size that grows with the square of the batch")
        return BatchSize(self.factor * int(other))

    __rmul__ = __mul__

    def __floordiv__(self, other):
        if isinstance(other, BatchSize):
            return int(self.factor / other.factor)
        return BatchSize(self.factor / int(other))

    def __add__(self, other):
        if isinstance(other, BatchSize):
            return BatchSize(self.factor + other.factor)
        raise UnsupportedError("a size that is the batch's and some more")

    __radd__ = __add__


def shape_of(shape: tuple[int | None, ...], factor: fractions.Fraction) -> np.ndarray:
    """A tensor's shape as a vector; one of its sizes may be a `BatchSize`.

    Raises:
        UnsupportedError: If two sizes are not known.
    """
    batch_axis(shape)
    return vector([BatchSize(factor) if size is None else int(size) for size in shape])


def batch_axis(shape: tuple[int | None, ...]) -> int | None:
    """The axis of the batch; None without one.

    Raises:
        UnsupportedError: If two sizes are not known.
    """
    free = [axis for axis, size in enumerate(shape) if size is None]
    if len(free) > 1:
        raise UnsupportedError("a shape with two sizes that are not known")
    return free[0] if free else None


def vector(sizes: Iterable[Any]) -> np.ndarray:
    """Sizes as an array, with objects if one grows with the batch."""
    sizes = list(sizes)
    grows = any(isinstance(size, BatchSize) for size in sizes)
    found = np.empty(len(sizes), object if grows else np.int64)
    found[:] = sizes
    return found


def target_shape(
    shape: tuple[int | None, ...], factor: fractions.Fraction, wanted: np.ndarray
) -> tuple[tuple[int, ...], fractions.Fraction]:
    """The target shape for Keras' `reshape`, and the batch factor of its result.

    Args:
        shape: Shape of the tensor; None means the batch.
        factor: Its multiple of the batch size.
        wanted: Wanted sizes, which may include -1 and a `BatchSize`.

    Raises:
        UnsupportedError: If this shape does not exist.
    """
    sizes: list[Any] = [size if isinstance(size, BatchSize) else int(size) for size in wanted]
    growing = [size for size in sizes if isinstance(size, BatchSize)]
    if batch_axis(shape) is None:
        if growing:
            raise UnsupportedError("a tensor without batch that gets one")
        return tuple(sizes), fractions.Fraction(1)
    total = factor * math.prod(size for size in shape if size is not None)
    fixed = math.prod(size for size in sizes if not isinstance(size, BatchSize) and size != -1)
    if len(growing) > 1 or not (growing or -1 in sizes):
        raise UnsupportedError("a reshape after which the batch has no axis of its own")
    if not growing:
        return tuple(sizes), total / fixed
    rest = int(total / (growing[0].factor * fixed))
    found = [-1 if isinstance(size, BatchSize) else rest if size == -1 else size for size in sizes]
    return tuple(found), growing[0].factor
