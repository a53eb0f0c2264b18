"""Protects a user's files in the folder that heat-maps are written to."""

import pathlib

from memgan_tf import files, outputs, temporaries

INDEX_FILE = "index.json"


def check_folder(folder: pathlib.Path) -> None:
    """Checks that a folder is new, empty or a folder of heat-maps.

    Raises:
        ValueError: If it has other content, or cannot be made or written.
    """
    # Leftovers of a killed process may be overwritten.
    strange = folder.is_file() or (
        folder.is_dir()
        and not (folder / INDEX_FILE).exists()
        and any(not path.name.startswith(temporaries.TEMPORARY_PREFIX) for path in folder.iterdir())
    )
    if strange:
        raise ValueError(
            f"`heatmaps` must be a new or empty folder, or one that heat-maps were written to. "
            f"Received: {folder}"
        )
    outputs.check_folder(folder, "heatmaps")


def remove_old(folder: pathlib.Path) -> None:
    """Removes the pictures listed in a folder's index; the index is replaced later.

    Raises:
        ValueError: If the index is damaged.
    """
    index = folder / INDEX_FILE
    if not index.exists():
        return
    try:
        names = [pathlib.PurePath(row["file"]).name for row in files.read_json(index)["images"]]
    except (KeyError, TypeError) as error:
        raise ValueError(f"{index} is not of heat-maps: no {error}. Name another folder") from error
    for name in names:
        (folder / name).unlink(missing_ok=True)
