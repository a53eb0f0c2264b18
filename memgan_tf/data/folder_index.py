"""The verified index of a folder set: what is used, what is left out, what is there twice."""

import collections
import hashlib
import pathlib
from typing import Any

from memgan_tf import files
from memgan_tf.data.walk import shown

INDEX_FILE = "data_index.json"
# Lines of a kind that the summary prints at most.
MAX_LINES = 10


def describe(
    folder: str,
    layout: str,
    rows: list[dict[str, Any]],
    left_out: list[dict[str, str]],
    unusable_masks: list[dict[str, str]],
    rule: dict[str, Any],
) -> dict[str, Any]:
    """The index as JSON's types.

    Args:
        folder: As the configuration names it.
        layout: Its layout.
        rows: A dictionary for each readable image: `path`, `split`, `class`, `height`, `width`,
            `digest`, `mask`.
        left_out: `path` and `reason` of every other file.
        unusable_masks: The same of masks.
        rule: `image_size`, `image_fit`, `channels`, `cache`.
    """
    counts = collections.Counter((row["split"], row["class"]) for row in rows)
    sides = sorted((row["height"] * row["width"], row["width"], row["height"]) for row in rows)
    return {
        "folder": folder,
        "layout": layout,
        **rule,
        "num_images": len(rows),
        "counts": [
            {"split": split, "class": name, "images": count}
            for (split, name), count in sorted(counts.items(), key=str)
        ],
        "smallest": list(sides[0][1:]) if rows else None,
        "largest": list(sides[-1][1:]) if rows else None,
        "num_masks": sum(row["mask"] is not None for row in rows),
        "content": content_digest(rows),
        "num_left_out": len(left_out),
        "left_out": left_out,
        "unusable_masks": unusable_masks,
        **_repetitions(rows),
    }


def num_normal(index: dict[str, Any], normal_class: str | None) -> int:
    """How many normal training images an index has."""
    return sum(
        count["images"]
        for count in index["counts"]
        if count["split"] == "train" and normal_class in (None, count["class"])
    )


def content_digest(rows: list[dict[str, Any]]) -> str:
    """Names the images and what they are used for: equal if and only if nothing changed."""
    lines = [f"{row['split']}\0{row['path']}\0{row['digest']}\n" for row in rows]
    return hashlib.sha256("".join(sorted(lines)).encode()).hexdigest()


def _repetitions(rows):
    """Groups of images with equal pixels: within a split, and in both."""
    groups = collections.defaultdict(lambda: collections.defaultdict(list))
    for row in rows:
        groups[row["digest"]][row["split"]].append(row["path"])
    duplicates = [
        {"split": split, "paths": paths}
        for group in groups.values()
        for split, paths in group.items()
        if len(paths) > 1
    ]
    return {"duplicates": duplicates, "leaks": [dict(g) for g in groups.values() if len(g) > 1]}


def summarize(index: dict[str, Any]) -> list[str]:
    """The index in a few lines, names made printable."""
    lines = [f"Folder {shown(index['folder'])}: layout {index['layout']}"]
    for count in index["counts"]:
        name = "" if count["class"] is None else f" {shown(count['class'])}"
        lines.append(f"  {count['split']}{name}: {count['images']} images")
    if index["num_images"]:
        size, (small, large) = index["image_size"], (index["smallest"], index["largest"])
        kind = "grey" if index["channels"] == 1 else "colour"
        lines.append(
            f"  {small[0]}×{small[1]} to {large[0]}×{large[1]} pixels, used as {size}×{size} "
            f"{kind} (image_fit {index['image_fit']})"
        )
    if index["num_masks"]:
        lines.append(f"  {index['num_masks']} masks")
    lines.append(f"  decoded images: {index['cache']} (safe to remove)")
    reasons = [f"{shown(f['path'])}: {f['reason']}" for f in index["left_out"]]
    lines += _listed(f"{len(reasons)} files left out", reasons)
    reasons = [f"{shown(f['path'])}: {f['reason']}" for f in index["unusable_masks"]]
    lines += _listed("Warning: no pixel metrics: masks cannot be used", reasons)
    pairs = [", ".join(map(shown, group["paths"])) for group in index["duplicates"]]
    lines += _listed(f"{len(pairs)} groups of images with the same pixels", pairs)
    pairs = [f"{shown(g['train'][0])} = {shown(g['test'][0])}" for g in index["leaks"]]
    title = f"Warning: {len(pairs)} images are in train and in test, so results look too good"
    return lines + _listed(title, pairs)


def _listed(title, lines):
    if not lines:
        return []
    rest = [f"  … and {len(lines) - MAX_LINES} more"] if len(lines) > MAX_LINES else []
    return [f"{title}:", *(f"  {line}" for line in lines[:MAX_LINES]), *rest]


def keep(index: dict[str, Any], run: pathlib.Path) -> None:
    """Writes the index into a run's folder.

    Raises:
        ValueError: If the run was begun with other images.
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
