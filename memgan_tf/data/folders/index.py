"""The verified index of a folder: which files are used, left out, or present twice."""

import collections
import hashlib
import pathlib
from collections.abc import Sequence
from typing import Any

from memgan_tf import files
from memgan_tf.data.folders.walk import shown
from memgan_tf.text import counted

INDEX_FILE = "data_index.json"
# Largest number of lines of one kind in the summary.
MAX_LINES = 10


def describe(
    folder: str | None,
    layout: str,
    rows: list[dict[str, Any]],
    left_out: list[dict[str, str]],
    unusable_masks: list[dict[str, str]],
    rule: dict[str, Any],
    notes: Sequence[str] = (),
) -> dict[str, Any]:
    """The index as a dictionary for JSON.

    Args:
        folder: The folder as named in the configuration.
        layout: Its layout.
        rows: A dictionary for each readable image: `path`, `split`, `class`, `height`, `width`,
            `digest`, `group`, `mask`; the split of an unused image is None.
        left_out: `path` and `reason` of every other file.
        unusable_masks: `path` and `reason` of every unusable mask.
        rule: `image_size`, `image_fit`, `channels`, `cache`, and whether it `pads_training` images.
        notes: What a user must know about how the folder was read, one line each.
    """
    num_masks = sum(row["mask"] is not None for row in rows)
    rows = [row for row in rows if row["split"] is not None]
    counts = collections.Counter((row["split"], row["class"]) for row in rows)
    groups = collections.defaultdict(set)
    for row in rows:
        groups[row["split"], row["class"]].add(row["group"])
    sides = sorted((row["height"] * row["width"], row["width"], row["height"]) for row in rows)
    shapes = [row["width"] / row["height"] for row in rows]
    return {
        "folder": folder,
        "layout": layout,
        **rule,
        "num_images": len(rows),
        "counts": [
            {"split": split, "class": name, "images": count, "groups": len(groups[split, name])}
            for (split, name), count in sorted(counts.items(), key=str)
        ],
        "smallest": list(sides[0][1:]) if rows else None,
        "largest": list(sides[-1][1:]) if rows else None,
        "shapes": [min(shapes), max(shapes)] if rows else None,
        "num_masks": num_masks,
        "notes": list(notes),
        "content": content_digest(rows),
        "num_left_out": len(left_out),
        "left_out": left_out,
        "unusable_masks": unusable_masks,
        **_repetitions(rows),
    }


def num_groups(index: dict[str, Any], normal_class: int | str | None) -> int:
    """Number of different normal training images in an index; copies count once."""
    return sum(
        count["groups"]
        for count in index["counts"]
        if count["split"] == "train" and normal_class in (None, count["class"])
    )


def num_normal(index: dict[str, Any], normal_class: int | str | None) -> int:
    """Number of normal training images in an index."""
    return sum(
        count["images"]
        for count in index["counts"]
        if count["split"] == "train" and normal_class in (None, count["class"])
    )


def content_digest(rows: list[dict[str, Any]]) -> str:
    """Digest of the images and their roles, equal if and only if nothing changed."""
    lines = [f"{row['split']}\0{row['path']}\0{row['digest']}\n" for row in rows]
    return hashlib.sha256("".join(sorted(lines)).encode()).hexdigest()


def _repetitions(rows):
    """Groups of images with equal or nearly equal pixels: within a split, and across splits."""
    equal: dict[str, dict[str, list[str]]] = {}
    near: dict[int, list[dict[str, Any]]] = {}
    for row in rows:
        equal.setdefault(row["digest"], {}).setdefault(row["split"], []).append(row["path"])
        near.setdefault(row["group"], []).append(row)
    duplicates = [
        {"split": split, "paths": paths}
        for group in equal.values()
        for split, paths in group.items()
        if len(paths) > 1
    ]
    alike = [group for group in near.values() if len({row["digest"] for row in group}) > 1]
    return {
        "duplicates": duplicates,
        "leaks": [dict(group) for group in equal.values() if len(group) > 1],
        "near_duplicates": [
            {"splits": sorted({row["split"] for row in group}), "paths": [r["path"] for r in group]}
            for group in alike
        ],
    }


def summarize(index: dict[str, Any]) -> list[str]:
    """The index in a few lines, with printable names."""
    lines = [f"Folder {shown(index['folder'])}: layout {index['layout']}"]
    for count in index["counts"]:
        name = "" if count["class"] is None else f" {shown(count['class'])}"
        lines.append(f"  {count['split']}{name}: {count['images']} images")
    if index["num_images"]:
        size, (small, large) = index["image_size"], (index["smallest"], index["largest"])
        kind = "gray" if index["channels"] == 1 else "color"
        lines.append(
            f"  {small[0]}×{small[1]} to {large[0]}×{large[1]} pixels, used as {size}×{size} "
            f"{kind} (image_fit {index['image_fit']})"
        )
    if index["num_masks"]:
        lines.append(f"  {index['num_masks']} masks")
    lines += [f"  Note: {note}" for note in index["notes"]]
    lines.append(f"  decoded images: {index['cache']} (safe to remove)")
    reasons = [f"{shown(f['path'])}: {f['reason']}" for f in index["left_out"]]
    lines += _listed(counted(len(reasons), "file left out", "files left out"), reasons)
    reasons = [f"{shown(f['path'])}: {f['reason']}" for f in index["unusable_masks"]]
    lines += _listed("Warning: no pixel metrics: masks cannot be used", reasons)
    pairs = [", ".join(map(shown, group["paths"])) for group in index["duplicates"]]
    count = counted(len(pairs), "group", "groups")
    lines += _listed(f"{count} of images with the same pixels", pairs)
    pairs = [f"{shown(g['train'][0])} = {shown(g['test'][0])}" for g in index["leaks"]]
    images = counted(len(pairs), "image is", "images are")
    title = f"Warning: {images} in train and in test, so results look too good"
    lines += _listed(title, pairs)
    return lines + _summarize_near(index["near_duplicates"])


def _summarize_near(groups):
    pairs = [", ".join(map(shown, g["paths"])) for g in groups]
    count = counted(len(pairs), "group", "groups")
    lines = _listed(f"{count} of nearly equal images, kept on one side each", pairs)
    pairs = [", ".join(map(shown, g["paths"])) for g in groups if len(g["splits"]) > 1]
    words = "of nearly equal images"
    count = counted(len(pairs), f"group {words} is", f"groups {words} are")
    return lines + _listed(f"Warning: {count} in train and in test", pairs)


def _listed(title, lines):
    if not lines:
        return []
    rest = [f"  … and {len(lines) - MAX_LINES} more"] if len(lines) > MAX_LINES else []
    return [f"{title}:", *(f"  {line}" for line in lines[:MAX_LINES]), *rest]


def keep(index: dict[str, Any], run: pathlib.Path) -> None:
    """Writes the index into a run's folder.

    Raises:
        ValueError: If the run was started with other images.
    """
    path = run / INDEX_FILE
    with files.naming_damage(path, "Remove it if the images are those that the run was begun with"):
        before = files.read_json(path)["content"] if path.exists() else index["content"]
    if before != index["content"]:
        raise ValueError(
            f"{run} was begun with other images: the files of {shown(index['folder'])} have "
            f"changed since. Name another --model_dir, or restore them"
        )
    files.write_json(path, index)
