"""Folders of image files as data sets."""

import dataclasses
import pathlib
from collections.abc import Callable
from typing import Any

import numpy as np

from memgan_tf.config import DataConfig
from memgan_tf.data.fitting import has_padding
from memgan_tf.data.folders import index as folder_index
from memgan_tf.data.folders import layout as folder_layout
from memgan_tf.data.folders import shapes
from memgan_tf.data.folders import store as folder_store
from memgan_tf.data.folders.list_file import read_list
from memgan_tf.data.folders.look import once
from memgan_tf.data.folders.originals import Originals, Photograph
from memgan_tf.data.folders.plan import Plan
from memgan_tf.data.folders.rows import assign, check_depth, describe_notes, mask_problems
from memgan_tf.data.folders.walk import name_of, shown, walk
from memgan_tf.data.image_files import IMAGE_SUFFIXES
from memgan_tf.data.labelled_images import LabelledImages
from memgan_tf.data.location import locate
from memgan_tf.data.stored_images import StoredImages, open_stored
from memgan_tf.nearby import list_nearby
from memgan_tf.text import counted


@dataclasses.dataclass(frozen=True)
class FolderSet:
    """A folder and what was found in it.

    Attributes:
        index: See `index.describe`.
        rows: Its readable images, in the order of their pixels.
        images: Their pixels.
        masks: File with the pixels of the masks, one row per mask; None if the set has no ground
            truth or a mask is missing or unusable.
        plan: The role of each file.
        peak: See `store.stored`.
        folder: Folder that paths are relative to.
    """

    index: dict[str, Any]
    rows: list[dict[str, Any]]
    images: StoredImages
    masks: StoredImages | None
    plan: Plan
    peak: int | None
    folder: pathlib.Path


def settle(
    config: DataConfig, by_features: bool = False, report: Callable[[str], object] = str
) -> DataConfig:
    """The configuration with all open settings decided by the images.

    Args:
        config: Names the folder.
        by_features: Whether the detector uses features of photographs, see `shapes`.
        report: Called with what was found about their shapes.

    Raises:
        ValueError: As `open_folder`.
    """
    if by_features:
        config = _shape_for_features(config, report)
    opened = open_folder(config)
    check_depth(str(config.folder), opened.peak, config.bit_depth)
    index = opened.index
    if not folder_index.num_normal(index, config.normal_class):
        left_out = counted(index["num_left_out"], "file is", "files are")
        raise ValueError(
            f"`dataset` {config.folder} has no readable normal image to train on; "
            f"{left_out} left out{_first_reason(index['left_out'])}"
        )
    return dataclasses.replace(
        config,
        folder_layout=None if config.is_list else index["layout"],
        image_size=index["image_size"],
        image_channels=index["channels"],
        image_fit=index["image_fit"],
        leave_out_padding=_padding_rule(config.leave_out_padding, index, by_features),
    )


def _padding_rule(given, index, by_features):
    """`DataConfig.leave_out_padding`; None if it makes no difference."""
    if given is None and index["pads_training"] and not by_features:
        return True
    return given


def _shape_for_features(config, report):
    """The configuration with the size, shape and fit suggested by the training photographs."""
    folder, plan = _look_through(config)
    sizes = shapes.sizes_of(folder / path for path, split, _ in plan.images if split != "test")
    shape = shapes.of_photographs(sizes, config.image_size, config.image_fit)
    if shape.reason:
        report(f"Shape: {shape.reason}")
    return dataclasses.replace(
        config,
        image_size=shape.image_size,
        image_fit=shape.image_fit,
        aspect_ratio=config.aspect_ratio or shape.aspect_ratio,
    )


def open_folder(config: DataConfig) -> FolderSet:
    """Reads a folder; its images are decoded unless they have been before.

    Within `one_look`, once for each configuration.

    Raises:
        ValueError: If it is missing, has no readable image, or its layout is ambiguous.
        OSError: If the cache directory cannot be written.
    """
    return once(lambda: _open_folder(config), "folder", config)


def _open_folder(config):
    folder, plan = _look_through(config)
    paths = [path for path, _, _ in plan.images]
    size, fit = config.image_size, config.image_fit
    if size is None or fit is None:
        shape = shapes.square(shapes.sizes_of(folder / path for path in paths))
        size, fit = size or shape.image_size, fit or shape.image_fit
    sides = shapes.sides(size, config.aspect_ratio)
    place, entry = folder_store.stored(folder, paths, plan.masks, sides, fit, config.bit_depth)
    if not entry["files"]:
        reason = _first_reason(entry["left_out"])
        raise ValueError(f"`dataset` {folder} holds no readable image{reason}")
    rows = assign(plan, entry, config.normal_class)
    stored_shape = (len(rows), *sides, entry["channels"])
    channels = config.image_channels or entry["channels"]
    left_out = entry["left_out"] + [{"path": name_of(p), "reason": r} for p, r in plan.others]
    unusable = mask_problems(plan, rows, entry)
    rule = {"image_size": size, "image_fit": fit, "channels": channels, "cache": str(place)}
    rule["pads_training"] = any(
        has_padding((row["height"], row["width"]), sides, fit)
        for row in rows
        if row["split"] == "train"
    )
    notes = describe_notes(plan, rows, entry, config.bit_depth)
    index = folder_index.describe(config.folder, plan.layout, rows, left_out, unusable, rule, notes)
    masks = None
    if index["num_masks"] and not unusable:
        masks_shape = (index["num_masks"], *sides, 1)
        masks = open_stored(place / folder_store.MASKS_FILE, masks_shape, 1)
    pixels = open_stored(place / folder_store.PIXELS_FILE, stored_shape, channels)
    return FolderSet(index, rows, pixels, masks, plan, entry["peak"], folder)


def _look_through(config):
    """The folder that paths are relative to, and the role of each file."""
    what = (config.dataset, config.data_dir, config.folder_layout, config.normal_class)
    return once(lambda: _plan_files(config), "plan", *what)


def _plan_files(config):
    folder = locate(config)
    if config.is_list:
        found, plan = read_list(folder, config.normal_class)
        folder_layout.check(plan, config.normal_class, folder)
        return found.folder, plan
    if not folder.is_dir():
        raise ValueError(
            f"`dataset` must name an existing folder. Received: {folder}. If it has moved, add "
            f"--data_dir=<where it is>{list_nearby(folder, 'folder:', folders=True)}"
        )
    found = walk(folder)
    if not found.images:
        raise ValueError(
            f"`dataset` must be a folder with images ({', '.join(IMAGE_SUFFIXES)}); {folder} has "
            f"none{found.why_empty()}"
        )
    return folder, folder_layout.plan(found, config.folder_layout, config.normal_class)


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
    originals = _originals(opened, rows, config.bit_depth)
    kinds = np.array([row["class"] for row in rows]) if split == "test" else None
    images = opened.images.select(chosen)
    return LabelledImages(images, labels, names, masks, groups, originals, kinds)


def _originals(opened, rows, bit_depth):
    folder = opened.folder
    files = {name_of(path): path for path, _, _ in opened.plan.images}
    photographs = []
    for row in rows:
        path = files[row["path"]]
        masks = opened.plan.masks.get(path, ()) if row["mask"] is not None else ()
        size = (row["height"], row["width"])
        photographs.append(Photograph(folder / path, size, tuple(folder / m for m in masks)))
    return Originals(photographs, opened.index["image_fit"], bit_depth)


def _labels(plan, split, names):
    if plan.has_classes:
        return np.array(names)
    if split == "test":
        return np.array([int(not plan.is_normal(name)) for name in names], np.int64)
    return None


def _first_reason(left_out):
    return f": {shown(left_out[0]['path'])}: {left_out[0]['reason']}" if left_out else ""


def _masks(opened, rows):
    """`(len(rows), side, side)` bool; all false for normal images."""
    masks = np.zeros((len(rows), *opened.masks.shape[1:3]), bool)
    for position, row in enumerate(rows):
        if row["mask"] is not None:
            masks[position] = opened.masks[row["mask"]][..., 0] > 0
    return masks
