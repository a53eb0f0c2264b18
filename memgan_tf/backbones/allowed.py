"""Checks the `config.json` of an untrusted `.keras` file: only Keras' own layers are allowed."""

import copy
import functools
import inspect
import re
from typing import Any

import keras

from memgan_tf.backbones.names import (
    ACTIVATIONS,
    CONSTRAINTS,
    INITIALIZERS,
    LAYERS,
    MODELS,
    OPERATIONS,
    OWN,
    REGULARIZERS,
)
from memgan_tf.layers import tokens

MODULES = ("keras", "builtins")
# Keys of a layer's configuration that do not matter for scoring, and their replacements.
REPLACED = {
    "dtype": "float32",
    "trainable": False,
    "quantization_config": None,
    "activity_regularizer": None,
    "lora_rank": None,
    "lora_alpha": None,
}
RENORM = ("renorm_clipping", "renorm_momentum")
DEEPEST = 60
MOST_LAYERS = 5000


def clean_model(config: Any) -> dict:
    """A model's configuration rebuilt from only what this module allows.

    Keras resolves names again, so each is set to its public place. The precision is float32.
    Initializers, regularizers and constraints are left out, because the file has the weights.

    Args:
        config: Content of `config.json`.

    Raises:
        ValueError: If it names a class, a function or a module that is not allowed.
        Exception: One of `memgan_tf.files.DAMAGE`, if it is not the configuration of a model.
    """
    _check_known(config, (*MODELS,), "a functional or sequential model")
    return _clean_model(config, 0)


def _clean_model(config, depth):
    if depth > DEEPEST:
        raise ValueError(f"models must not be nested more than {DEEPEST} times")
    name, inside = config["class_name"], dict(config["config"])
    layers = inside["layers"]
    if len(layers) > MOST_LAYERS:
        raise ValueError(f"a model must have at most {MOST_LAYERS} layers. Received: {len(layers)}")
    kept = {
        "name": _clean_name(inside["name"]),
        "layers": [_clean_layer(layer, depth) for layer in layers],
    }
    for key in ("input_layers", "output_layers", "build_input_shape"):
        if key in inside:
            kept[key] = _clean_value(inside[key], depth)
    found = {"module": MODELS[name], "class_name": name, "config": kept, "registered_name": None}
    if name == "Model":
        found["class_name"] = "Functional"
    return found


def _clean_layer(config, depth):
    """A layer, an operation or a model inside a model, with its connections."""
    class_name = config["class_name"]
    if class_name in MODELS:
        _check_known(config, (*MODELS,), "a model of Keras' own")
        found = _clean_model(config, depth + 1)
    elif _is_operation(config):
        found = {
            "module": "keras.src.ops.numpy",
            "class_name": class_name,
            "config": {"name": _clean_name(config["config"]["name"])},
            "registered_name": class_name,
        }
    elif config["class_name"] in OWN:
        found = _clean_own(config, depth)
    else:
        _check_known(config, LAYERS, "a layer of Keras' own that a backbone needs")
        found = {
            "module": "keras.layers",
            "class_name": class_name,
            "config": _clean_settings(_without_unknown(config), depth),
            "registered_name": None,
        }
        if shape := (config.get("build_config") or {}).get("input_shape"):
            found["build_config"] = {"input_shape": _clean_value(shape, depth)}
    # A functional model refers to its layers by name; a sequential model has no connections.
    if "name" in config:
        found["name"] = _clean_name(config["name"])
    if "inbound_nodes" in config:
        found["inbound_nodes"] = _clean_value(config["inbound_nodes"], depth)
    return found


def _without_unknown(config):
    """Settings without those that another version of Keras added and that are turned off."""
    known = _settings_of(config["class_name"])
    settings = config["config"]
    # The other settings of renormalization have values even if it is off.
    off = () if settings.get("renorm") else RENORM
    return {
        key: value
        for key, value in settings.items()
        if key in known or not (value is None or value is False or key in off)
    }


@functools.cache
def _settings_of(class_name):
    """Names of the arguments of a Keras layer and its base classes."""
    bases = getattr(keras.layers, class_name).__mro__
    return {key for base in bases for key in inspect.signature(base.__init__).parameters}


def _clean_own(config, depth):
    """A layer of this package, by its registered name."""
    layer = getattr(tokens, config["class_name"])
    return {
        "module": tokens.__name__,
        "class_name": layer.__name__,
        "config": _clean_settings(config["config"], depth),
        "registered_name": keras.saving.get_registered_name(layer),
    }


def _is_operation(config):
    return config["class_name"] in OPERATIONS and str(config.get("module")) == "keras.src.ops.numpy"


def _clean_settings(settings, depth):
    if not isinstance(settings, dict):
        raise ValueError(f"a layer's settings must be named. Received: {str(settings)[:80]}")
    return {key: _clean_setting(str(key), value, depth) for key, value in settings.items()}


def _clean_setting(key, value, depth):
    if key.endswith("_initializer"):
        _check_function(key, value, INITIALIZERS)
        return "zeros"
    if key.endswith("_regularizer"):
        _check_function(key, value, REGULARIZERS)
        return None
    if key.endswith("_constraint"):
        _check_function(key, value, CONSTRAINTS)
        return None
    if key in ("activation", "recurrent_activation"):
        return _clean_activation(value, depth)
    if key in REPLACED:
        return REPLACED[key]
    return _clean_value(value, depth)


def _clean_activation(value, depth):
    if isinstance(value, dict) and value.get("class_name") in LAYERS:
        return _clean_layer(value, depth + 1)
    _check_function("activation", value, ACTIVATIONS)
    if isinstance(value, dict):
        return value["config"] if value["class_name"] == "function" else _snake(value["class_name"])
    return value


def _check_function(key, value, allowed):
    """Checks that a function or object is Keras' own, given by name, settings or record."""
    if value is None:
        return
    name = value
    if isinstance(value, dict):
        _check_origin(value)
        name = value["config"] if value["class_name"] == "function" else value["class_name"]
    if not isinstance(name, str) or _snake(name) not in allowed:
        raise ValueError(
            f"`{key}` must be one of Keras' own: {', '.join(sorted(allowed))}. "
            f"Received: {str(name)[:80]}"
        )


def _snake(name):
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()
    return spaced if len(spaced) > 3 else name.lower()


def _clean_value(value, depth):
    """Numbers, short texts, lists and dictionaries of them, and tensors of connections."""
    if depth > DEEPEST:
        raise ValueError(f"settings must not be nested more than {DEEPEST} times")
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, str):
        return _clean_name(value)
    if isinstance(value, list):
        return [_clean_value(item, depth + 1) for item in value]
    if "class_name" not in value:
        return {_clean_name(key): _clean_value(item, depth + 1) for key, item in value.items()}
    kind, inside = value["class_name"], value["config"]
    if kind == "__keras_tensor__":
        keys = ("shape", "dtype", "keras_history")
        kept = {key: _clean_value(inside[key], depth + 1) for key in keys}
        return {"class_name": kind, "config": kept}
    if kind in ("__tensor__", "__numpy__"):
        kept = {"value": _clean_value(inside["value"], depth + 1), "dtype": "float32"}
        return {"class_name": "__numpy__", "config": kept}
    raise ValueError(f"an object is not allowed here. Received: class_name={str(kind)[:80]}")


def _check_known(config, allowed, what):
    if not isinstance(config, dict) or not isinstance(config.get("config"), dict):
        raise ValueError(f"it must be {what}. Received: {str(config)[:80]}")
    if config["class_name"] not in allowed:
        raise ValueError(
            f"it must be made of layers of Keras' own that a backbone needs. "
            f"Received: {_shown(config)}"
        )
    _check_origin(config)


def _check_origin(config):
    """Refuses objects of other packages, or registered by them, which could run any code."""
    module, registered = config.get("module"), config.get("registered_name")
    root = module.split(".")[0] if isinstance(module, str) else None
    own = registered in (None, config["class_name"]) or config["class_name"] == "function"
    if root not in MODULES or not own:
        raise ValueError(f"it must be made only of Keras' own objects. Received: {_shown(config)}")


def _shown(config):
    keys = ("module", "class_name", "registered_name")
    return ", ".join(f"{key}={str(config.get(key))[:60]}" for key in keys)


def _clean_name(value):
    if not isinstance(value, str) or len(value) > 200 or not value.isprintable():
        raise ValueError(f"a name must have at most 200 characters. Received: {str(value)[:80]}")
    return value


def deserialize(config: dict) -> keras.Model:
    """Builds the model of a clean configuration, with weights of zeros."""
    # A copy, because Keras modifies the configuration.
    return keras.saving.deserialize_keras_object(copy.deepcopy(config), safe_mode=True)
