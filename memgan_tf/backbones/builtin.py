"""The network that ships with the package; `benchmarks/builtin_trunk.py` makes it."""

import pathlib

import keras

from memgan_tf.backbones.keras_file import read_model

PATH = pathlib.Path(__file__).with_name("builtin.keras")
# Ends of the network's stages.
LAYERS = ("stage2", "stage3", "stage4")
LICENSE = (
    "features that this project's own network learned on CIFAR-10, its labels included; the "
    "weights are part of this package, under the Apache License 2.0"
)


def make_builtin() -> tuple[keras.Model, str]:
    """The network for RGB from 0 to 255, and a sentence about its weights."""
    return read_model(PATH), LICENSE
