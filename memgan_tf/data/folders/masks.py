"""Pairs masks with images."""

import collections
import dataclasses
import pathlib

from memgan_tf.data.folders import words
from memgan_tf.data.folders.tree import Tree
from memgan_tf.data.folders.walk import name_of

UNUSED, UNCLEAR = "no image has this mask", "it is not clear whose mask this is"


@dataclasses.dataclass(frozen=True)
class Pairing:
    """Images and their masks.

    Attributes:
        masks: Mask files by image; several masks of one image are joined.
        problems: `(image, reason)` where more than one pairing is possible, so that none is used.
        unused: `(mask, reason)` of each mask that no image has.
    """

    masks: dict[pathlib.PurePath, tuple[pathlib.PurePath, ...]]
    problems: list[tuple[pathlib.PurePath, str]]
    unused: list[tuple[pathlib.PurePath, str]]


def pair(tree: Tree, images: list[pathlib.PurePath]) -> Pairing | None:
    """Pairs the masks of a tree with images, first by the image's own path, then by looser rules.

    Each rule applies to what the earlier ones leave. The rules are: the same path without the
    folders that say `masks` or `images`; also without regard to case; also without the split; a
    folder of masks named after the image, which are joined; the same name anywhere in the defect's
    folder.

    Args:
        tree: Tree of the set.
        images: Images that may have a mask.

    Returns:
        None if the tree has no masks.
    """
    if not tree.masks:
        return None
    found: dict[pathlib.PurePath, tuple[pathlib.PurePath, ...]] = {}
    problems: dict[pathlib.PurePath, str] = {}
    unclear: set[pathlib.PurePath] = set()
    left, without = list(tree.masks), list(images)
    for image_keys, mask_keys, are_joined in _rules(tree):
        keyed = _by_key(without, image_keys), _by_key(left, mask_keys)
        unclear |= _match(*keyed, are_joined, found, problems)
        taken = {mask for masks in found.values() for mask in masks}
        left = [mask for mask in left if mask not in taken]
        without = [image for image in without if image not in found and image not in problems]
    unused = [(mask, UNCLEAR if mask in unclear else UNUSED) for mask in left]
    return Pairing(found, sorted(problems.items()), unused)


def _rules(tree):
    """Pairs of functions from a path to its keys: one for images and one for masks."""

    def folded(path, drop, fold=True):
        parts = tree.inner(path)[:-1]
        parts = tuple(p for p in parts if not words.says_masks(p) and not words.says(p, drop))
        stem, fold = path.stem, str.casefold if fold else str
        return tuple(map(fold, parts)), fold(stem)

    def own(drop, fold=True):
        def of_image(path):
            parts, stem = folded(path, drop, fold)
            return [(parts, stem)]

        def of_mask(path):
            parts, stem = folded(path, drop, fold)
            return [(parts, name) for name in _names(stem)]

        return of_image, of_mask, False

    both = words.IMAGES | words.SPLITS

    def folder_of_masks(path):
        parts, _ = folded(path, both)
        return [(parts[:-1], name) for name in _names(parts[-1])] if parts else []

    def anywhere(path):
        parts, stem = folded(path, both)
        return [(place, name) for place in {parts[:1], ()} for name in _names(stem)]

    def in_defect(path):
        parts, stem = folded(path, both)
        return [(parts[:1], name) for name in _names(stem)]

    yield own(words.IMAGES, fold=False)
    yield own(words.IMAGES)
    yield own(both)
    yield own(both)[0], folder_of_masks, True
    yield anywhere, in_defect, False


def _names(stem):
    shorter = words.without_mask_ending(stem)
    return [stem] if shorter is None else [stem, shorter]


def _by_key(paths, keys):
    found = collections.defaultdict(list)
    for path in paths:
        for key in keys(path):
            found[key].append(path)
    return found


def _match(images, masks, are_joined, found, problems):
    """Fills `found` and `problems`; returns the masks for which several pairings are possible."""
    fitting: dict[pathlib.PurePath, dict] = collections.defaultdict(dict)
    for key, group in images.items():
        for image in group:
            fitting[image].update(dict.fromkeys(masks.get(key, ())))
    claims = collections.Counter(mask for fits in fitting.values() for mask in fits)
    unclear: set[pathlib.PurePath] = set()
    for image, fits in fitting.items():
        shared = [mask for mask in fits if claims[mask] > 1]
        if shared:
            problems[image] = f"{name_of(shared[0])} fits this image and another; it is not used"
            unclear.update(fits)
        elif len(fits) > 1 and not are_joined:
            names = ", ".join(map(name_of, sorted(fits)))
            problems[image] = f"{len(fits)} masks fit, and none is used: {names}"
            unclear.update(fits)
        elif fits:
            found[image] = tuple(sorted(fits))
    return unclear
