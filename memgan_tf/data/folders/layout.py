"""Recognizes the layout of a folder of images and the role of each file in it."""

import dataclasses
import pathlib

from memgan_tf.data.folders import (
    class_layouts,
    detection_layout,
    masked_layouts,
    pair_layouts,
    split_layouts,
    words,
)
from memgan_tf.data.folders.plan import Plan
from memgan_tf.data.folders.tree import Tree, chain
from memgan_tf.data.folders.walk import Found, shown
from memgan_tf.validation import guess

FAMILY_OF = {
    **dict.fromkeys(split_layouts.NORMAL_OF, split_layouts),
    **dict.fromkeys(pair_layouts.LAYOUTS, pair_layouts),
    **dict.fromkeys(masked_layouts.LAYOUTS, masked_layouts),
}


def plan(found: Found, layout: str | None, normal_class: int | str | None) -> Plan:
    """Assigns files to splits and classes.

    Args:
        found: The folder's files.
        layout: One of `config.data.FOLDER_LAYOUTS`; None recognizes it.
        normal_class: Name of the normal class, if given.

    Raises:
        ValueError: If the layout is ambiguous or does not fit.
    """
    trees = [Tree(found.folder, found.images, base) for base in chain(found.images)]
    layout, tree = recognize(found, trees, normal_class) if layout is None else (layout, None)
    tree = tree or _fitting(trees, layout, normal_class)
    if layout == "image_folder":
        made = class_layouts.plan_classes(tree)
    elif layout == "flat":
        made = class_layouts.plan_flat(tree)
    else:
        made = FAMILY_OF[layout].plan(tree, layout)
    check(made, normal_class, found.folder)
    return dataclasses.replace(made, others=[*found.others, *made.others])


def recognize(found: Found, trees: list[Tree], normal_class: int | str | None) -> tuple[str, Tree]:
    """The layout according to the names of folders, and the part of the folder that has it.

    Raises:
        ValueError: If it is ambiguous or not supported; the message says what to do.
    """
    detection_layout.refuse(found)
    for tree in trees:
        _refuse_unclear(tree)
        if normal_class is None or tree.folders(words.TRAIN):
            layout = split_layouts.recognize(tree)
            if layout is not None:
                return layout, tree
        if normal_class is None and not tree.folders(words.TRAIN):
            layout = pair_layouts.recognize(tree)
            if layout is not None:
                return layout, tree
    for tree in trees:
        if tree.folders(words.TRAIN) and not (normal_class is None and tree.beside):
            return "image_folder", tree
    _refuse_categories(trees)
    if normal_class is not None:
        return "image_folder", _fitting(trees, "image_folder", normal_class)
    layout = masked_layouts.recognize(trees[-1])
    if layout is not None:
        return layout, trees[-1]
    _refuse_places(trees[-1])
    return "flat", trees[-1]


def _fitting(trees, layout, normal_class):
    """The part of the folder that has a layout; the whole folder if no part has it."""
    for tree in trees:
        if layout == "image_folder":
            fits = tree.folders(words.TRAIN) or normal_class in tree.folders()
        elif layout in split_layouts.NORMAL_OF:
            fits = split_layouts.NORMAL_OF[layout] in map(words.plain, tree.folders(words.TRAIN))
        else:
            fits = layout in FAMILY_OF and FAMILY_OF[layout].recognize(tree) == layout
        if fits:
            return tree
    return trees[0]


def _refuse_unclear(tree):
    train = tree.folders(words.TRAIN)
    others = [name for name in train if words.plain(name) != "good"]
    if 0 < len(others) < len(train) and tree.masks:
        raise ValueError(
            f"`folder_layout` must be given: train/ holds good and also {_list(others)}. "
            f"For MVTec's layout use --folder_layout=mvtec, for classes "
            f"--folder_layout=image_folder --normal_class=<name>"
        )


def _refuse_categories(trees):
    """Refuses a folder with several sets, one per subfolder."""
    whole = trees[-1]
    tops: dict[str, list[pathlib.PurePath]] = {}
    for path in [*whole.images, *whole.masks]:
        tops.setdefault(whole.inner(path)[0], []).append(path)
    sets = [name for name, paths in sorted(tops.items()) if _is_set(whole, name, paths)]
    if sets:
        names = [whole.folder.joinpath(*whole.base, name) for name in sets]
        raise ValueError(
            f"`dataset` must be one set; {whole.folder} holds {len(sets)}: {_list(sets)}. Name "
            f"one, --dataset=folder:{shown(names[0])}"
        )


def _is_set(whole, name, paths):
    if words.says(name, words.SPLITS):
        return False
    for base in chain([path.relative_to(*whole.base, name) for path in paths]):
        tree = Tree(whole.folder, paths, (*whole.base, name, *base))
        if any(family.recognize(tree) for family in (split_layouts, pair_layouts)):
            return True
    return False


def _refuse_places(tree):
    places = {place[len(tree.base) :] for place in tree.places()}
    if len(places) > 1:
        names = sorted("/".join(place) or "." for place in places)
        has_split = any(words.says(part, words.TRAIN) for place in places for part in place[:1])
        fix = ". For a split put the normal ones into train/good and test/good" if has_split else ""
        raise ValueError(
            f"`folder_layout` must be given: {_list(names)} may be classes or merely places. If "
            f"every image is normal use --folder_layout=flat, otherwise name the normal one, "
            f"--normal_class=<one of them>{fix}"
        )
    for name in tree.base:
        if words.says(name, words.ABNORMAL | words.TEST) or words.says_masks(name):
            raise ValueError(
                f"`dataset` must hold normal images to train on; all lie in {shown(name)}. If they "
                f"are normal use --folder_layout=flat"
            )


def _list(names):
    chosen = [shown(name) for name in names]
    return ", ".join(chosen[:10]) + (", …" if len(chosen) > 10 else "")


def check(made: Plan, normal_class: int | str | None, place: pathlib.Path) -> None:
    """Checks that a plan has normal images to train on, and the given class.

    Raises:
        ValueError: If it does not; the message names `place`.
    """
    _check_class(made, normal_class)
    _check_training(made, place)


def _check_class(made, normal_class):
    if not made.has_classes:
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
            f"Received: normal_class={normal_class!r}{guess(normal_class, names)}"
        )


def _check_training(made, folder):
    if made.has_classes or made.by_mask:
        return
    if any(split != "test" and made.is_normal(name) for _, split, name in made.images):
        return
    if made.layout == "list":
        names = sorted({name for _, _, name in made.images if name is not None})
        raise ValueError(
            f"`dataset` list:{folder} has no normal training image; the labels good, ok, normal "
            f"and 0 are normal. Received: {_list(names)}. Or name the normal one, --normal_class="
        )
    raise ValueError(
        f"`dataset` {folder} has no normal training image by the layout {made.layout}. See "
        f"--folder_layout"
    )
