"""The role of each file in a folder."""

import dataclasses
import pathlib
from collections.abc import Sequence

from memgan_tf.data.folders.masks import Pairing

# Class of images for which the mask decides: normal if the mask is absent or empty.
GOOD, DEFECT = "good", "defect"


@dataclasses.dataclass(frozen=True)
class Plan:
    """The roles of the files in a folder.

    Attributes:
        layout: Name of the layout.
        images: `(relative path, split, class)`, sorted by path. The split is None if it is drawn
            according to the pixels; the class is None if all images are normal.
        others: `(relative path, reason)` of the files that are neither images nor masks.
        pairing: Masks of the images; None if the set has no ground truth.
        normal: Normal classes.
        has_classes: Whether the training images keep their classes, of which one is normal.
        by_mask: Whether the masks decide the classes.
        notes: What a user must know about how the folder was read, one line each.
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
        """Mask files by path of the image."""
        return {} if self.pairing is None else self.pairing.masks

    def is_normal(self, name: str | None) -> bool:
        """Whether a class is normal."""
        return name is None or name in self.normal
