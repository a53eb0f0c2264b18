"""Builds the named networks of keras.applications with their weights and scaling."""

import keras
import numpy as np

from memgan_tf.backbones.catalog import NETWORKS, Network
from memgan_tf.backbones.downloads import cached_weights
from memgan_tf.backbones.flat import flatten
from memgan_tf.backbones.named_weights import load_weights
from memgan_tf.backbones.requests import RANDOM

LICENSE = (
    "features learned on ImageNet; weights of keras.applications, which its authors publish under "
    "the Apache License 2.0; ImageNet's own terms speak of non-commercial research"
)
FILE_LICENSE = "features of weights that were brought as a file; their license is their own"
RANDOM_LICENSE = "random weights: nothing learned, for tests only"
# Of ImageNet's images, as keras.applications has them.
MEANS = (123.68, 116.779, 103.939)
DEVIATIONS = (0.229, 0.224, 0.225)


def make_network(name: str, weights: str | None) -> tuple[keras.Model, str]:
    """A network on RGB from 0 to 255, and a sentence about its weights.

    Args:
        name: Of the catalog.
        weights: A file, `random`, or None: those of Keras' cache or download.

    Raises:
        ValueError: If there are no weights, or they are another network's.
    """
    network = NETWORKS[name]
    if weights == RANDOM:
        inner, text = _build(network), RANDOM_LICENSE
        randomize(inner)
    elif weights:
        inner, text = load_weights(lambda top: _build(network, top), name, weights), FILE_LICENSE
    else:
        path = cached_weights(name, network)
        inner, text = load_weights(lambda top: _build(network, top), name, path), LICENSE
    return _with_scaling(inner, network.scaling), text


def _build(network: Network, top: bool = False) -> keras.Model:
    """Without weights; with logits, it takes images of the usual size alone."""
    builder = getattr(keras.applications, network.builder)
    if top:
        return builder(weights=None)
    return builder(include_top=False, weights=None, input_shape=(None, None, 3))


def randomize(model: keras.Model, seed: int = 0) -> None:
    """Random kernels; batch normalization measures noise, so that signals keep their size."""
    generator = np.random.default_rng(seed)
    for weight in model.weights:
        shape = tuple(weight.shape)
        if len(shape) >= 2:
            values = generator.normal(size=shape) / np.sqrt(np.prod(shape[:-1]))
            weight.assign(values.astype("float32"))
    measured = [x for x in model.layers if isinstance(x, keras.layers.BatchNormalization)]
    momenta = [layer.momentum for layer in measured]
    for layer in measured:
        layer.momentum = 0.0
    network = flatten(model)
    noise = generator.uniform(0, 255, (2, 128, 128, 3)).astype("float32")
    keras.Model(network.image, network.steps[-1].output)(noise, training=True)
    for layer, momentum in zip(measured, momenta, strict=True):
        layer.momentum = momentum


def _with_scaling(inner, kind):
    """Puts before a network what keras.applications does outside of it.

    Reversed colors and a second division are written into weights, so that the graph needs nothing
    but a scaling layer.
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
    # (x − mean) / √variance / √deviation, as keras.applications does for these weights.
    layer.set_weights([mean, variance * np.float32(DEVIATIONS), *rest])
    layer.finalize_state()


def _reverse_colors(inner):
    """The network expects blue first."""
    layer = next(x for x in inner.layers if isinstance(x, keras.layers.Conv2D))
    kernel, *rest = layer.get_weights()
    layer.set_weights([kernel[:, :, ::-1], *rest])
