"""Anomalous regions of an image: pixels of its map above the pixel threshold."""

import dataclasses

import numpy as np
from scipy import ndimage

# Pixels that touch at a corner belong to one region.
NEIGHBORS = np.ones((3, 3), int)


@dataclasses.dataclass(frozen=True)
class Region:
    """The largest connected region of an image, in pixels of its photograph.

    Attributes:
        box: `(x0, y0, x1, y1)`; x1 and y1 are the first pixels outside.
        area: Number of its pixels.
    """

    box: tuple[int, int, int, int]
    area: int

    def __str__(self) -> str:
        """The box as in scores.csv, `x0,y0,x1,y1`."""
        return ",".join(map(str, self.box))


def find_region(
    heat: np.ndarray, threshold: float, size: tuple[int, int] | None = None
) -> Region | None:
    """The largest connected region above a threshold; None if no pixel is above it.

    Args:
        heat: `(height, width)` anomaly map.
        threshold: Pixels above it belong to a region.
        size: `(height, width)` of the photograph, if the map is scaled down.
    """
    labels, count = ndimage.label(heat > threshold, NEIGHBORS)
    if not count:
        return None
    areas = np.bincount(labels.ravel())[1:]
    largest = int(areas.argmax())
    rows, columns = ndimage.find_objects(labels)[largest]
    down, across = (s / m for s, m in zip(size or heat.shape, heat.shape, strict=True))
    box = (columns.start * across, rows.start * down, columns.stop * across, rows.stop * down)
    area = max(1, round(float(areas[largest]) * down * across))
    return Region(tuple(round(value) for value in box), area)
