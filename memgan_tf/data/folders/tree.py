"""A folder's images and masks, below the subfolder that holds the set."""

import pathlib

from memgan_tf.data.folders import words


class Tree:
    """The files of a set.

    A file is a mask if the name of a folder below `base` says so, or if it lies next to an image
    with the same name without the ending, such as `000_mask.png` next to `000.png`.

    Args:
        folder: The folder named by the user.
        paths: Image files, relative to the folder.
        base: Parts of the path from there to the folder that holds the set.

    Attributes:
        folder: As given.
        base: As given.
        images: Files that are not masks, sorted.
        masks: Mask files, sorted.
        beside: Masks that lie next to their images.
    """

    def __init__(
        self, folder: pathlib.Path, paths: list[pathlib.PurePath], base: tuple[str, ...] = ()
    ):
        self.folder, self.base = folder, base
        inside = [path for path in paths if path.parts[: len(base)] == base]
        named = {p for p in inside if any(map(words.says_masks, p.parts[len(base) : -1]))}
        if len(named) == len(inside):
            # Classes such as with_mask and without_mask.
            named = set()
        self.beside = _beside(path for path in inside if path not in named)
        self.masks = [path for path in inside if path in named or path in self.beside]
        taken = set(self.masks)
        self.images = [path for path in inside if path not in taken]

    def inner(self, path: pathlib.PurePath) -> tuple[str, ...]:
        """Parts of a path below the base."""
        return path.parts[len(self.base) :]

    def folders(self, *inside: frozenset[str]) -> list[str]:
        """Names of the folders with images, below folders whose names are among these words."""
        depth = len(inside)
        return sorted(
            {
                parts[depth]
                for parts in map(self.inner, self.images)
                if len(parts) > depth + 1
                and all(words.says(part, group) for part, group in zip(parts, inside, strict=False))
            }
        )

    def places(self) -> list[tuple[str, ...]]:
        """Folders in which images lie, at any depth."""
        return sorted({path.parts[:-1] for path in self.images})


def chain(paths: list[pathlib.PurePath]) -> list[tuple[str, ...]]:
    """The folder itself, and those below it as long as each has no siblings: `a`, `a/b`, …"""
    bases: list[tuple[str, ...]] = [()]
    depth = 0
    while all(len(path.parts) > depth + 1 for path in paths):
        names = {path.parts[depth] for path in paths}
        if len(names) != 1:
            break
        bases.append((*bases[-1], *names))
        depth += 1
    return bases


def _beside(paths):
    """Files named as the mask of another one in the same folder."""
    paths = list(paths)
    stems = {(path.parent, path.stem.casefold()) for path in paths}
    found = set()
    for path in paths:
        stem = words.without_mask_ending(path.stem)
        if stem is not None and (path.parent, stem.casefold()) in stems:
            found.add(path)
    return found
