"""Whether the held-out error, which falls while a detector trains, has come to rest."""

import csv
import pathlib
from collections.abc import Iterable

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


class Levelling:
    """Ends training where the error of held-out normal images has leveled.

    Args:
        least_steps: Steps that are taken in any case.
        known: The error by epoch, from the first, of what was trained before.

    Attributes:
        has_levelled: Whether the newest epoch is the last one for that reason.
    """

    def __init__(self, least_steps: int, known: Iterable[float] = ()):
        self._least_steps, self._values = least_steps, list(known)
        self.has_levelled = False

    def restart(self, num_epochs: int, num_steps: int) -> None:
        """Forgets what came after so many epochs, of so many steps in all, and looks again."""
        del self._values[num_epochs:]
        complete = len(self._values) == num_epochs
        self.has_levelled = complete and self._is_level(num_steps)

    def add(self, explained: dict[str, np.ndarray], num_steps: int) -> None:
        """Looks at an epoch's explanation of the held-out images, after so many steps."""
        # As metrics.csv has it: a run that was interrupted ends where another one does.
        self._values.append(float(f"{held_out_error(explained):.7g}"))
        self.has_levelled = self._is_level(num_steps)

    def _is_level(self, num_steps):
        values = np.asarray(self._values, np.float64)
        is_measured = len(values) >= FEWEST_EPOCHS and bool((values > 0).all())
        return num_steps >= self._least_steps and is_measured and not still_falls(values)

    def describe(self, num_epochs: int) -> str:
        """See `describe_end`."""
        return describe_end(self._values, num_epochs)


def describe_end(values: Iterable[float], num_epochs: int) -> str:
    """How training ended, a sentence.

    Args:
        values: The held-out error by epoch.
        num_epochs: Epochs that were allowed.
    """
    values = np.asarray(list(values), np.float64)
    if len(values) < num_epochs:
        return (
            f"Stopped after {len(values)} of {num_epochs} epochs: the error of held-out images "
            f"has leveled"
        )
    if still_falls(values):
        return (
            f"Ended with the last of {num_epochs} epochs while the error of held-out images still "
            f"fell, by {100.0 * remaining_fall(values):.1f} % over the last seventh; "
            f"--epochs={2 * num_epochs} continues"
        )
    return f"Ended with the last of {num_epochs} epochs"


def held_out_error(explained: dict[str, np.ndarray]) -> float:
    """The mean size of the reconstructions' errors, else of the scores."""
    return float(explained.get("reconstruction_error", explained["anomaly_score"]).mean())


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
