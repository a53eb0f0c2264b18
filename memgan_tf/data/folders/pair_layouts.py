"""Layouts with a normal and an abnormal folder: VisA, and anomalib's normal/abnormal/mask."""

from memgan_tf.data.folders import words
from memgan_tf.data.folders.masks import pair
from memgan_tf.data.folders.plan import Plan
from memgan_tf.data.folders.split_table import find_table, splits_of
from memgan_tf.data.folders.tree import Tree

LAYOUTS = ("visa", "normal_abnormal")


def recognize(tree: Tree) -> str | None:
    """The layout of a tree in this family, if any."""
    if _is_pair(tree.folders(words.IMAGES), tree) and not tree.folders(words.TRAIN):
        return "visa"
    return "normal_abnormal" if _is_pair(tree.folders(), tree) else None


def _is_pair(names, tree):
    normal = [name for name in names if words.says(name, words.NORMAL)]
    others = [n for n in names if n not in normal and not words.says(n, words.NORMAL_TEST)]
    known = all(words.says(name, words.ABNORMAL) for name in others)
    masked = any(len(tree.inner(path)) > 1 for path in tree.masks if path not in tree.beside)
    return bool(normal and others) and (known or masked)


def plan(tree: Tree, layout: str) -> Plan:
    """Each folder is a class; a split is drawn unless a table or a test folder defines one."""
    depth = int(layout == "visa")
    images, others = [], []
    tested = [n for n in tree.folders() if words.says(n, words.NORMAL_TEST) and not depth]
    for path in tree.images:
        parts = tree.inner(path)
        if len(parts) < depth + 2 or (depth and not words.says(parts[0], words.IMAGES)):
            others.append((path, "not in a folder of normal or of abnormal images"))
            continue
        name = parts[depth]
        is_normal = words.says(name, words.NORMAL)
        split = ("train" if is_normal else "test") if tested else None
        images.append((path, split, name))
    normal = frozenset(
        name for _, _, name in images if words.says(name, words.NORMAL | words.NORMAL_TEST)
    )
    images, left_out, notes = _split(tree, images, find_table(tree) if depth else None)
    others += left_out
    pairing = pair(tree, [path for path, _, name in images if name not in normal])
    others += pairing.unused if pairing else []
    return Plan(layout, images, others, pairing, normal, notes=notes)


def _split(tree, images, table):
    """The images with the splits of a table, if a table names them."""
    if table is None:
        return images, [], ()
    found, left_out = splits_of(table, tree, images)
    if not found:
        return images, [], (f"{table} names none of the images, so the split is drawn",)
    return found, left_out, (f"split by {table}",)
