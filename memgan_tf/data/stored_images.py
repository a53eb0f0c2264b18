"""Images in a file of raw pixels, read a batch at a time: a set may exceed the memory."""

import io
import os
from collections.abc import Sequence

import numpy as np

from memgan_tf.data.channels import as_channels

# A set of decoded images up to this size is read into memory; the batches are the same.
IN_MEMORY_BYTES = 64 * 2**20


class StoredImages(Sequence):
    """Rows of a file of pixels, read when they are picked.

    The file is mapped for each picking alone, so what was read does not stay in memory, and it is
    kept open, so that removing it does no harm.

    Args:
        file: Open for reading; uint8 pixels in C order and nothing else.
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
        file: io.BufferedIOBase,
        shape: tuple[int, int, int, int],
        channels: int,
        rows: np.ndarray | None = None,
    ):
        self._file, self._stored_shape, self._channels = file, tuple(shape), channels
        self._rows = np.arange(shape[0]) if rows is None else np.asarray(rows, np.int64)

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """`(num_images, height, width, channels)`."""
        return (len(self._rows), *self._stored_shape[1:3], self._channels)

    def __len__(self):
        return len(self._rows)

    def __getitem__(self, chosen) -> np.ndarray:
        """The images at positions: an integer, a slice, an array of integers or of booleans."""
        pixels = np.memmap(self._file, np.uint8, "r", shape=self._stored_shape)
        return as_channels(np.asarray(pixels[self._rows[chosen]]), self._channels)

    def __array__(self, dtype=None, copy=None):
        del copy
        return self[:] if dtype is None else self[:].astype(dtype)

    def select(self, chosen: np.ndarray) -> "StoredImages":
        """The images at the positions `chosen`, still in the file."""
        rows = self._rows[chosen]
        return StoredImages(self._file, self._stored_shape, self._channels, rows)

    def in_memory_if_small(self) -> "StoredImages | np.ndarray":
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
    return StoredImages(open(path, "rb"), shape, channels)
