"""Sources of labeled images: scikit-learn's digits, tensorflow-datasets, files and folders."""

import dataclasses
import difflib
import hashlib
import os
import pathlib
from collections.abc import Callable
from typing import Any

import numpy as np

from memgan_tf.config import FOLDER_KINDS, DataConfig
from memgan_tf.data import npz, prepared
from memgan_tf.data.folders import folder
from memgan_tf.data.labelled_images import LabelledImages
from memgan_tf.data.location import KINDS, anchored, locate
from memgan_tf.text import decodable
from memgan_tf.validation import check_choice, check_image_shape, received

# Number of bytes that file systems allow for the name of a folder.
LONGEST_NAME = 255
# See `outputs.tensorflow_obstacle`.
NO_PATTERN = str.maketrans("[]\\", "()_")
SHORT_NAMES = {"mnist": "tfds:mnist", "cifar10": "tfds:cifar10"}


def load(config: DataConfig, split: str) -> LabelledImages | None:
    """A split of a data set; None if it has no test split.

    Args:
        config: Names the set.
        split: `train` or `test`.

    Raises:
        ValueError: If the name is unknown, the set is not prepared or the file is unusable.
    """
    check_choice("split", split, ("train", "test"))
    kind, rest = parse_name(config.dataset)
    if kind == "digits":
        return _load_digits(split)
    if kind in FOLDER_KINDS:
        return folder.load(config, split)
    if kind == "tfds":
        image_shape(config)
        return prepared.load(rest, prepared.find_directory(rest, config.data_dir), split)
    return npz.load(str(locate(config)), split)


def image_shape(config: DataConfig) -> tuple[int, int, int]:
    """`(height, width, channels)` of a data set, read without TensorFlow.

    Image files are opened only for a folder.

    Raises:
        ValueError: As `load`.
    """
    kind, rest = parse_name(config.dataset)
    if kind == "digits":
        return (8, 8, 1)
    if kind in FOLDER_KINDS:
        return folder.open_folder(config).images.shape[1:]
    if kind == "tfds":
        shape = prepared.image_shape(rest, prepared.find_directory(rest, config.data_dir))
    else:
        shape = npz.image_shape(str(locate(config)))
    return check_image_shape(f"shape of {config.dataset}'s images", shape)


def settle(
    config: DataConfig, by_features: bool = False, report: Callable[[str], object] = str
) -> DataConfig:
    """The configuration with all open settings decided by a folder's images.

    With its `data_dir`, the data is found from any working directory.

    Args:
        config: Names the set.
        by_features: Whether the detector uses features, not pixels.
        report: Called with what was found in a folder.

    Raises:
        ValueError: As `load`.
    """
    kind, _ = parse_name(config.dataset)
    if kind not in KINDS:
        return config
    data_dir = anchored(config)
    # Messages use the user's name for the data.
    settled = folder.settle(config, by_features, report) if kind in FOLDER_KINDS else config
    return dataclasses.replace(settled, data_dir=data_dir)


def find_index(config: DataConfig) -> dict[str, Any] | None:
    """The verified index of a folder, see `folders.index.describe`; None for other sets.

    Raises:
        ValueError: As `load`.
    """
    is_folder = parse_name(config.dataset)[0] in FOLDER_KINDS
    return folder.open_folder(config).index if is_folder else None


def count_normal(config: DataConfig) -> tuple[int, int] | None:
    """Number of normal training images of an npz file, and of different ones; None for other sets.

    Raises:
        ValueError: As `load`.
    """
    if parse_name(config.dataset)[0] != "npz":
        return None
    train = npz.load(str(locate(config)), "train")
    if train is None or train.groups is None:
        return None
    groups = train.groups
    if train.labels is not None and config.normal_class is not None:
        groups = groups[train.labels == config.normal_class]
    # A class without images is refused when the task is made, with a message that lists the others.
    return (len(groups), len(set(groups.tolist()))) if len(groups) else None


def content_of(config: DataConfig) -> str | None:
    """A digest of the images of an npz file, with which a resumed run detects other images.

    None for a folder, which has its index for that, and for a prepared set, which has its version.

    Raises:
        ValueError: As `load`.
    """
    kind, _ = parse_name(config.dataset)
    return npz.content_digest(str(locate(config))) if kind == "npz" else None


def parse_name(dataset: str) -> tuple[str, str]:
    """Splits `dataset` into its kind (digits, tfds, npz, folder, list) and the rest.

    Raises:
        ValueError: If the kind is unknown.
    """
    kind, _, rest = SHORT_NAMES.get(dataset, dataset).partition(":")
    if dataset == "digits" or (kind in ("tfds", *KINDS) and rest):
        return kind, rest
    raise ValueError(
        f"`dataset` must be digits, mnist, cifar10, tfds:<name>, npz:<file>, folder:<folder> or "
        f"list:<file>. {received('dataset', dataset)}{_guess(dataset)}"
    )


def name_of_path(path: str | os.PathLike) -> str:
    """The name of a data set that is a file or a folder: kind, from the suffix, and path."""
    kinds = {".npz": "npz", ".csv": "list", ".jsonl": "list"}
    return f"{kinds.get(pathlib.Path(path).suffix.lower(), 'folder')}:{path}"


def _guess(dataset):
    """A suggestion for an unknown name: an existing path, or the name closest in spelling."""
    place = dataset.partition(":")[2] or dataset
    if os.path.exists(place):
        return f". Did you mean {name_of_path(place)}?"
    close = difflib.get_close_matches(dataset, ("digits", *SHORT_NAMES), 1)
    return f". Did you mean {close[0]}?" if close else ""


def directory_name(dataset: str) -> str:
    """The data set's name as a folder in a run's path, which TensorFlow can read."""
    kind, rest = parse_name(dataset)
    if kind in ("npz", "list"):
        return _plain(f"{kind}_{pathlib.Path(rest).stem}")
    if kind == "folder":
        return _plain(f"folder_{pathlib.Path(os.path.abspath(rest)).name}")
    return (rest if kind == "tfds" else kind).replace("/", "_").replace(":", "_")


def _plain(name):
    """A name in UTF-8 that is no pattern and not too long; a digest ends one that is cut."""
    name = decodable(name).translate(NO_PATTERN)
    whole = name.encode()
    if len(whole) <= LONGEST_NAME:
        return name
    digest = hashlib.sha256(whole).hexdigest()[:8]
    return f"{whole[: LONGEST_NAME - 9].decode('utf-8', 'ignore')}_{digest}"


def _load_digits(split):
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    digits = load_digits()
    # Rescaled from 0…16; the test split is always the same quarter of each class.
    images = np.round(digits.images * (255 / 16)).astype(np.uint8)[..., np.newaxis]
    everything = np.arange(len(images))
    train, test = train_test_split(
        everything, test_size=0.25, random_state=0, stratify=digits.target
    )
    whole = LabelledImages(
        images, digits.target.astype(np.int64), [f"digits/{i:04d}" for i in everything]
    )
    return whole.select(np.sort(train if split == "train" else test))
