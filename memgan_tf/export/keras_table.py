"""The table of translations of TensorFlow's operations, and their shared functions."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from memgan_tf.export.batch_sizes import UnsupportedError, batch_axis

# Functions of the translator, the operation and its inputs, by type of the operation.
TRANSLATIONS: dict[str, Callable] = {}


def translates(*types: str) -> Callable:
    """Registers a function for types of operations."""

    def register(function):
        TRANSLATIONS.update(dict.fromkeys(types, function))
        return function

    return register


def sizes_in(operation: tf.Operation, value: Any) -> np.ndarray:
    """A shape or axis argument: numbers, or multiples of the batch size.

    Raises:
        UnsupportedError: If it depends on the pixels.
    """
    if isinstance(value, keras.KerasTensor):
        raise UnsupportedError(f"{operation.type} by what the pixels say")
    return np.atleast_1d(value)


def is_sizes(value: Any) -> bool:
    """Whether it is a shape with a multiple of the batch size."""
    return isinstance(value, np.ndarray) and value.dtype == object


def moves_batch(value: Any, axes: Any) -> bool:
    """Whether one of the axes is the batch's."""
    if not isinstance(value, keras.KerasTensor):
        return False
    return batch_axis(tuple(value.shape)) in {int(axis) % len(value.shape) for axis in axes}
