"""The folder that heat-maps are written to: nothing of a user's is overwritten in it."""

import pathlib

from memgan_tf import files

INDEX_FILE = "index.json"


def check_folder(folder: pathlib.Path) -> None:
    """Checks that a folder is new, empty or one of heat-maps.

    Raises:
        ValueError: If something else is in it.
    """
    if not folder.exists() or (folder / INDEX_FILE).exists():
        return
    # What a killed process left of the first file is nobody's.
    strange = not folder.is_dir() or any(
        not path.name.startswith(files.TEMPORARY_PREFIX) for path in folder.iterdir()
    )
    if strange:
        raise ValueError(
            f"`heatmaps` must be a new or empty folder, or one that heat-maps were written to. "
            f"Received: {folder}"
        )


def remove_old(folder: pathlib.Path) -> None:
    """Removes the pictures that a folder's index lists; the index stays, to be replaced.

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
