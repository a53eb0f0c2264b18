"""Cuts a network off behind the maps that are used."""

import keras
import numpy as np

from memgan_tf.backbones import allowed
from memgan_tf.backbones.backbone import Backbone, digest
from memgan_tf.backbones.flat import flatten
from memgan_tf.backbones.keras_file import clean_config
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
    """The part of a network that its maps need, with weights of its own.

    Args:
        model: Functional or sequential; takes one color image.
        name: Of the backbone.
        license: Of its weights.
        layers: Names of layers; none: see `maps.choose`.
        num_maps: At most.

    Raises:
        ValueError: If the model gives no maps, or a layer does not exist.
    """
    network = flatten(model)
    maps = find_maps(network)
    chosen = named(maps, layers, network) if layers else choose(maps, num_maps)
    part = rebuild(keras.Model(network.image, [found.tensor for found in chosen], name="backbone"))
    return describe(part, chosen, name, license, _notes(network))


def _notes(network):
    """Says so if nothing scales pixels: a forgotten scaling costs most of what was learned."""
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
    """A backbone of a model that is cut already."""
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


def rebuild(model: keras.Model) -> keras.Model:
    """The same network made from its own configuration, as `read_model` would make it."""
    found = allowed.deserialize(clean_config(model))
    for layer in model.layers:
        if layer.weights:
            twin = found.get_layer(layer.name)
            twin.set_weights(layer.get_weights())
            if isinstance(twin, keras.layers.Normalization):
                twin.finalize_state()
    return found
