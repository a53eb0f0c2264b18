"""Detects sets for object detection (YOLO), whose boxes in text files are not masks or classes."""

from memgan_tf.data.folders import words
from memgan_tf.data.folders.walk import Found

LABELS = frozenset({"labels"})


def refuse(found: Found) -> None:
    """Refuses a folder whose images have files of boxes.

    Raises:
        ValueError: If `labels/…/<stem>.txt` stands beside `images/…/<stem>.*`.
    """
    boxed = {
        (*_without(path.parts[:-1], LABELS), path.stem)
        for path, _ in found.others
        if path.suffix.lower() == ".txt" and any(words.says(p, LABELS) for p in path.parts[:-1])
    }
    images = {(*_without(path.parts[:-1], words.IMAGES), path.stem) for path in found.images}
    if boxed & images:
        raise ValueError(
            f"`dataset` {found.folder} is in the layout of YOLO, images/ and labels/ with text "
            f"files: boxes of objects are not read. Put the normal images into train/good, or "
            f"list them, --dataset=list:<file>; --folder_layout=flat takes all as normal"
        )


def _without(parts, dropped):
    return tuple(part for part in parts if not words.says(part, dropped))
