"""Checks of a model server's answer before it is used."""

import math
from typing import Any

import numpy as np

# How far a p-value may exceed 1, because another processor may round differently.
ROUNDING = 1e-4
# Largest number of values of an image, and of bytes in an answer about an image and a model.
MAX_VALUES, BYTES_PER_IMAGE, BYTES_PER_ANSWER = 2**26, 512, 2**20
KINDS = {"is_anomaly": "b"}


def longest_answer(num_images: int) -> int:
    """Largest size of an answer about so many images, in bytes: four numbers each, and a margin."""
    return BYTES_PER_ANSWER + BYTES_PER_IMAGE * num_images


def to_array(name: str, values: Any) -> np.ndarray:
    """JSON's list of an output as an array: numbers, or true and false for `is_anomaly`.

    Raises:
        ValueError: If it is anything else; nothing is converted.
    """
    wanted = bool if KINDS.get(name) == "b" else (int, float)
    if not isinstance(values, list) or not all(
        isinstance(value, wanted) and isinstance(value, bool) == (wanted is bool)
        for value in values
    ):
        kind = "true or false" if wanted is bool else "numbers"
        raise ValueError(f"{name} is not a list of {kind}")
    if wanted is bool:
        return np.array(values, np.bool_)
    if any(not abs(value) <= float(np.finfo(np.float32).max) for value in values):
        raise ValueError(f"{name} has a value that is no finite number")
    return np.array(values, np.float32)


def check_scores(answers: dict[str, np.ndarray]) -> None:
    """Checks that scores, p-values, threshold and decisions are valid.

    Args:
        answers: `anomaly_score`, `p_value`, `is_anomaly` and `threshold`, `(batch,)` each.

    Raises:
        ValueError: If they are not.
    """
    for name, values in answers.items():
        if values.dtype.kind not in KINDS.get(name, "fiu"):
            raise ValueError(f"{name} is of the type {values.dtype}")
        if not np.isfinite(values).all():
            raise ValueError(f"{name} has a value that is no finite number")
    p_values, threshold = answers["p_value"], answers["threshold"]
    if len(p_values) and not (p_values.min() >= 0 and p_values.max() <= 1 + ROUNDING):
        raise ValueError(f"p_value goes from {p_values.min():g} to {p_values.max():g}")
    if len(threshold) and threshold.min() != threshold.max():
        raise ValueError("threshold differs from image to image")


def image_shape(dims: Any) -> tuple[int, int, int] | None:
    """`(height, width, channels)` from the shape of a batch; None if it has no such form.

    Raises:
        ValueError: If no image can have that shape.
    """
    if dims is None or len(dims) != 4:
        return None
    height, width, channels = (int(side) for side in dims[1:])
    shape = (height, width, channels)
    if min(shape) < 1 or channels not in (1, 3) or math.prod(shape) > MAX_VALUES:
        raise ValueError(
            f"images of {shape}; they must have 1 or 3 channels and {MAX_VALUES:,} values at most"
        )
    return shape
