"""Folders of image files as data sets."""

import dataclasses
import pathlib
import statistics
from typing import Any

import numpy as np

from memgan_tf.config import DataConfig
from memgan_tf.data import folder_index, folder_layout, folder_store
from memgan_tf.data.folders.plan import Plan
from memgan_tf.data.folders.rows import assign, describe_notes, mask_problems
from memgan_tf.data.image_files import IMAGE_SUFFIXES, longer_side
from memgan_tf.data.labelled_images import LabelledImages
from memgan_tf.data.stored_images import StoredImages, open_stored
from memgan_tf.data.walk import HIDDEN, name_of, shown, walk

# A side that was not chosen is the nearer one of these to the longer side of the median image.
DEFAULT_SIZES = (32, 64)
DEFAULT_FIT = "pad"


@dataclasses.dataclass(frozen=True)
class FolderSet:
    """A folder, looked through.

    Attributes:
        index: See `folder_index.describe`.
        rows: Its readable images, in the order of their pixels.
        images: Their pixels.
        masks: File of the masks' pixels, a row a mask; None if the set has no ground truth or a
            mask is missing or unusable.
        plan: What each file is.
    """

    index: dict[str, Any]
    rows: list[dict[str, Any]]
    images: StoredImages
    masks: StoredImages | None
    plan: Plan


def settle(config: DataConfig) -> DataConfig:
    """The configuration with what it left open decided by the images.

    Raises:
        ValueError: As `open_folder`.
    """
    index = open_folder(config).index
    if not folder_index.num_normal(index, config.normal_class):
        raise ValueError(
            f"`dataset` {config.folder} has no readable normal image to train on; "
            f"{index['num_left_out']} files are left out{_first_reason(index['left_out'])}"
        )
    return dataclasses.replace(
        config,
        folder_layout=index["layout"],
        image_size=index["image_size"],
        image_channels=index["channels"],
        image_fit=index["image_fit"],
    )


def open_folder(config: DataConfig) -> FolderSet:
    """Looks through a folder; its images are decoded if they were not before.

    Raises:
        ValueError: If it is missing, holds no readable image, or its layout is unclear.
        OSError: If the cache directory cannot be written.
    """
    folder = pathlib.Path(config.folder).expanduser()
    if not folder.is_dir():
        raise ValueError(f"`dataset` must name a folder; {folder} is none")
    found = walk(folder)
    if not found.images:
        raise ValueError(
            f"`dataset` must be a folder with images ({', '.join(IMAGE_SUFFIXES)}); {folder} has "
            f"none{_hidden(found)}"
        )
    plan = folder_layout.plan(found, config.folder_layout, config.normal_class)
    paths = [path for path, _, _ in plan.images]
    side = config.image_size or _default_size([folder / path for path in paths])
    fit = config.image_fit or DEFAULT_FIT
    place, entry = folder_store.stored(folder, paths, plan.masks, side, fit)
    if not entry["files"]:
        reason = _first_reason(entry["left_out"])
        raise ValueError(f"`dataset` {folder} holds no readable image{reason}")
    rows = assign(plan, entry, config.normal_class)
    shape = (len(rows), side, side, entry["channels"])
    channels = config.image_channels or entry["channels"]
    left_out = entry["left_out"] + [{"path": name_of(p), "reason": r} for p, r in plan.others]
    unusable = mask_problems(plan, rows, entry)
    rule = {"image_size": side, "image_fit": fit, "channels": channels, "cache": str(place)}
    notes = describe_notes(plan, rows, entry)
    index = folder_index.describe(config.folder, plan.layout, rows, left_out, unusable, rule, notes)
    masks = None
    if index["num_masks"] and not unusable:
        shape_of_masks = (index["num_masks"], side, side, 1)
        masks = open_stored(place / folder_store.MASKS_FILE, shape_of_masks, 1)
    pixels = open_stored(place / folder_store.PIXELS_FILE, shape, channels)
    return FolderSet(index, rows, pixels, masks, plan)


def load(config: DataConfig, split: str) -> LabelledImages | None:
    """A split of a folder; None if it has no test split with normal and anomalous images.

    Args:
        config: Names the folder.
        split: `train` or `test`.

    Raises:
        ValueError: As `open_folder`, or if there are no training images.
    """
    opened = open_folder(config)
    chosen = np.array([i for i, row in enumerate(opened.rows) if row["split"] == split], np.int64)
    if len(chosen) == 0:
        if split == "test":
            return None
        raise ValueError(f"`dataset` {config.folder} holds no readable training image")
    rows = [opened.rows[i] for i in chosen]
    labels = _labels(opened.plan, split, [row["class"] for row in rows])
    if split == "test" and len(set(labels == (config.normal_class or 0))) < 2:
        return None
    masks = _masks(opened, rows) if split == "test" and opened.masks is not None else None
    names = [row["path"] for row in rows]
    groups = np.array([row["group"] for row in rows], np.int64)
    return LabelledImages(opened.images.select(chosen), labels, names, masks, groups)


def _default_size(paths):
    sides = [side for side in map(longer_side, paths) if side is not None]
    median = statistics.median(sides) if sides else DEFAULT_SIZES[-1]
    return min(DEFAULT_SIZES, key=lambda size: abs(size - median))


def _labels(plan, split, names):
    if plan.has_classes:
        return np.array(names)
    if split == "test":
        return np.array([int(not plan.is_normal(name)) for name in names], np.int64)
    return None


def _first_reason(left_out):
    return f": {shown(left_out[0]['path'])}: {left_out[0]['reason']}" if left_out else ""


def _hidden(found):
    count = sum(reason == HIDDEN for _, reason in found.others)
    return f"; {count} of its folders and files are hidden and not read" if count else ""


def _masks(opened, rows):
    """`(len(rows), side, side)` bool; normal images have none of their pixels set."""
    masks = np.zeros((len(rows), *opened.masks.shape[1:3]), bool)
    for position, row in enumerate(rows):
        if row["mask"] is not None:
            masks[position] = opened.masks[row["mask"]][..., 0] > 0
    return masks
