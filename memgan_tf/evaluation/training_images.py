"""The training images that look least like the others, for inspection by a person."""

import csv
import math
import pathlib

import numpy as np

from memgan_tf import files
from memgan_tf.evaluation.left_out import LeftOutCalibration
from memgan_tf.evaluation.scores import as_cell
from memgan_tf.training.run_directory import RunDirectory

FILE = "training_images.csv"
COLUMNS = ("path", "anomaly_score", "set_aside")


def keep(found: LeftOutCalibration, names: list[str], run: RunDirectory) -> None:
    """Writes the training images with their left-out scores, highest first."""
    aside = set(found.aside.tolist())
    with (
        files.replacing(run.path / FILE) as temporary,
        temporary.open("w", newline="", encoding="utf-8") as file,
    ):
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for position in np.argsort(-found.scores, kind="stable").tolist():
            score = f"{found.scores[position]:.9g}"
            writer.writerow([as_cell(names[position]), score, int(position in aside)])


def read(path: pathlib.Path) -> list[tuple[str, float, bool]]:
    """Name and left-out score of each image, and whether it was set aside, highest score first.

    Raises:
        ValueError: If the file is damaged.
    """
    with files.naming_damage(path, "Train the run again"):
        rows = [
            (row["path"], float(row["anomaly_score"]), row["set_aside"] == "1")
            for row in files.read_table(path)
        ]
        if not all(math.isfinite(score) for _, score, _ in rows):
            raise ValueError("a score is not finite")
    return rows
