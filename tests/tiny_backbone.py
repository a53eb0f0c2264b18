"""A tiny network with random weights, for tests of everything that uses a backbone."""

import pathlib

import keras
import numpy as np

LAYERS = ("first", "second", "third")
STRIDES = (2, 4, 8)
CHANNELS = (8, 12, 16)


def make_tiny_network(seed=0, top=True):
    """A functional network: scaling inside, three maps, pooling and logits last."""
    image = keras.Input((None, None, 3), name="image")
    features = keras.layers.Rescaling(1 / 127.5, -1.0, name="scaling")(image)
    for name, channels in zip(LAYERS, CHANNELS, strict=True):
        features = keras.layers.Conv2D(
            channels, 3, 2, padding="same", use_bias=False, name=f"{name}_convolution"
        )(features)
        features = keras.layers.BatchNormalization(name=f"{name}_normalization")(features)
        features = keras.layers.ReLU(name=name)(features)
    if top:
        pooled = keras.layers.GlobalAveragePooling2D(name="pool")(features)
        features = keras.layers.Dense(10, name="logits")(pooled)
    model = keras.Model(image, features, name="tiny")
    randomize(model, seed)
    return model


def randomize(model, seed=0):
    """Random weights that a seed determines, with signals of moderate size."""
    generator = np.random.default_rng(seed)
    for weight in model.weights:
        shape = tuple(weight.shape)
        if len(shape) < 2:
            values = generator.uniform(0.5, 1.5, shape)
        else:
            values = generator.normal(size=shape) / np.sqrt(np.prod(shape[:-1]))
        weight.assign(values.astype("float32"))


def write_tiny_backbone(path, seed=0):
    """Writes the network as a `.keras` file; returns its path."""
    path = pathlib.Path(path)
    make_tiny_network(seed).save(path)
    return path
