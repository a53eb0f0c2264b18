"""Layouts with a split: MVTec AD, AD 2 and LOCO, MPDD, BTAD."""

from memgan_tf.data.folders import words
from memgan_tf.data.folders.masks import pair
from memgan_tf.data.folders.plan import Plan
from memgan_tf.data.folders.tree import Tree

# Name of the normal class in each layout.
NORMAL_OF = {"mvtec": "good", "mvtec_ad_2": "good", "mvtec_loco": "good", "btad": "ok"}
LOCO_DEFECTS = frozenset({"logical_anomalies", "structural_anomalies"})


def recognize(tree: Tree) -> str | None:
    """The layout of a tree in this family, if any."""
    trained = {words.plain(name) for name in tree.folders(words.TRAIN)}
    if not trained and _trains_directly(tree):
        trained = {"good"}
    if trained == {"ok"}:
        return "btad"
    if trained != {"good"}:
        return None
    if any(words.says(top, frozenset({"test_public"})) for top in tree.folders()):
        return "mvtec_ad_2"
    is_loco = any(words.says(name, LOCO_DEFECTS) for name in tree.folders(words.TEST))
    return "mvtec_loco" if is_loco else "mvtec"


def _trains_directly(tree):
    """Whether images lie directly in `train`, and `test` has a normal folder and others."""
    tested = tree.folders(words.TEST)
    is_direct = any(
        len(tree.inner(path)) == 2 and words.says(tree.inner(path)[0], words.TRAIN)
        for path in tree.images
    )
    return is_direct and 0 < sum(words.says(name, words.NORMAL) for name in tested) < len(tested)


def plan(tree: Tree, layout: str) -> Plan:
    """Normal images and those of `validation` are for training; `test` is the test split."""
    normal, images, others, num_validation = NORMAL_OF[layout], [], [], 0
    is_direct = not tree.folders(words.TRAIN) and _trains_directly(tree)
    for path in tree.images:
        parts = tree.inner(path)
        split, name = parts[:2] if len(parts) > 2 else ("", "")
        if is_direct and len(parts) == 2 and words.says(parts[0], words.TRAIN):
            split, name = parts[0], normal
        if words.says(split, words.TEST):
            images.append((path, "test", name))
        elif words.says(split, words.TRAIN | words.VALIDATION) and words.plain(name) == normal:
            num_validation += words.says(split, words.VALIDATION)
            images.append((path, "train", name))
        elif words.says(split, words.PRIVATE) or words.says(parts[0], words.PRIVATE):
            others.append((path, "the labels of this split are not public"))
        else:
            rule = f"not in train/{normal}, test/<defect> or ground_truth/<defect>"
            others.append((path, rule))
    is_normal = frozenset(name for _, _, name in images if words.says(name, words.NORMAL))
    pairing = pair(tree, [path for path, _, name in images if name not in is_normal])
    others += pairing.unused if pairing else []
    notes: tuple[str, ...] = ()
    if num_validation:
        notes = (f"the {num_validation} images of validation/{normal} count as train",)
    return Plan(layout, images, others, pairing, is_normal, notes=notes)
