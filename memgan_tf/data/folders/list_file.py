"""Lists of images in CSV or JSON Lines, with the columns path, label, mask and split."""

import csv
import io
import json
import os
import pathlib
from typing import Any

from memgan_tf import files
from memgan_tf.data.folders import words
from memgan_tf.data.folders.masks import Pairing
from memgan_tf.data.folders.plan import Plan
from memgan_tf.data.folders.walk import Found, shown
from memgan_tf.nearby import list_nearby
from memgan_tf.text import counted

COLUMNS = {
    "path": ("path", "image", "image_path", "img_path", "file", "filename", "file_name"),
    "label": ("label", "class", "defect", "is_anomaly", "target"),
    "mask": ("mask", "mask_path", "masks"),
    "split": ("split", "set", "subset"),
    "object": ("object", "category"),
}
# As `words.plain` has them; a column with empty cells is often written as 0.0 and 1.0.
NORMAL_LABELS = words.NORMAL | {"0", "0_0", "false"}
# Number of lines used to decide which folder relative paths are relative to.
PROBED = 20


def read_list(path: pathlib.Path, normal_class: int | str | None) -> tuple[Found, Plan]:
    """The images of a list, and the role of each.

    Args:
        path: A CSV file with a header (commas, semicolons or tabs), or JSON Lines. Relative paths
            are relative to its folder, or to the folder above if they are found only there.
        normal_class: The normal one of several labels. With None, labels such as 0, good and normal
            are normal, and every other label is an anomaly.

    Raises:
        ValueError: If it cannot be read; the message names the line.
    """
    if not path.is_file():
        raise ValueError(
            f"`dataset` must name a list of images. Received: list:{path}, no file"
            f"{list_nearby(path, 'list:')}"
        )
    rows = _read_rows(path)
    objects = sorted({str(row["object"]) for _, row in rows if row.get("object")})
    folder = _root(path, [row["path"] for _, row in rows[:PROBED]])
    if len(objects) > 1:
        raise ValueError(
            f"`dataset` must be one set; list:{path} has {len(objects)}: "
            f"{shown(', '.join(objects[:12]))}. Keep the lines of one, or name its folder, "
            f"--dataset=folder:{shown(folder / objects[0])}"
        )
    uses: dict[pathlib.PurePath, tuple[str | None, str | None]] = {}
    masks = {}
    for number, row in rows:
        image = _relative(folder, row["path"])
        use = _split(path, number, row.get("split")), _label(row)
        if uses.setdefault(image, use) != use:
            raise ValueError(f"{path}, line {number}: {row['path']} appears twice, differently")
        given = row.get("mask") or []
        given = given if isinstance(given, list) else [given]
        if given:
            masks[image] = tuple(_relative(folder, mask) for mask in given)
    plan = _plan(uses, masks, normal_class, len(rows) - len(uses))
    return Found(sorted(uses), [], folder), plan


def _plan(uses, masks, normal_class, num_repeated):
    labeled = {name for _, name in uses.values()} != {None}
    named = {name for _, name in uses.values() if name and words.plain(name) in NORMAL_LABELS}
    normal = frozenset(named if normal_class is None else {normal_class})
    images, others = [], []
    for path, (split, name) in sorted(uses.items()):
        if labeled and name is None:
            others.append((path, "the list gives it no label"))
        elif split == "train" and normal_class is None and name not in {None, *normal}:
            others.append((path, "anomalous, but the list has it in train"))
        else:
            images.append((path, split if labeled else split or "train", name))
    pairing = Pairing(masks, [], []) if masks else None
    repeated = counted(num_repeated, "line repeats another", "lines repeat others")
    return Plan(
        "list",
        images,
        others,
        pairing,
        normal,
        has_classes=normal_class is not None,
        notes=(repeated,) if num_repeated else (),
    )


def _read_rows(path) -> list[tuple[int, dict[str, Any]]]:
    """`(line number, values by column)` for each line."""
    try:
        text = files.read_bytes(path, files.MAX_TABLE_BYTES).decode("utf-8-sig")
    except (OSError, ValueError) as error:
        fix = ". Save it as UTF-8" if isinstance(error, UnicodeDecodeError) else ""
        raise ValueError(f"`dataset` list:{path} cannot be read: {error}{fix}") from error
    is_json = text.lstrip().startswith("{")
    with files.naming_damage(path):
        rows = _json_rows(path, text) if is_json else _csv_rows(text)
        rows = [(number, _by_column(row)) for number, row in rows]
    for number, row in rows:
        if not isinstance(row.get("path"), str) or not row["path"]:
            raise ValueError(
                f"{path}, line {number}: an image's path is missing. The list needs a column path "
                f"and may have label, mask and split"
            )
        _check_texts(path, number, row)
    if not rows:
        raise ValueError(f"`dataset` list:{path} names no image; it needs a column path")
    return rows


def _check_texts(path, number, row):
    for column, value in row.items():
        for text in map(str, value if isinstance(value, list) else [value]):
            if "\0" in text or not _is_text(text):
                raise ValueError(
                    f"{path}, line {number}: `{column}` must be text without null characters and "
                    f"surrogates. Received: {column}={text!r}"
                )


def _is_text(text):
    try:
        os.fsencode(text)
    except UnicodeEncodeError:
        return False
    return True


def _json_rows(path, text):
    # Strings in JSON may have other line ends.
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                row = json.loads(line)
            except (ValueError, RecursionError) as error:
                raise ValueError(f"{path}, line {number} is not JSON: {error}") from error
            if not isinstance(row, dict):
                raise ValueError(f"{path}, line {number} must be a JSON object")
            yield number, row


def _csv_rows(text):
    header = text.partition("\n")[0]
    delimiter = max(",;\t", key=header.count)
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter)
    for row in reader:
        if any(isinstance(value, str) and value.strip() for value in row.values()):
            yield reader.line_num, {k: v.strip() if v else v for k, v in row.items() if k}


def _by_column(row):
    plain = {words.plain(str(name).strip()): value for name, value in row.items()}
    found = {}
    for column, names in COLUMNS.items():
        found[column] = next((plain[name] for name in names if name in plain), None)
    return found


def _root(path, names):
    """The folder that relative paths are relative to."""
    places = path.parent, path.resolve().parent.parent
    return max(places, key=lambda place: any(_exists(place / _posix(name)) for name in names))


def _posix(name):
    return pathlib.PurePath(name.replace("\\", "/"))


def _relative(folder, name):
    written = pathlib.PurePath(str(name))
    return written if _exists(folder / written) else _posix(str(name))


def _exists(path):
    try:
        return path.exists()
    except OSError:  # such as a name that is too long; reading it says so
        return False


def _label(row):
    label = row.get("label")
    return None if label is None or label == "" else str(label)


def _split(path, number, split):
    if split is None or split == "":
        return None
    if words.says(str(split), words.TRAIN | words.VALIDATION):
        return "train"
    if words.says(str(split), words.TEST):
        return "test"
    raise ValueError(f"{path}, line {number}: `split` must be train or test. Received: {split!r}")
