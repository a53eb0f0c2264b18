"""Whether a curve that falls while a detector trains has come to rest."""

import csv
import pathlib

import numpy as np

from memgan_tf import files

# Share of the epochs, at the end, whose fall is looked at, and the fall that counts as one.
LAST_SHARE, LEAST_FALL = 1 / 7, 0.03
# Shorter curves say nothing.
FEWEST_EPOCHS = 14
COLUMN = "validation/error"
FALLBACK = "validation/score"


def remaining_fall(values: np.ndarray) -> float:
    """By what share a curve fell over its last seventh, on average.

    The means of the last seventh of the epochs and of the seventh before it are compared, so that
    one epoch's noise does not decide.

    Args:
        values: `(num_epochs,)`, positive.

    Returns:
        The fall as a share of the value before; 0 for a curve that is too short, and negative for
        one that rises.
    """
    values = np.asarray(values, np.float64)
    if len(values) < FEWEST_EPOCHS or not np.isfinite(values).all() or (values <= 0).any():
        return 0.0
    count = max(1, round(LAST_SHARE * len(values)))
    before, last = values[-2 * count : -count].mean(), values[-count:].mean()
    return float(1.0 - last / before)


def still_falls(values: np.ndarray) -> bool:
    """Whether a curve of positive values still fell at its end."""
    return remaining_fall(values) > LEAST_FALL


def held_out_curve(path: pathlib.Path) -> np.ndarray:
    """The held-out error by epoch, `(num_epochs,)`, of a metrics.csv; empty without one.

    Raises:
        ValueError: If the file is damaged.
    """
    if not path.exists():
        return np.zeros(0)
    with files.naming_damage(path, "Remove it: the weights do not depend on it"):
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        names = [name for name in (COLUMN, FALLBACK) if rows and name in rows[0]]
        return np.array([float(row[names[0]] or "nan") for row in rows]) if names else np.zeros(0)
