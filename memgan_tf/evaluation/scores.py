"""scores.csv."""

import csv
import os
from collections.abc import Sequence

import numpy as np

from memgan_tf import outputs
from memgan_tf.evaluation.calibration import Calibration
from memgan_tf.evaluation.regions import Region
from memgan_tf.text import printable

COLUMNS = ("path", "label", "anomaly_score", "p_value", "is_anomaly")
REGION_COLUMNS = ("region", "region_area")
# Characters that start a formula in a spreadsheet.
FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")


def as_cell(name: str) -> str:
    """A file's name, safe from evaluation by spreadsheets and terminals.

    `=2+3.png` is written as `./=2+3.png`, an escape character as `\\x1b`.
    """
    name = f"./{name}" if name.startswith(FORMULA_SIGNS) else name
    return printable(name, keep="\t\r\n")


def write_scores(
    path: str | os.PathLike,
    names: Sequence[str],
    labels: np.ndarray | None,
    scores: np.ndarray,
    calibration: Calibration,
    regions: Sequence[Region | None] | None = None,
) -> None:
    """Writes one row per image, in one piece.

    Args:
        path: Path of the file.
        names: Names of the images.
        labels: `(num_images,)`, 1 = anomaly; None leaves the column empty.
        scores: `(num_images,)` A(x).
        calibration: Gives p-values and decisions.
        regions: Largest predicted region of each image, or None; None leaves the columns out.
    """
    flagged = scores > calibration.threshold
    write_decisions(path, names, labels, scores, calibration.p_values(scores), flagged, regions)


def write_decisions(
    path: str | os.PathLike,
    names: Sequence[str],
    labels: np.ndarray | None,
    scores: np.ndarray,
    p_values: np.ndarray,
    flagged: np.ndarray,
    regions: Sequence[Region | None] | None = None,
) -> None:
    """Like `write_scores`, with given p-values and decisions, `(num_images,)`."""
    with (
        outputs.writing(path) as temporary,
        temporary.open("w", newline="", encoding="utf-8") as file,
    ):
        writer = csv.writer(file)
        writer.writerow(COLUMNS if regions is None else (*COLUMNS, *REGION_COLUMNS))
        for index, name in enumerate(names):
            label = "" if labels is None else int(labels[index])
            # Nine digits represent float32 scores exactly.
            score, p_value = f"{scores[index]:.9g}", f"{p_values[index]:.6g}"
            row = [as_cell(name), label, score, p_value, int(flagged[index])]
            writer.writerow(row + ([] if regions is None else _cells_of(regions[index])))


def _cells_of(region):
    if region is None:
        return ["", 0]
    return [str(region), region.area]
