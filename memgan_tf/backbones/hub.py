"""Builds networks of keras-hub, an optional package, from Keras' own layers."""

import difflib
import importlib
from typing import Any

import keras

from memgan_tf.backbones.downloads import patience
from memgan_tf.backbones.named_weights import LICENSE as FILE_LICENSE
from memgan_tf.backbones.named_weights import load_weights
from memgan_tf.backbones.presets import ARCHITECTURES, CLASSES, DEVIATIONS, MEANS
from memgan_tf.backbones.randomness import LICENSE as RANDOM_LICENSE
from memgan_tf.backbones.randomness import randomize
from memgan_tf.backbones.requests import RANDOM
from memgan_tf.backbones.transformers import from_dinov2
from memgan_tf.files import first_line

LICENSE = (
    "features learned on ImageNet or larger sets; weights of keras-hub's preset {}, under the "
    "license on its page there"
)


def make_preset(preset: str, weights: str | None) -> tuple[keras.Model, str]:
    """A network for RGB from 0 to 255, and a sentence about its weights.

    Args:
        preset: Name in keras-hub's own list.
        weights: A file, `random`, or None for those in keras-hub's cache or its download.

    Raises:
        ValueError: If keras-hub is not installed, the preset is unknown, or there are no weights.
    """
    hub = _import_hub()
    class_name = _find(hub, preset)
    if not weights:
        inner, scale, offset = _download(hub, preset, class_name)
        return _with_scaling(inner, scale, offset), LICENSE.format(preset)
    if preset not in ARCHITECTURES:
        raise ValueError(
            f"`backbone_weights` can be given for hub: {', '.join(ARCHITECTURES)} only. "
            f"Received: backbone=hub:{preset}"
        )
    if weights == RANDOM:
        inner, text = _build(hub, preset), RANDOM_LICENSE
        randomize(inner)
    else:
        inner, text = load_weights(lambda _: _build(hub, preset), preset, weights), FILE_LICENSE
    scale = [1 / 255 / deviation for deviation in DEVIATIONS]
    offset = [-mean / deviation for mean, deviation in zip(MEANS, DEVIATIONS, strict=True)]
    return _with_scaling(inner, scale, offset), text


def _import_hub() -> Any:
    try:
        return importlib.import_module("keras_hub")
    except ImportError as error:
        raise ValueError(
            "`backbone` hub:<preset> needs keras-hub: pip install 'memgan_tf[hub]'. "
            f"Received: {first_line(error)}"
        ) from error


def _find(hub, preset):
    """The class of a preset; paths and addresses are refused, because they are untrusted."""
    known: dict[str, str] = {}
    for class_name in CLASSES:
        known |= dict.fromkeys(getattr(hub.models, class_name).presets, class_name)
    if preset not in known:
        nearest = difflib.get_close_matches(preset, known, 3, 0.4) or list(ARCHITECTURES)
        raise ValueError(
            f"`backbone` hub:<preset> must name a preset of keras-hub's {', '.join(CLASSES)}. "
            f"Received: hub:{preset[:80]}; the nearest are {', '.join(nearest)}"
        )
    return known[preset]


def _build(hub, preset):
    class_name, settings = ARCHITECTURES[preset]
    return getattr(hub.models, class_name)(dtype="float32", **settings)


def _download(hub, preset, class_name):
    try:
        with patience():
            backbone = getattr(hub.models, class_name).from_preset(preset, dtype="float32")
            converter = hub.layers.ImageConverter.from_preset(preset)
    # Errors of keras-hub's packages for downloads have no common class.
    except Exception as error:
        raise ValueError(
            f"`backbone` hub:{preset} has no weights: they are not in keras-hub's cache and their "
            f"download failed ({first_line(error)[:300]}). Either get model.weights.h5 of the "
            f"preset {preset} (of Kaggle's models by Keras) on a computer with a network and pass "
            "--backbone_weights=<path of model.weights.h5>; or do without weights: "
            "--backbone=filters, --detector=pca or --detector=memgan_plus."
        ) from error
    return backbone, converter.scale, converter.offset


def _with_scaling(inner, scale, offset):
    image = keras.Input((None, None, 3), name="image")
    scaling = keras.layers.Rescaling(_plain(scale, 1.0), _plain(offset, 0.0), name="scaling")
    scaled = scaling(image)
    if type(inner).__name__ == "DINOV2Backbone":
        return keras.Model(image, from_dinov2(inner, scaled))
    return keras.Model(image, inner(scaled))


def _plain(value, default):
    if value is None:
        return default
    return [float(x) for x in value] if hasattr(value, "__len__") else float(value)
