"""A frozen network, cut after the layers whose maps are used."""

import dataclasses
import hashlib
from typing import Any

import keras
import numpy as np


@dataclasses.dataclass(frozen=True)
class Backbone:
    """Maps of features of color images.

    Attributes:
        model: Frozen functional model. Input: `(batch, height, width, 3)` float32, RGB from 0 to
            255, of any size; scaling is part of the model. Output: a list of maps
            `(batch, height / stride, width / stride, channels)`, finest first; a single map is not
            in a list, see `maps`.
        name: The user's name for it: `mobilenet_v2`, `file:<file name>`, `hub:<preset>`.
        layers: Names of the layers that give the maps.
        strides: Pixels of the image from one position of a map to the next.
        channels: Channels of each map.
        sha256: Digest of the weights needed for the maps, see `digest`.
        license: A sentence about the weights, for pages and model cards.
        notes: What a user should know about this backbone, one line each.
    """

    model: keras.Model
    name: str
    layers: tuple[str, ...]
    strides: tuple[int, ...]
    channels: tuple[int, ...]
    sha256: str
    license: str
    notes: tuple[str, ...] = ()

    def maps(self, images: Any) -> list[Any]:
        """Maps of RGB images from 0 to 255, finest first; always a list."""
        return keras.tree.flatten(self.model(images, training=False))


def digest(model: keras.Model) -> str:
    """SHA-256 of a model's weights: shape, type and little-endian bytes of each, in order.

    Names, dates and the packaging of the file are ignored.
    """
    hasher = hashlib.sha256()
    for weight in model.weights:
        values = np.asarray(weight)
        values = np.ascontiguousarray(values, values.dtype.newbyteorder("<"))
        hasher.update(f"{values.dtype.name}{list(values.shape)}".encode())
        hasher.update(values.tobytes())
    return hasher.hexdigest()
