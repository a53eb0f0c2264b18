"""Opens `.keras` files from strangers: checked before Keras builds anything from them."""

import json
import os
import pathlib
import tempfile

import keras

from memgan_tf.backbones import allowed
from memgan_tf.backbones.archive import in_memory, read_members
from memgan_tf.backbones.weights_file import check_plain, count_numbers, load, open_checked
from memgan_tf.files import DAMAGE, first_line

FIX = "Bring a model of Keras' own layers that `model.save` wrote."


def read_model(path: str | os.PathLike) -> keras.Model:
    """The model in a `.keras` file: made of Keras' own layers, in float32, with its weights.

    Raises:
        ValueError: If the file is missing, damaged, or holds what `allowed` does not list.
    """
    config, weights = read_members(path)
    try:
        clean = allowed.clean_model(json.loads(config))
        _check_sizes(clean, weights)
        model = allowed.deserialize(clean)
        _load(model, weights)
    # Keras and h5py raise these for a configuration or weights that do not fit.
    except (*DAMAGE, OSError, NotImplementedError) as error:
        raise ValueError(f"{path} cannot be used: {first_line(error)}. {FIX}") from error
    return model


def _check_sizes(config, weights):
    """A configuration must not ask for more memory than its weights fill."""
    with keras.StatelessScope(initialize_variables=False):
        model = allowed.deserialize(config)
    needed = count_numbers(tuple(weight.shape) for weight in model.weights)
    with open_checked(in_memory(weights)) as file:
        held = count_numbers(shape for _, shape in check_plain(file))
    if needed > held:
        raise ValueError(
            f"its layers need {needed} weights and its file holds {held}: they are not its own"
        )


def _load(model, weights):
    # Keras reads weights from files with this ending alone.
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "model.weights.h5"
        path.write_bytes(weights)
        load(model, path)
