"""The photographs of a folder before scaling: their pixels, masks and sizes."""

import contextlib
import dataclasses
import pathlib
from collections.abc import Sequence

import numpy as np
from PIL import Image

from memgan_tf.data.fitting import place
from memgan_tf.data.folders.mask_files import read_mask
from memgan_tf.data.image_files import decode, pillow_rules

# Photographs, maps and masks are compared and shown with at most this longer side, in pixels.
MAX_LONGER_SIDE = 2048


@contextlib.contextmanager
def _naming(path):
    """A context for reading a file that was readable before; an error names the file."""
    try:
        with pillow_rules():
            yield
    except ValueError as error:
        raise ValueError(f"{path} or its mask cannot be read any more: {error}") from error


@dataclasses.dataclass(frozen=True)
class Photograph:
    """A photograph in a file.

    Attributes:
        path: Path of the file.
        size: `(height, width)` of the upright image.
        masks: Files that mark its defects; they are joined.
    """

    path: pathlib.Path
    size: tuple[int, int]
    masks: tuple[pathlib.Path, ...] = ()

    def shown_size(self, longest: int = MAX_LONGER_SIDE) -> tuple[int, int]:
        """`(height, width)`, scaled down if the longer side exceeds `longest`."""
        factor = min(1.0, longest / max(self.size))
        height, width = (max(1, round(factor * side)) for side in self.size)
        return height, width


@dataclasses.dataclass(frozen=True)
class Originals:
    """The photographs of a set, in the order of its images.

    Attributes:
        photographs: The photograph of each image.
        image_fit: How they were scaled, see `fitting.place`.
        bit_depth: See `image_files.decode`.
    """

    photographs: Sequence[Photograph]
    image_fit: str
    bit_depth: int | None = None

    def __len__(self):
        return len(self.photographs)

    def select(self, chosen: np.ndarray) -> "Originals":
        """The photographs at the positions `chosen`."""
        picked = [self.photographs[int(i)] for i in chosen]
        return Originals(picked, self.image_fit, self.bit_depth)

    def pixels(self, position: int, longest: int = MAX_LONGER_SIDE) -> np.ndarray:
        """A photograph, `(height, width, 1 or 3)` uint8.

        Raises:
            ValueError: If the file can no longer be read.
        """
        photograph = self.photographs[position]
        with _naming(photograph.path):
            image = decode(photograph.path, self.bit_depth).image
        size = photograph.shown_size(longest)
        if size != (image.height, image.width):
            image = image.resize(size[::-1], Image.Resampling.BILINEAR)
        pixels = np.asarray(image)
        return pixels.reshape(*pixels.shape[:2], -1)

    def mask(self, position: int, longest: int = MAX_LONGER_SIDE) -> np.ndarray:
        """Pixels of its defects, `(height, width)` bool; all false without a mask.

        Raises:
            ValueError: If a file can no longer be read.
        """
        photograph = self.photographs[position]
        size = photograph.shown_size(longest)
        if not photograph.masks:
            return np.zeros(size, bool)
        with _naming(photograph.path):
            mask, _ = read_mask(list(photograph.masks), photograph.size)
        return np.asarray(mask.resize(size[::-1], Image.Resampling.NEAREST)) > 0

    def restore(
        self, position: int, values: np.ndarray, longest: int = MAX_LONGER_SIDE
    ) -> np.ndarray:
        """Converts a map of the scaled image to a map of the photograph.

        Args:
            position: Position of the image.
            values: `(height, width)` float32, one value per pixel of the scaled image. Its padding
                is left out.
            longest: See `Photograph.shown_size`.

        Returns:
            `(height, width)` float32; 0 at pixels that the fit `crop` cut off.
        """
        photograph = self.photographs[position]
        placement = place(photograph.size, values.shape, self.image_fit)
        (top, left), (height, width) = placement.offset, placement.scaled
        content = Image.fromarray(values[top : top + height, left : left + width])
        size = photograph.shown_size(longest)
        if placement.crop == (0, 0, *photograph.size):
            return np.asarray(content.resize(size[::-1], Image.Resampling.BILINEAR))
        factor = size[0] / photograph.size[0], size[1] / photograph.size[1]
        part = [round(side * factor[axis % 2]) for axis, side in enumerate(placement.crop)]
        part[2:] = max(1, part[2]), max(1, part[3])
        whole = np.zeros(size, np.float32)
        inner = np.asarray(content.resize(part[:1:-1], Image.Resampling.BILINEAR))
        target = whole[part[0] : part[0] + part[2], part[1] : part[1] + part[3]]
        target[:] = inner[: target.shape[0], : target.shape[1]]
        return whole
