"""Rebuilds a network with batch normalization folded into the convolution before it."""

import keras
import numpy as np

from memgan_tf.backbones import allowed
from memgan_tf.backbones.keras_file import clean_config

FOLDED = (keras.layers.Conv2D, keras.layers.DepthwiseConv2D)


def fold(model: keras.Model) -> keras.Model:
    """The same function, rebuilt from its configuration like in `read_model`, with fewer layers.

    In inference mode batch normalization is one factor and one sum for each channel, which the
    kernel and the bias of a convolution can hold; the results differ in the last bits. Left as they
    are: normalization that does not follow a convolution directly, convolutions that others use,
    and outputs of the model.

    Args:
        model: Functional, with weights; its layers are Keras' own.
    """
    config = clean_config(model)
    pairs = _pairs(model, config["config"])
    _take_out(config["config"], pairs)
    found = allowed.deserialize(config)
    for layer in found.layers:
        source = model.get_layer(layer.name)
        if layer.name in pairs:
            layer.set_weights(_folded(source, model.get_layer(pairs[layer.name])))
        elif layer.weights:
            layer.set_weights(source.get_weights())
            if isinstance(layer, keras.layers.Normalization):
                layer.finalize_state()
    return found


def _pairs(model, config):
    """Names of convolutions, and for each the normalization that it can hold."""
    outputs = {name for name, *_ in _histories(config["output_layers"])}
    sources = {layer["name"]: _sources(layer) for layer in config["layers"]}
    uses = [name for found in sources.values() for name in found]
    # Operations such as a difference are not among the layers.
    by_name = {operation.name: operation for operation in model.operations}
    pairs = {}
    for name, found in sources.items():
        layer = by_name[name]
        if not isinstance(layer, keras.layers.BatchNormalization) or len(found) != 1:
            continue
        (source,) = found
        taken = uses.count(source) > 1 or source in outputs or name in outputs
        if not taken and _can_hold(by_name[source], layer):
            pairs[source] = name
    return pairs


def _can_hold(layer, normalization):
    """Whether a layer is a convolution whose channels are those normalized."""
    return (
        isinstance(layer, FOLDED)
        and layer.data_format == "channels_last"
        and keras.activations.serialize(layer.activation) == "linear"
        and normalization.axis in (-1, 3)
    )


def _folded(layer, normalization):
    """Kernel and bias of a convolution with the normalization after it, computed in float64."""
    kernel, *bias = (np.asarray(weight, np.float64) for weight in layer.get_weights())
    values = {
        key: np.asarray(value, np.float64)
        for key in ("gamma", "beta", "moving_mean", "moving_variance")
        if (value := getattr(normalization, key)) is not None
    }
    factor = values.get("gamma", 1.0) / np.sqrt(values["moving_variance"] + normalization.epsilon)
    offset = (bias[0] if bias else 0.0) - values["moving_mean"]
    # A depthwise kernel is (height, width, channels, multiplier), its outputs in that order.
    depthwise = isinstance(layer, keras.layers.DepthwiseConv2D)
    by_output = factor.reshape(kernel.shape[2:]) if depthwise else factor
    return [
        (kernel * by_output).astype(np.float32),
        (values.get("beta", 0.0) + offset * factor).astype(np.float32),
    ]


def _take_out(config, pairs):
    """Removes normalization from a configuration; what used it gets the convolution's output."""
    stand_ins = {normalization: name for name, normalization in pairs.items()}
    kept = [layer for layer in config["layers"] if layer["name"] not in stand_ins]
    for layer in kept:
        if layer["name"] in pairs:
            layer["config"]["use_bias"] = True
        for history in _histories(layer["inbound_nodes"]):
            history[0] = stand_ins.get(history[0], history[0])
    config["layers"] = kept


def _sources(layer):
    """Names of the layers whose outputs a layer gets, once for each time."""
    return [name for name, *_ in _histories(layer["inbound_nodes"])]


def _histories(value):
    """Keras' references to outputs, lists of a layer's name and two indices, inside a value."""
    if isinstance(value, dict):
        value = [*value.values()]
    if not isinstance(value, list):
        return
    if len(value) == 3 and isinstance(value[0], str) and all(type(x) is int for x in value[1:]):
        yield value
        return
    for item in value:
        yield from _histories(item)
