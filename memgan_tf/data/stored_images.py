"""Images in a file of raw pixels, read batch by batch, so a set may exceed the memory."""

import mmap
import os
import weakref
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from memgan_tf.data.channels import as_channels

# A set of decoded images up to this size is read into memory; this does not change the batches.
IN_MEMORY_BYTES = 64 * 2**20


class Images(Protocol):
    """The common interface of `np.ndarray`, `StoredImages` and `EncodedImages`."""

    @property
    def shape(self) -> tuple[int, ...]:
        """`(num_images, height, width, channels)`."""

    def __len__(self) -> int: ...

    def __getitem__(self, chosen: Any, /) -> Any:
        """The images at positions, as an array."""


class StoredImages(Sequence):
    """Images in a file of pixels, read when they are picked.

    The file is mapped only during each access, so the pixels do not stay in memory. It is kept open
    during the life of this object, so it may be removed.

    Args:
        descriptor: Descriptor of a file open for reading, with only uint8 pixels in C order. It may
            be closed afterwards.
        shape: `(num_images, height, width, channels)` of the whole file.
        channels: Channels of the picked images, 1 or 3.
        rows: Numbers of the images, in order; None means all.

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
        """The images at positions: an integer, a slice, or an array of integers or booleans."""
        mapped = mmap.mmap(self._descriptor, 0, access=mmap.ACCESS_READ)
        pixels = np.frombuffer(mapped, np.uint8).reshape(self._stored_shape)
        # An array of positions makes a copy, which is needed because the map ends with this call.
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
        """The images as an array if they are few, or this object."""
        return self[:] if int(np.prod(self.shape)) <= IN_MEMORY_BYTES else self


def open_stored(
    path: str | os.PathLike, shape: tuple[int, int, int, int], channels: int
) -> StoredImages:
    """The images of a file of pixels.

    Raises:
        OSError: If the file is missing or its size does not match the shape.
    """
    if os.path.getsize(path) != int(np.prod(shape)):
        raise OSError(f"{path} is not {shape} pixels")
    with open(path, "rb") as file:
        return StoredImages(file.fileno(), shape, channels)
