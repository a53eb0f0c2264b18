"""What each file of a folder is."""

import dataclasses
import pathlib
from collections.abc import Sequence

from memgan_tf.data.folders.masks import Pairing

# Class of images that their masks decide: normal where the mask is absent or empty.
GOOD, DEFECT = "good", "defect"


@dataclasses.dataclass(frozen=True)
class Plan:
    """What the files of a folder are.

    Attributes:
        layout: Its name.
        images: `(relative path, split, class)` sorted by path. The split is None where one is
            drawn by the pixels, the class None where all images are normal.
        others: `(relative path, reason)` of the files that are neither images nor masks.
        pairing: Masks of the images; None if the set has no ground truth.
        normal: Classes that are normal.
        has_classes: Whether the training images keep their classes, of which one is normal.
        by_mask: Whether the masks decide the classes.
        notes: What a user must know about the reading, a line each.
    """

    layout: str
    images: Sequence[tuple[pathlib.PurePath, str | None, str | None]]
    others: Sequence[tuple[pathlib.PurePath, str]]
    pairing: Pairing | None = None
    normal: frozenset[str | None] = frozenset({GOOD})
    has_classes: bool = False
    by_mask: bool = False
    notes: tuple[str, ...] = ()

    @property
    def masks(self) -> dict[pathlib.PurePath, tuple[pathlib.PurePath, ...]]:
        """Mask files by the image's path."""
        return {} if self.pairing is None else self.pairing.masks

    def is_normal(self, name: str | None) -> bool:
        """Whether a class is normal."""
        return name is None or name in self.normal
