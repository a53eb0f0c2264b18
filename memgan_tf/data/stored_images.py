"""Images in a file of raw pixels, read a batch at a time: a set may exceed the memory."""

import mmap
import os
import weakref
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from memgan_tf.data.channels import as_channels

# A set of decoded images up to this size is read into memory; the batches are the same.
IN_MEMORY_BYTES = 64 * 2**20


class Images(Protocol):
    """What `np.ndarray`, `StoredImages` and `EncodedImages` have in common."""

    @property
    def shape(self) -> tuple[int, ...]:
        """`(num_images, height, width, channels)`."""

    def __len__(self) -> int: ...

    def __getitem__(self, chosen: Any, /) -> Any:
        """The images at positions, as an array."""


class StoredImages(Sequence):
    """Rows of a file of pixels, read when they are picked.

    The file is mapped for each picking alone, so what was read does not stay in memory, and it is
    kept open while this lives, so that removing it does no harm.

    Args:
        descriptor: Of a file open for reading, uint8 pixels in C order and nothing else. It may be
            closed afterwards.
        shape: `(num_images, height, width, channels)` of the whole file.
        channels: Of the images as they are picked, 1 or 3.
        rows: Which images, in order; None is all.

    Attributes:
        dtype: uint8.
        ndim: 4.
    """

    dtype, ndim = np.dtype(np.uint8), 4

    def __init__(
        self,
        descriptor: int,
        shape: tuple[int, int, int, int],
        channels: int,
        rows: np.ndarray | None = None,
    ):
        self._descriptor = os.dup(descriptor)
        weakref.finalize(self, os.close, self._descriptor)
        self._stored_shape, self._channels = shape, channels
        self._rows = np.arange(shape[0]) if rows is None else np.asarray(rows, np.int64)

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """`(num_images, height, width, channels)`."""
        _, height, width, _ = self._stored_shape
        return (len(self._rows), height, width, self._channels)

    def __len__(self):
        return len(self._rows)

    def __getitem__(self, chosen: Any) -> Any:
        """The images at positions: an integer, a slice, an array of integers or of booleans."""
        mapped = mmap.mmap(self._descriptor, 0, access=mmap.ACCESS_READ)
        pixels = np.frombuffer(mapped, np.uint8).reshape(self._stored_shape)
        # An array of positions, so that this is a copy: the map goes with this call.
        rows = np.asarray(self._rows[chosen])
        return as_channels(pixels[np.atleast_1d(rows)], self._channels).reshape(
            (*rows.shape, *self.shape[1:])
        )

    def __array__(self, dtype=None, copy=None):
        del copy
        return self[:] if dtype is None else self[:].astype(dtype)

    def select(self, chosen: np.ndarray) -> "StoredImages":
        """The images at the positions `chosen`, still in the file."""
        rows = self._rows[chosen]
        return StoredImages(self._descriptor, self._stored_shape, self._channels, rows)

    def in_memory_if_small(self) -> Images:
        """The images themselves if they are few, or this."""
        return self[:] if int(np.prod(self.shape)) <= IN_MEMORY_BYTES else self


def open_stored(
    path: str | os.PathLike, shape: tuple[int, int, int, int], channels: int
) -> StoredImages:
    """The images of a file of pixels.

    Raises:
        OSError: If the file is missing or has not the size that the shape says.
    """
    if os.path.getsize(path) != int(np.prod(shape)):
        raise OSError(f"{path} is not {shape} pixels")
    with open(path, "rb") as file:
        return StoredImages(file.fileno(), shape, channels)
