"""Reads untrusted HDF5 files of weights; only plain numbers within bounds are allowed."""

import contextlib
import math
import os
import warnings
from collections.abc import Iterator
from typing import Any, BinaryIO

import h5py
import keras
import numpy as np

from memgan_tf.files import DAMAGE, first_line

# Largest number of bytes of all arrays, and largest expansion of a compressed array.
LARGEST_TOTAL = 2 * 2**30
LARGEST_EXPANSION = 20
MOST_OBJECTS = 50_000


def check_plain(file: h5py.File) -> dict[str, tuple[int, ...]]:
    """Shapes of the arrays in a file by path.

    Raises:
        ValueError: If it has external links, arrays in other files, arrays without numbers, or
            exceeds the bounds.
    """
    found: dict[str, tuple[int, ...]] = {}
    total = 0
    for count, (path, item) in enumerate(_objects(file)):
        if count > MOST_OBJECTS:
            raise ValueError(f"it must hold at most {MOST_OBJECTS} objects")
        if isinstance(item, h5py.Group):
            continue
        _check_array(path, item)
        total += item.nbytes
        if total > LARGEST_TOTAL:
            raise ValueError(f"its arrays must have at most {LARGEST_TOTAL} bytes together")
        found[path] = item.shape
    return found


def _objects(group: h5py.Group, depth: int = 0) -> Iterator[tuple[str, Any]]:
    if depth > 50:
        raise ValueError("its groups must not be nested more than 50 times")
    for name in group:
        if not isinstance(group.get(name, getlink=True), h5py.HardLink):
            raise ValueError(f"{group.name}/{name} must not link to elsewhere")
        item = group[name]
        yield item.name, item
        if isinstance(item, h5py.Group):
            yield from _objects(item, depth + 1)


def _check_array(path, item):
    if not isinstance(item, h5py.Dataset) or item.external or item.is_virtual:
        raise ValueError(f"{path} must be an array that is kept in the file itself")
    kinds = (np.floating, np.integer, np.bool_)
    if item.dtype.names or not any(np.issubdtype(item.dtype, kind) for kind in kinds):
        raise ValueError(f"{path} must hold numbers. Received: dtype={item.dtype}")
    if item.nbytes > LARGEST_EXPANSION * max(item.id.get_storage_size(), 2**16):
        raise ValueError(f"{path} must not expand more than {LARGEST_EXPANSION} times")


@contextlib.contextmanager
def open_checked(
    source: str | os.PathLike | BinaryIO,
) -> Iterator[tuple[h5py.File, dict[str, tuple[int, ...]]]]:
    """A file of weights and the shapes of its arrays by path, after `check_plain`.

    Raises:
        ValueError: If it breaks a rule.
        OSError: If it is not an HDF5 file or is cut short.
    """
    with h5py.File(source, "r") as file:
        yield file, check_plain(file)


def count_numbers(shapes) -> int:
    """Number of values in arrays of these shapes."""
    return sum(math.prod(shape) for shape in shapes)


def load(model: keras.Model, path: str | os.PathLike) -> None:
    """Loads all weights of a model from a checked file.

    Raises:
        ValueError: If a layer finds none in the file or others than its own.
    """
    with warnings.catch_warnings():
        # Keras warns about layers that it does not load.
        warnings.simplefilter("error", UserWarning)
        try:
            model.load_weights(path)
        except (*DAMAGE, OSError, UserWarning) as error:
            raise ValueError(f"the weights do not fit the layers: {_cause(error)}") from error


def _cause(error):
    """The first layer's error, which Keras puts on the third line."""
    lines = [line for line in str(error).splitlines() if line.strip()]
    if len(lines) > 1 and lines[0].startswith("A total of"):
        return lines[1][:200]
    return first_line(error)[:200]
