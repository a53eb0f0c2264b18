"""Prepares the index of a folder's files for a report."""

import pathlib
from typing import Any

from memgan_tf import files
from memgan_tf.text import decodable

# Number of rows shown of a list; data_index.json has all of them.
MAX_ROWS = 50
# Aspect ratios of photographs of one shape may differ by this factor.
SAME_SHAPE = 1.1


def read_index(path: pathlib.Path) -> dict[str, Any]:
    """data_index.json of a run.

    Raises:
        ValueError: If it is damaged.
    """
    index = files.read_json(path)
    with files.naming_damage(path, "Remove it: the report does without it"):
        describe_index(index)
        index_warnings(index)
    return index


def describe_index(index: dict[str, Any] | None) -> dict[str, Any] | None:
    """Facts and lists of data_index.json; None for data that is not a folder.

    Returns:
        `facts`: pairs of a name and a value. `lists`: the nonempty lists, each with a `title`,
        `rows` of text and the number of `more` rows.
    """
    if index is None:
        return None
    facts = [("Folder", index["folder"]), ("Layout", index["layout"])]
    for count in index["counts"]:
        name = count["split"]
        if count["class"] is not None:
            name = f"{name}, {decodable(count['class'])}"
        facts.append((f"Images: {name}", count["images"]))
    if index["smallest"]:
        sides = " to ".join("×".join(map(str, index[end])) for end in ("smallest", "largest"))
        facts.append(("Sizes (width × height)", sides))
    facts.append(("Fitted by", f"{index['image_fit']} to {index['image_size']} pixels a side"))
    facts.append(("Masks", index["num_masks"]))
    titles = {
        "left_out": "Files left out",
        "unusable_masks": "Masks that cannot be used",
        "duplicates": "Groups of images with the same pixels, within a split",
        "leaks": "Images that are in train and in test",
        "near": "Groups of nearly equal images",
        "notes": "How the folder was read",
    }
    rows = {
        "left_out": [_reason(file) for file in index["left_out"]],
        "unusable_masks": [_reason(file) for file in index["unusable_masks"]],
        "duplicates": [f"{g['split']}: {', '.join(g['paths'])}" for g in index["duplicates"]],
        "leaks": [" = ".join(", ".join(paths) for paths in g.values()) for g in index["leaks"]],
        # Indices of older runs lack these.
        "near": [", ".join(g["paths"]) for g in index.get("near_duplicates", [])],
        "notes": index.get("notes", []),
    }
    facts += [(title, len(rows[name])) for name, title in titles.items() if name != "notes"]
    lists = [
        {"title": titles[name], "rows": found[:MAX_ROWS], "more": max(0, len(found) - MAX_ROWS)}
        for name, found in rows.items()
        if found
    ]
    return {"facts": facts, "lists": lists}


def index_warnings(index: dict[str, Any] | None) -> list[str]:
    """Warnings from the index that a user must know before reading any figure."""
    if index is None:
        return []
    warnings = []
    if index["leaks"]:
        warnings.append(
            f"Images that are in train and in test: {len(index['leaks'])}. The figures look too "
            f"good; see Data."
        )
    near = [g for g in index.get("near_duplicates", []) if len(g["splits"]) > 1]
    if near:
        warnings.append(
            f"Groups of nearly equal images that are in train and in test: {len(near)}. The "
            f"figures may look too good; see Data."
        )
    if index["unusable_masks"]:
        warnings.append(
            f"Masks that cannot be used: {len(index['unusable_masks'])}, so there are no pixel "
            f"metrics; see Data."
        )
    narrowest, widest = index.get("shapes") or (1.0, 1.0)
    if index["image_fit"] == "pad" and widest > SAME_SHAPE * narrowest:
        warnings.append(
            f"The photographs have different shapes (width over height {narrowest:.2f} to "
            f"{widest:.2f}). Each is scaled by its longer side, so details differ in size. "
            f"Cut them to one shape, or use --image_fit=stretch."
        )
    if index["left_out"]:
        warnings.append(f"Files left out: {len(index['left_out'])}; see Data.")
    return warnings


def _reason(file):
    return f"{file['path']}: {file['reason']}"
