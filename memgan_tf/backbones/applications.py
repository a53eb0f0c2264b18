"""Builds the named networks of keras.applications with their weights and scaling."""

import keras
import numpy as np

from memgan_tf.backbones.catalog import NETWORKS, Network
from memgan_tf.backbones.downloads import cached_weights
from memgan_tf.backbones.named_weights import LICENSE as FILE_LICENSE
from memgan_tf.backbones.named_weights import load_weights
from memgan_tf.backbones.randomness import LICENSE as RANDOM_LICENSE
from memgan_tf.backbones.randomness import randomize
from memgan_tf.backbones.requests import RANDOM

LICENSE = (
    "features learned on ImageNet, whose images are for non-commercial research; weights of "
    "keras.applications, which their authors published under the {}"
)
# Means and deviations of ImageNet's images, as in keras.applications.
MEANS = (123.68, 116.779, 103.939)
DEVIATIONS = (0.229, 0.224, 0.225)


def make_network(name: str, weights: str | None) -> tuple[keras.Model, str]:
    """A network for RGB from 0 to 255, and a sentence about its weights.

    Args:
        name: Name in the catalog.
        weights: A file, `random`, or None for those in Keras' cache or its download.

    Raises:
        ValueError: If there are no weights, or they belong to another network.
    """
    network = NETWORKS[name]
    if weights == RANDOM:
        inner, text = _build(network), RANDOM_LICENSE
        randomize(inner)
    elif weights:
        inner, text = load_weights(lambda top: _build(network, top), name, weights), FILE_LICENSE
    else:
        path = cached_weights(name, network)
        inner = load_weights(lambda top: _build(network, top), name, path)
        text = LICENSE.format(network.license)
    return _with_scaling(inner, network.scaling), text


def _build(network: Network, top: bool = False) -> keras.Model:
    """The network without weights; with logits, it takes only images of the usual size."""
    builder = getattr(keras.applications, network.builder)
    if top:
        return builder(weights=None)
    return builder(include_top=False, weights=None, input_shape=(None, None, 3))


def _with_scaling(inner, kind):
    """Adds to a network the preprocessing that keras.applications does outside of it.

    Reversed colors and a second division are folded into weights, so that the graph needs only a
    scaling layer.
    """
    if kind == "none":
        return inner
    if kind == "deviations":
        _divide_again(inner)
        return inner
    image = keras.Input((None, None, 3), name="image")
    if kind == "symmetric":
        scaling = keras.layers.Rescaling(1 / 127.5, -1.0, name="scaling")
    else:
        offset = [-mean for mean in MEANS]
        scaling = keras.layers.Rescaling(1.0, offset, name="scaling")
        _reverse_colors(inner)
    return keras.Model(image, inner(scaling(image)))


def _divide_again(inner):
    layer = next(x for x in inner.layers if isinstance(x, keras.layers.Normalization))
    mean, variance, *rest = layer.get_weights()
    # (x − mean) / √variance / √deviation, as in keras.applications for these weights.
    layer.set_weights([mean, variance * np.array(DEVIATIONS, np.float32), *rest])
    layer.finalize_state()


def _reverse_colors(inner):
    """The network expects blue first."""
    layer = next(x for x in inner.layers if isinstance(x, keras.layers.Conv2D))
    kernel, *rest = layer.get_weights()
    layer.set_weights([kernel[:, :, ::-1], *rest])
