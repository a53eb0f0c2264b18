"""Cuts a network after the maps that are used."""

import keras
import numpy as np

from memgan_tf.backbones.backbone import Backbone, digest
from memgan_tf.backbones.flat import flatten
from memgan_tf.backbones.folding import fold
from memgan_tf.backbones.maps import Map, choose, find_maps, named
from memgan_tf.backbones.names import OPERATIONS

SCALING = (
    keras.layers.Rescaling,
    keras.layers.Normalization,
    keras.layers.BatchNormalization,
    keras.layers.LayerNormalization,
)


def cut(
    model: keras.Model, name: str, license: str, layers: tuple[str, ...] = (), num_maps: int = 4
) -> Backbone:
    """The part of a network that its maps need, with its own weights.

    Args:
        model: Functional or sequential model with one color image as input.
        name: Name of the backbone.
        license: License of its weights.
        layers: Names of layers; if empty, see `maps.choose`.
        num_maps: Largest number of maps.

    Raises:
        ValueError: If the model gives no maps, or a layer does not exist.
    """
    network = flatten(model)
    maps = find_maps(network)
    chosen = named(maps, layers, network) if layers else choose(maps, num_maps)
    part = keras.Model(network.image, [found.tensor for found in chosen], name="backbone")
    return describe(fold(part), chosen, name, license, _notes(network))


def _notes(network):
    """Notes if nothing scales pixels, because missing scaling makes the features nearly useless."""
    for step in network.steps:
        layer = step.output._keras_history.operation
        if isinstance(layer, SCALING) or type(layer).__name__ in OPERATIONS:
            return ()
        if getattr(layer, "weights", ()):
            break
    return (
        "nothing scales pixels before the first layer with weights: it gets RGB from 0 to 255 as "
        "they are; if the network learned on other values, put a Rescaling layer into it",
    )


def describe(
    model: keras.Model, maps: list[Map], name: str, license: str, notes: tuple[str, ...] = ()
) -> Backbone:
    """A backbone from a model that has already been cut."""
    for weight in model.weights:
        if not np.isfinite(np.asarray(weight)).all():
            raise ValueError(f"its weights must be finite. Received: {weight.path}")
    model.trainable = False
    return Backbone(
        model=model,
        name=name,
        layers=tuple(found.layer for found in maps),
        strides=tuple(found.stride for found in maps),
        channels=tuple(found.channels for found in maps),
        sha256=digest(model),
        license=license,
        notes=notes,
    )
