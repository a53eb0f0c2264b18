"""Finds the files of a data set where it was named or where they have been moved."""

import os
import pathlib

from memgan_tf.config import DataConfig

# Kinds of data sets that are a folder or a file of the user.
KINDS = ("folder", "list", "npz")


def locate(config: DataConfig) -> pathlib.Path:
    """The folder or file of a set, in `data_dir` if it is there, otherwise as named."""
    named = pathlib.Path(config.dataset.partition(":")[2]).expanduser()
    if config.data_dir is not None:
        place = moved(config.dataset, config.data_dir)
        if place.exists():
            return place
    return named


def moved(dataset: str, data_dir: str) -> pathlib.Path:
    """Path of a set that `data_dir` holds: `data_dir` itself, or an entry with the set's name.

    Args:
        dataset: `folder:…`, `list:…` or `npz:…`.
        data_dir: Path given by the user.
    """
    place, name = pathlib.Path(data_dir).expanduser(), pathlib.PurePath(dataset).name
    inside = place / name
    if place.name != name and (inside.is_dir() if _is_folder(dataset) else inside.is_file()):
        return inside
    return place


def check_moved(dataset: str, data_dir: str) -> pathlib.Path:
    """Like `moved`, with a check.

    Raises:
        ValueError: If the folder or file does not exist.
    """
    place = moved(dataset, data_dir)
    if (_is_folder(dataset) and place.is_dir()) or (not _is_folder(dataset) and place.is_file()):
        return place
    what = "be or hold the folder" if _is_folder(dataset) else "be or hold the file"
    raise ValueError(f"`data_dir` must {what} of {dataset}. Received: data_dir={data_dir!r}")


def anchored(config: DataConfig) -> str | None:
    """The `data_dir` with which a set is found from any working directory.

    Raises:
        ValueError: If the user's `data_dir` does not hold the set.
    """
    if config.data_dir is not None:
        return os.path.abspath(check_moved(config.dataset, config.data_dir))
    named = os.path.expanduser(config.dataset.partition(":")[2])
    return None if os.path.isabs(named) else os.path.abspath(named)


def _is_folder(dataset):
    return dataset.startswith("folder:")
