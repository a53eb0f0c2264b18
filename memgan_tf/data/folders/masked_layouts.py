"""Layouts where masks define what is normal: KolektorSDD 1 and 2, and `images` with `masks`."""

import pathlib

from memgan_tf.data.folders import words
from memgan_tf.data.folders.masks import pair
from memgan_tf.data.folders.plan import Plan
from memgan_tf.data.folders.tree import Tree

LAYOUTS = ("kolektor", "kolektor_2", "masked")


def recognize(tree: Tree) -> str | None:
    """The layout of a tree in this family, if any; try the other families first."""
    if not tree.masks or not tree.images:
        return None
    if not tree.beside:
        return "masked"
    return "kolektor_2" if _split_names(tree) else "kolektor"


def plan(tree: Tree, layout: str) -> Plan:
    """An image is normal if its mask is empty or absent; a missing split is drawn."""
    images: list[tuple[pathlib.PurePath, str | None, None]] = []
    others, has_splits = [], bool(_split_names(tree))
    for path in tree.images:
        parts = tree.inner(path)[:-1]
        if not has_splits:
            images.append((path, None, None))
        elif any(words.says(part, words.TRAIN | words.VALIDATION) for part in parts):
            images.append((path, "train", None))
        elif any(words.says(part, words.TEST) for part in parts):
            images.append((path, "test", None))
        else:
            others.append((path, "neither in train nor in test"))
    pairing = pair(tree, [path for path, _, _ in images])
    others += pairing.unused if pairing else []
    notes = ("normal is an image whose mask is empty or absent",)
    return Plan(layout, images, others, pairing, by_mask=True, notes=notes)


def _split_names(tree):
    return {
        part
        for path in tree.images
        for part in tree.inner(path)[:-1]
        if words.says(part, words.TRAIN)
    }
