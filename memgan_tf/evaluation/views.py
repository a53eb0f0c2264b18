"""Images, masks and anomaly maps for display, in the photograph's own pixels."""

import dataclasses
from typing import Any

import numpy as np

from memgan_tf.data.folders.originals import Originals
from memgan_tf.data.labelled_images import LabelledImages
from memgan_tf.data.stored_images import Images


class Picked:
    """Some images, or masks, of a set, decoded on access.

    Args:
        items: The set.
        positions: `(n,)` positions in it.
    """

    def __init__(self, items: Images, positions: np.ndarray):
        self._items, self._positions = items, positions

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the images."""
        return (len(self), *self._items.shape[1:])

    def __len__(self):
        return len(self._positions)

    def __getitem__(self, chosen: Any) -> Any:
        return self._items[self._positions[chosen]]


@dataclasses.dataclass(frozen=True)
class Views:
    """The images of a set with their masks and photographs.

    Attributes:
        images: `(num_images, height, width, channels)` uint8, as the detector sees them, or an
            object that gives such an array when indexed by an array of positions.
        masks: `(num_images, height, width)` bool, known defects; None without masks.
        originals: The photographs that the images were scaled from; None if there are none.
    """

    images: Images
    masks: Images | None = None
    originals: Originals | None = None

    @classmethod
    def of(cls, images: LabelledImages) -> "Views":
        """The views of a set."""
        return cls(images.images, images.masks, images.originals)

    def select(self, positions: np.ndarray) -> "Views":
        """The views at `positions`, decoded on access."""
        masks = None if self.masks is None else Picked(self.masks, positions)
        originals = None if self.originals is None else self.originals.select(positions)
        return Views(Picked(self.images, positions), masks, originals)

    def pixels(self, position: int, longest: int) -> np.ndarray:
        """An image, `(height, width, 1 or 3)` uint8, with a longer side of at most `longest`."""
        if self.originals is None:
            return self.images[np.array([position])][0]
        return self.originals.pixels(position, longest)

    def mask(self, position: int, longest: int) -> np.ndarray | None:
        """Known defects of an image, `(height, width)` bool; None if the set has no masks."""
        if self.masks is None:
            return None
        if self.originals is None and self.masks is not None:
            return np.asarray(self.masks[np.array([position])][0], bool)
        return self.originals.mask(position, longest)

    def heat(self, position: int, values: np.ndarray, longest: int) -> np.ndarray:
        """Anomaly map of an image, `(height, width)`, without padding."""
        if self.originals is None:
            return values
        return self.originals.restore(position, np.asarray(values, np.float32), longest)

    def size(self, position: int) -> tuple[int, int]:
        """`(height, width)` of the photograph, or of the image."""
        if self.originals is None:
            return tuple(self.images[np.array([position])].shape[1:3])
        return self.originals.photographs[position].size
