"""A new threshold for a finished run, without training."""

import datetime
import pathlib

import numpy as np

from memgan_tf import files
from memgan_tf.evaluation.calibration import Calibration, needed_images
from memgan_tf.training.run_directory import RunDirectory
from memgan_tf.validation import received

CALIBRATION_FILE = "calibration.json"


def recalibrated(
    before: Calibration,
    target_fpr: float | None = None,
    scores: np.ndarray | None = None,
    source: str = "new images",
) -> Calibration:
    """A calibration with another rate, other images, or both.

    Args:
        before: What the run has.
        target_fpr: The new rate; None keeps the old one.
        scores: Of other normal images, unseen in training; None keeps the old ones.
        source: Which images those are.

    Raises:
        ValueError: If there are too few images to guarantee the rate.
    """
    target_fpr = before.target_fpr if target_fpr is None else target_fpr
    if scores is None:
        scores, source = before.scores, before.source
    after = Calibration.of(scores, target_fpr, source)
    if after.attainable_fpr > after.target_fpr + 1e-12:
        raise ValueError(
            f"`target_fpr` must be at least 1/{len(after.scores) + 1} "
            f"({after.attainable_fpr:.3g}), all that {len(after.scores)} normal images can "
            f"guarantee; "
            f"{needed_images(after.target_fpr)} would do, with --input. "
            f"{received('target_fpr', after.target_fpr)}"
        )
    return after


def replace_calibration(run: RunDirectory, calibration: Calibration) -> pathlib.Path:
    """Writes calibration.json anew and keeps the old one beside it.

    Args:
        run: Of a complete run. Its config.json stays as it is.
        calibration: The new one.

    Returns:
        The old one's file, `calibration.<UTC date and time>.json`.

    Raises:
        RuntimeError: If another process works on the run.
        OSError: If the folder cannot be written.
    """
    path = run.path / CALIBRATION_FILE
    with run.claimed(run.read_config()):
        now = datetime.datetime.now(datetime.timezone.utc)
        backup = path.with_name(f"calibration.{now:%Y%m%dT%H%M%S%fZ}.json")
        # Copied, not moved: at no moment is the run without a calibration.
        files.write_text(backup, path.read_text(encoding="utf-8"))
        calibration.save(path)
    return backup
