"""Layouts without masks: one folder per class, or all images normal."""

from memgan_tf.data.folders import words
from memgan_tf.data.folders.plan import Plan
from memgan_tf.data.folders.tree import Tree

IN_MASKS = "in a folder of masks by its name, which this layout does not use"


def plan_classes(tree: Tree) -> Plan:
    """`train/<class>` and `test/<class>`, or only `<class>`, with a part for the test."""
    images, others = [], [(path, IN_MASKS) for path in tree.masks]
    splits = _splits(tree)
    for path in tree.images:
        parts = tree.inner(path)
        split = splits.get(words.plain(parts[0])) if splits else None
        if splits and split and len(parts) > 2:
            images.append((path, split, parts[1]))
        elif not splits and len(parts) > 1:
            images.append((path, None, parts[0]))
        else:
            places = "train/<class> or test/<class>" if splits else "a class's folder"
            others.append((path, f"not in {places}"))
    notes: tuple[str, ...] = ()
    if any(words.says(name, words.VALIDATION) for name, split in splits.items() if split == "test"):
        notes = ("val is the test split",)
    return Plan("image_folder", images, others, has_classes=True, notes=notes)


def _splits(tree):
    """The split of each top-level folder; empty if there are no splits."""
    tops = {words.plain(name) for name in tree.folders()}
    if not tree.folders(words.TRAIN):
        return {}
    tests = tops & words.TEST or tops & words.VALIDATION
    return dict.fromkeys(tops & words.TRAIN, "train") | dict.fromkeys(tests, "test")


def plan_flat(tree: Tree) -> Plan:
    """Every image is normal."""
    others = [(path, IN_MASKS) for path in tree.masks]
    return Plan("flat", [(path, "train", None) for path in tree.images], others)
