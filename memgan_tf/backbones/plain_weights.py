"""Loads the weights of networks of plain layers, without Keras' search for parts of each layer."""

from collections import Counter
from typing import Any

import h5py
import keras
import numpy as np

from memgan_tf.files import DAMAGE

# Layers whose only parts are their own weights, and their names in a file.
PLAIN = {
    keras.layers.BatchNormalization: "batch_normalization",
    keras.layers.Conv2D: "conv2d",
    keras.layers.Dense: "dense",
    keras.layers.DepthwiseConv2D: "depthwise_conv2d",
}


def load_plain(model: keras.Model, file: h5py.File, shapes: dict[str, Any]) -> bool:
    """Loads all weights of a model if its layers with weights are plain and the file has no others.

    The result is that of `model.load_weights`, which takes far longer to find the layers' parts.

    Args:
        model: Functional model.
        file: A checked file of weights, written by `model.save_weights`.
        shapes: Shapes of all arrays in the file by path.

    Returns:
        Whether the weights were loaded. If not, Keras must load them or say what is wrong.
    """
    stores = _stores(model)
    if stores is None or _paths(stores) != shapes.keys():
        return False
    # Keras writes the layers' names as well; it may tell what to do if they differ.
    if any(file[path].attrs.get("name") != layer.name for layer, path in stores):
        return False
    arrays = {path: file[path] for path in shapes}
    if any(array.dtype != np.float32 or len(array.attrs) for array in arrays.values()):
        return False
    try:
        for layer, path in stores:
            numbers = range(len(layer.weights))
            layer.load_own_variables({str(i): arrays[f"{path}/{i}"][()] for i in numbers})
    except DAMAGE:
        return False
    return True


def _stores(model):
    """Each layer with weights and its place in the file; None if one is not plain."""
    counts: Counter[str] = Counter()
    found = []
    for layer in model.layers:
        if type(layer) in PLAIN:
            name = PLAIN[type(layer)]
            number = f"_{counts[name]}" if counts[name] else ""
            counts[name] += 1
            found.append((layer, f"/layers/{name}{number}/vars"))
        elif layer.weights:
            return None
    return found


def _paths(stores):
    return {f"{path}/{i}" for layer, path in stores for i in range(len(layer.weights))}
