"""The folder `eval` of a run, which may be another user's or on a read-only disk."""

import pathlib

from memgan_tf import outputs
from memgan_tf.training.run_directory import RunDirectory

FIX = "Allow it, or copy the run to a folder of yours"


def check_writable(run: RunDirectory) -> None:
    """Checks, without writing, that results of a run can be written to its folder.

    Raises:
        ValueError: If they cannot.
    """
    outputs.check_folder(run.path, "run", FIX)
    outputs.check_folder(run.evaluation, "run", FIX)


def make_evaluation(run: RunDirectory) -> pathlib.Path:
    """The folder `eval`, made if missing.

    Raises:
        ValueError: If it cannot be made.
    """
    return outputs.make_folder(run.evaluation, "run", FIX)
