"""VisA's table of splits, `split_csv/1cls.csv`, next to the categories or inside one."""

import csv
import io
import pathlib

from memgan_tf import files
from memgan_tf.data.folders import words
from memgan_tf.data.folders.tree import Tree

PLACES = ("split_csv/1cls.csv", "1cls.csv")
COLUMNS = ("split", "image")


def find_table(tree: Tree) -> pathlib.Path | None:
    """The table inside the folder or next to it, if any."""
    folder = tree.folder.resolve()
    inside = [folder.joinpath(*tree.base[:depth]) for depth in range(len(tree.base) + 1)]
    candidates = (place / name for place in [*inside, folder.parent] for name in PLACES)
    return next((table for table in candidates if table.is_file()), None)


def splits_of(table: pathlib.Path, tree: Tree, images: list) -> tuple[list, list]:
    """The images with the splits given by a table.

    Args:
        table: CSV file with the columns `split` and `image`.
        tree: Tree of the set.
        images: As in `Plan`.

    Returns:
        The images that the table names, and `(path, reason)` of the others; no images if the
        table does not have the columns or names only other images.
    """
    with files.naming_damage(table, "Repair or remove it"):
        text = files.read_bytes(table, files.MAX_TABLE_BYTES).decode("utf-8-sig", "replace")
        rows = list(csv.DictReader(io.StringIO(text, newline="")))
    if not rows or not set(COLUMNS) <= rows[0].keys():
        return [], []
    split_of = {}
    for row in rows:
        place = pathlib.PurePath((row["image"] or "").replace("\\", "/"))
        is_train = words.says((row["split"] or "").strip(), words.TRAIN)
        split_of[_ending(place)] = "train" if is_train else "test"
    found, left_out = [], []
    for path, _, name in images:
        split = split_of.get(_ending(tree.folder.resolve() / path))
        if split is None:
            left_out.append((path, f"not in {table.name}"))
        elif split == "train" and not words.says(name, words.NORMAL):
            left_out.append((path, f"anomalous, but {table.name} has it in train"))
        else:
            found.append((path, split, name))
    return found, left_out


def _ending(path):
    """`candle/Data/Images/Normal/0000.JPG`: the category and the path below it."""
    return tuple(part.casefold() for part in path.parts[-5:])
