"""Converts rows, the data format of scikit-learn, to images."""

import dataclasses
import math
from typing import Any

import numpy as np

from memgan_tf.data import as_pixels
from memgan_tf.data.arrays import as_array, check_kind
from memgan_tf.validation import check_choice, check_image_shape, received

VALUES = ("pixels", "numbers")
SMALLEST_SIDE, LARGEST_SIDE = 8, 256
# For numbers, the training range of a column becomes these gray levels, with room for values
# outside of it.
LOW_LEVEL, HIGH_LEVEL, FILL_LEVEL = 64.0, 192.0, 128


@dataclasses.dataclass(frozen=True)
class RowLayout:
    """The place of each value of a row in an image.

    Attributes:
        image_shape: `(height, width, channels)`.
        lowest: `(columns,)` smallest training value of each column; None if values are pixels.
        highest: `(columns,)` largest training value of each column.
    """

    image_shape: tuple[int, int, int]
    lowest: np.ndarray | None = None
    highest: np.ndarray | None = None

    @classmethod
    def of(cls, rows: np.ndarray, image_shape: Any, values: str) -> "RowLayout":
        """The layout of training rows.

        Args:
            rows: `(num_images, columns)`.
            image_shape: `(height, width[, channels])` of the images; None only for numbers.
            values: `pixels` or `numbers`.

        Raises:
            ValueError: If rows do not fill the images, or the size of the images is not given.
        """
        check_choice("values", values, VALUES)
        if values == "numbers":
            if image_shape is not None:
                raise ValueError(
                    f"`image_shape` must be left out with values='numbers'. "
                    f"{received('image_shape', image_shape)}"
                )
            return cls(square_for(rows.shape[1]), rows.min(axis=0), rows.max(axis=0))
        if image_shape is None:
            raise ValueError(
                "`image_shape` must be given for flattened rows, such as image_shape=(28, 28); "
                "or give images, (images, height, width[, channels]), a single one as X[None]; or "
                "values='numbers' for a table. "
                f"{received('shape', rows.shape)}"
            )
        shape = check_image_shape("image_shape", (*image_shape, 1)[:3])
        if math.prod(shape) != rows.shape[1]:
            raise ValueError(
                f"`image_shape` must have as many values as a row, {rows.shape[1]}. "
                f"{received('image_shape', image_shape)}"
            )
        return cls(shape)

    def images(self, rows: np.ndarray) -> np.ndarray:
        """Rows `(num_images, columns)` as `(num_images, height, width, channels)` uint8.

        Raises:
            ValueError: If pixels are not in 0 to 255.
        """
        if self.lowest is not None and self.highest is not None:
            return self._draw(rows, self.lowest, self.highest)
        return np.asarray(as_pixels("X", rows.reshape(len(rows), *self.image_shape)))

    def _draw(self, rows, lowest, highest):
        spans = highest - lowest
        shares = (rows - lowest) / np.where(spans > 0, spans, 1.0)
        levels = LOW_LEVEL + shares * (HIGH_LEVEL - LOW_LEVEL)
        images = np.full((len(rows), math.prod(self.image_shape)), FILL_LEVEL, np.uint8)
        images[:, : rows.shape[1]] = np.round(np.clip(levels, 0, 255))
        return images.reshape(len(rows), *self.image_shape)

    def to_dict(self) -> dict[str, Any]:
        """The layout as a dictionary for JSON."""
        ranges = {"lowest": self.lowest, "highest": self.highest}
        lists = {name: None if v is None else v.tolist() for name, v in ranges.items()}
        return {"image_shape": list(self.image_shape), **lists}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "RowLayout":
        """The layout written by `to_dict`.

        Raises:
            ValueError, LookupError, TypeError: If the values are not from `to_dict`.
        """
        ranges = [values["lowest"], values["highest"]]
        arrays = [None if v is None else np.asarray(v, np.float64) for v in ranges]
        shape = check_image_shape("image_shape", values["image_shape"])
        if len({None if a is None else a.shape for a in arrays}) > 1:
            raise ValueError("`lowest` and `highest` must have as many columns")
        return cls(shape, *arrays)

    @property
    def num_columns(self) -> int:
        """Number of columns of a row."""
        return math.prod(self.image_shape) if self.lowest is None else self.lowest.size


def square_for(num_columns: int) -> tuple[int, int, int]:
    """The smallest square gray image that holds a row of numbers.

    Raises:
        ValueError: If the row is too long.
    """
    if num_columns > LARGEST_SIDE**2:
        raise ValueError(
            f"`X` must have at most {LARGEST_SIDE**2} columns. Received: {num_columns}"
        )
    side = max(SMALLEST_SIDE, math.ceil(math.sqrt(num_columns)))
    return side, side, 1


def flatten(
    X: Any, image_shape: tuple[int, int, int] | None = None
) -> tuple[Any, tuple[int, ...] | None]:
    """Images as rows, with the shape of one image; anything else is returned unchanged, with None.

    Args:
        X: The user's input.
        image_shape: The expected `(height, width, channels)`, if known.

    Raises:
        ValueError: If it cannot be images or rows; the message says what to do.
    """
    check_kind("X", X)
    array = X
    if isinstance(X, (list, tuple)) or getattr(X, "ndim", None) in (3, 4):
        array = as_array("X", X)
    if not isinstance(array, np.ndarray):
        return X, None
    if array.ndim in (3, 4):
        return array.reshape(len(array), -1), (*array.shape[1:], 1)[:3]
    if image_shape is not None and array.shape == image_shape[:2] != (1, math.prod(image_shape)):
        raise ValueError(
            f"`X` must be images, (images, height, width[, channels]). Received: one image of the "
            f"shape {array.shape}. Use X[None]"
        )
    return X, None
