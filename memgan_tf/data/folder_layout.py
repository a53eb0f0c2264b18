"""Which layout a folder of images has, and what each file is in it."""

import dataclasses
import pathlib

from memgan_tf.data.walk import Found, shown

LAYOUTS = ("mvtec", "image_folder", "flat")
SPLITS = ("train", "test")
MASK_ENDING = "_mask.png"


@dataclasses.dataclass(frozen=True)
class Plan:
    """What the files of a folder are.

    Attributes:
        layout: One of `LAYOUTS`.
        images: `(relative path, split, class)` sorted by path. The split is None where one is
            drawn by the pixels, the class None where all images are normal.
        masks: Mask by the image's relative path; None if the set has no ground truth.
        others: `(relative path, reason)` of the files that are none of these.
    """

    layout: str
    images: list[tuple[pathlib.PurePath, str | None, str | None]]
    masks: dict[pathlib.PurePath, pathlib.PurePath] | None
    others: list[tuple[pathlib.PurePath, str]]


def plan(found: Found, layout: str | None, normal_class: str | None) -> Plan:
    """Assigns files to splits and classes.

    Args:
        found: The folder's files.
        layout: One of `LAYOUTS`; None recognises it.
        normal_class: Name of the normal class, if it was given.

    Raises:
        ValueError: If the layout is ambiguous or does not fit.
    """
    layout = layout or recognise(found, normal_class)
    made = {"mvtec": _plan_mvtec, "image_folder": _plan_classes, "flat": _plan_flat}[layout](found)
    _check_class(made, normal_class)
    return made


def recognise(found: Found, normal_class: str | None) -> str:
    """The layout by the folders' names.

    Raises:
        ValueError: If it is ambiguous; the message says how to state it.
    """
    train = _folders(found, "train")
    if train == ["good"]:
        return "mvtec"
    if "good" in train and "ground_truth" in _folders(found):
        raise ValueError(
            f"`folder_layout` must be given: train/ holds good and also {_list(train, 'good')}. "
            f"For MVTec's layout use --folder_layout=mvtec, for classes "
            f"--folder_layout=image_folder --normal_class=<name>"
        )
    if train:
        return "image_folder"
    tops = _folders(found)
    if normal_class is not None:
        return "image_folder"
    places = len(tops) + any(len(path.parts) == 1 for path in found.images)
    if places > 1:
        raise ValueError(
            f"`folder_layout` must be given: {_list(tops)} may be classes or merely places. If "
            f"every image is normal use --folder_layout=flat, otherwise name the normal one, "
            f"--normal_class=<one of them>"
        )
    return "flat"


def _folders(found, *inside):
    """Names of the folders with images below `inside`."""
    depth = len(inside)
    return sorted(
        {
            p.parts[depth]
            for p in found.images
            if p.parts[:depth] == inside and len(p.parts) > depth + 1
        }
    )


def _list(names, but=None):
    chosen = [shown(name) for name in names if name != but]
    return ", ".join(chosen[:10]) + (", …" if len(chosen) > 10 else "")


def _plan_mvtec(found):
    images, masks, others = [], {}, list(found.others)
    by_name = {(p.parts[1], p.name): p for p in found.images if p.parts[0] == "ground_truth"}
    has_truth = bool(by_name)
    for path in found.images:
        place = path.parts[:2] if len(path.parts) > 2 else ()
        if place[:1] == ("test",) or place == ("train", "good"):
            images.append((path, place[0], place[1]))
            mask = by_name.pop((place[1], path.stem + MASK_ENDING), None)
            if mask is not None and place[0] == "test":
                masks[path] = mask
        elif path.parts[0] != "ground_truth":
            others.append((path, "not in train/good, test/<defect> or ground_truth/<defect>"))
    others += [(p, f"no image of test/{shown(p.parts[1])} has this mask") for p in by_name.values()]
    return Plan("mvtec", images, masks if has_truth else None, others)


def _plan_classes(found):
    images, others = [], list(found.others)
    splits = any(path.parts[0] == "train" and len(path.parts) > 2 for path in found.images)
    for path in found.images:
        if not splits and len(path.parts) > 1:
            images.append((path, None, path.parts[0]))
        elif splits and path.parts[0] in SPLITS and len(path.parts) > 2:
            images.append((path, path.parts[0], path.parts[1]))
        else:
            places = "train/<class> or test/<class>" if splits else "a class's folder"
            others.append((path, f"not in {places}"))
    return Plan("image_folder", images, None, others)


def _plan_flat(found):
    return Plan("flat", [(path, "train", None) for path in found.images], None, list(found.others))


def _check_class(made, normal_class):
    if made.layout != "image_folder":
        if normal_class is not None:
            raise ValueError(
                f"`normal_class` must be left out of a folder of the layout {made.layout}. "
                f"Received: normal_class={normal_class!r}"
            )
        return
    names = sorted({name for _, split, name in made.images if split != "test"})
    choices = f"one of {_list(names)}" if names else "there is none"
    if normal_class is None:
        raise ValueError(f"`normal_class` must be given: the name of a class's folder, {choices}")
    if normal_class not in names:
        raise ValueError(
            f"`normal_class` must be a class with training images: {choices}. "
            f"Received: normal_class={normal_class!r}"
        )
