"""Chooses the data of a finished run: its own if the user trained it, or the named data."""

import dataclasses
import shlex

from memgan_tf.config import DataConfig
from memgan_tf.data.location import KINDS, check_moved
from memgan_tf.data.sources import parse_name
from memgan_tf.text import printable
from memgan_tf.training import origin
from memgan_tf.training.run_directory import RunDirectory


def choose_data(
    run: RunDirectory, data: DataConfig, dataset: str | None = None, data_dir: str | None = None
) -> DataConfig:
    """The data to open for a run.

    A run made by another user does not choose what is opened here; this user must name it.

    Args:
        run: Folder of the run.
        data: Data in its configuration.
        dataset: Data set named by the user; None is the run's own.
        data_dir: Place of the data named by the user; None is the run's own.

    Raises:
        ValueError: If the run is another user's and no set, or a set of another kind, is named.
    """
    kind, _ = parse_name(data.dataset)
    if dataset is not None:
        if parse_name(dataset)[0] != kind:
            raise ValueError(
                f"`dataset` must be of the kind that the run was made with, {kind}. "
                f"Received: {dataset}"
            )
        # Its data_dir is the place of another user's sets.
        return dataclasses.replace(data, dataset=dataset, data_dir=data_dir)
    if data_dir is not None and kind in KINDS:
        place = check_moved(data.dataset, data_dir)
        return dataclasses.replace(data, dataset=f"{kind}:{place}", data_dir=None)
    if data_dir is not None and kind == "tfds":
        return dataclasses.replace(data, data_dir=data_dir)
    if kind == "digits" or origin.is_own(run, data):
        return data
    named = printable(data.dataset)
    fix = f"--dataset={shlex.quote(named)}"
    if kind == "tfds":
        fix = "--data_dir=<folder of prepared data sets>"
    raise ValueError(
        f"`dataset` must be named: {run.path} was not trained by you on this machine, so the data "
        f"that it names ({named}) is not opened. If these images are yours, add {fix}"
    )
