"""Folding batch normalization into convolutions leaves a network's function as it is."""

import keras
import numpy as np
import pytest

from memgan_tf.backbones.cutting import cut
from memgan_tf.backbones.folding import fold

layers = keras.layers


def network(*found, outputs=()):
    """A model of layers in a row, with random weights; also gives the outputs at `outputs`."""
    image = value = keras.Input((None, None, 3), name="image")
    values = []
    for layer in found:
        value = layer(value)
        values.append(value)
    model = keras.Model(image, [*(values[index] for index in outputs), value])
    generator = np.random.default_rng(0)
    # Positive, as variances are.
    model.set_weights([generator.uniform(0.5, 1.5, weight.shape) for weight in model.weights])
    return model


def kinds(model):
    return [type(layer).__name__ for layer in model.layers[1:]]


def assert_same_function(found, expected):
    images = np.random.default_rng(1).uniform(-1, 1, (2, 9, 12, 3)).astype(np.float32)
    for ours, theirs in zip(
        keras.tree.flatten(found(images)), keras.tree.flatten(expected(images)), strict=True
    ):
        scale = np.abs(theirs).max()
        np.testing.assert_allclose(ours / scale, theirs / scale, rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    "convolution",
    [
        layers.Conv2D(6, 3, use_bias=False, padding="same"),
        layers.Conv2D(6, 3, strides=2),
        layers.Conv2D(6, 3, groups=3),
        layers.DepthwiseConv2D(3, use_bias=False),
        layers.DepthwiseConv2D(3, depth_multiplier=2),
    ],
)
@pytest.mark.parametrize(("scale", "center"), [(True, True), (False, True), (True, False)])
def test_a_convolution_holds_the_normalization_after_it(convolution, scale, center):
    convolution = type(convolution).from_config(convolution.get_config())
    normalization = layers.BatchNormalization(scale=scale, center=center, epsilon=0.25)
    model = network(convolution, normalization, layers.ReLU(), layers.Conv2D(2, 1))
    found = fold(model)
    assert kinds(found) == [type(convolution).__name__, "ReLU", "Conv2D"]
    assert_same_function(found, model)


@pytest.mark.parametrize(
    ("found", "outputs"),
    [
        ([layers.Conv2D(4, 3, activation="relu"), layers.BatchNormalization(), layers.ReLU()], ()),
        ([layers.BatchNormalization(), layers.Conv2D(4, 3)], ()),
        (
            [
                layers.Conv2D(4, 3),
                layers.ZeroPadding2D(),
                layers.BatchNormalization(),
                layers.ReLU(),
            ],
            (),
        ),
        # The map before the normalization, and the one after it, are outputs.
        ([layers.Conv2D(4, 3), layers.BatchNormalization(), layers.ReLU()], (0,)),
        ([layers.Conv2D(4, 3), layers.BatchNormalization(), layers.ReLU()], (1,)),
    ],
)
def test_other_normalization_is_left(found, outputs):
    found = [type(layer).from_config(layer.get_config()) for layer in found]
    model = network(*found, outputs=outputs)
    assert kinds(fold(model)) == kinds(model)
    assert_same_function(fold(model), model)


def test_normalization_of_pixels_keeps_what_it_learned():
    pixels = layers.Normalization()
    pixels.adapt(np.random.default_rng(2).normal(3.0, 2.0, (50, 3)))
    image = keras.Input((None, None, 3))
    value = layers.BatchNormalization()(layers.Conv2D(4, 3)(pixels(image)))
    model = keras.Model(image, layers.ReLU()(value))
    found = fold(model)
    assert kinds(found) == ["Normalization", "Conv2D", "ReLU"]
    assert_same_function(found, model)


def test_a_convolution_that_is_used_twice_keeps_its_values():
    image = keras.Input((None, None, 3))
    shared = layers.Conv2D(3, 3, padding="same")
    once = layers.Conv2D(3, 3, padding="same")
    first = layers.BatchNormalization()(shared(image))
    branched = once(shared(first))
    second = layers.BatchNormalization()(branched)
    model = keras.Model(image, layers.ReLU()(layers.Add()([branched, second])))
    generator = np.random.default_rng(0)
    model.set_weights([generator.uniform(0.5, 1.5, weight.shape) for weight in model.weights])
    assert kinds(fold(model)) == kinds(model)


def test_a_residual_network_loses_all_of_its_normalization():
    image = keras.Input((None, None, 3))
    stem = layers.BatchNormalization()(layers.Conv2D(4, 3, padding="same")(image))
    inner = layers.BatchNormalization()(layers.Conv2D(4, 3, padding="same")(stem))
    model = keras.Model(image, layers.ReLU(name="end")(layers.Add()([stem, inner])))
    generator = np.random.default_rng(0)
    model.set_weights([generator.uniform(0.5, 1.5, weight.shape) for weight in model.weights])
    backbone = cut(model, "tiny", "none", ("end",))
    assert kinds(backbone.model) == ["Conv2D", "Conv2D", "Add", "ReLU"]
    assert_same_function(backbone.model, model)
