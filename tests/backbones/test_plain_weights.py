"""Weights of plain layers are loaded as Keras loads them, or left to Keras."""

import h5py
import keras
import numpy as np
import pytest

from memgan_tf.backbones.plain_weights import load_plain
from memgan_tf.backbones.weights_file import check_plain

layers = keras.layers


def network(*further, seed=0):
    """Two convolutions of each kind with normalizations, and random weights everywhere."""
    image = keras.Input((16, 16, 3))
    found = layers.Rescaling(1 / 255)(image)
    for _ in range(2):
        found = layers.Conv2D(4, 3)(found)
        found = layers.DepthwiseConv2D(3, use_bias=False)(found)
        found = layers.ReLU()(layers.BatchNormalization(scale=False)(found))
    for layer in further:
        found = layer(found)
    model = keras.Model(image, layers.Dense(2)(found))
    generator = np.random.default_rng(seed)
    model.set_weights([generator.random(weight.shape) for weight in model.weights])
    return model


def saved(model, tmp_path):
    path = tmp_path / "model.weights.h5"
    model.save_weights(path)
    return path


def load(model, path):
    with h5py.File(path, "r") as file:
        return load_plain(model, file, check_plain(file))


def twin(model):
    return keras.Model.from_config(model.get_config())


def test_the_weights_are_those_that_were_saved(tmp_path):
    model = network()
    fresh = twin(model)
    assert load(fresh, saved(model, tmp_path))
    for found, expected in zip(fresh.weights, model.weights, strict=True):
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
    "further",
    [
        [layers.LayerNormalization()],  # not in the list
        [keras.Sequential([layers.Dense(3)])],  # a model inside
    ],
)
def test_other_networks_are_left_to_keras(further, tmp_path):
    model = network(*further)
    assert not load(model, saved(model, tmp_path))


def _remove(file):
    del file["layers/conv2d_1/vars/1"]


def _add(file):
    file["layers/conv2d_1/vars/2"] = np.zeros(3, np.float32)


def _reshape(file):
    del file["layers/dense/vars/0"]
    file["layers/dense/vars/0"] = np.zeros((4, 3), np.float32)


def _convert(file):
    values = file["layers/dense/vars/0"][()]
    del file["layers/dense/vars/0"]
    file["layers/dense/vars/0"] = values.astype(np.float64)


def _rename(file):
    file["layers/dense/vars"].attrs["name"] = "other"


@pytest.mark.parametrize("change", [_remove, _add, _reshape, _convert, _rename])
def test_other_files_are_left_to_keras(change, tmp_path):
    model = network()
    path = saved(model, tmp_path)
    with h5py.File(path, "r+") as file:
        change(file)
    assert not load(model, path)
