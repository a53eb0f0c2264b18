"""`.keras` files: checked before Keras builds anything; written the same each time."""

import json
import os
import pathlib
import tempfile
from concurrent.futures import ThreadPoolExecutor

import keras
import tensorflow as tf

from memgan_tf.backbones import allowed
from memgan_tf.backbones.archive import in_memory, read_members, write_members
from memgan_tf.backbones.weights_file import check_plain, count_numbers, load, open_checked
from memgan_tf.files import DAMAGE, LONGEST_REASON, first_line

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
    # Keras, h5py and TensorFlow raise these for what does not fit.
    except (*DAMAGE, OSError, RuntimeError, tf.errors.OpError) as error:
        raise ValueError(f"{path} cannot be used: {_reason(error)}. {FIX}") from error
    return model


def _reason(error):
    """Keras wraps an error in others, each with a configuration in it; the innermost comes last."""
    mark = "Exception encountered: "
    found = [line for line in str(error).splitlines() if line.startswith(mark)]
    return found[-1].removeprefix(mark)[:LONGEST_REASON] if found else first_line(error)


def _check_sizes(config, weights):
    """A configuration must not ask for more memory than its weights fill."""
    # Keras keeps variables without values in a list of the thread, to give them some later; so this
    # thread, and its list, end here.
    with ThreadPoolExecutor(1) as pool:
        needed = pool.submit(_count_needed, config).result()
    with open_checked(in_memory(weights)) as file:
        held = count_numbers(shape for _, shape in check_plain(file))
    if needed > held:
        raise ValueError(
            f"its layers need {needed} weights and its file holds {held}: they are not its own"
        )


def _count_needed(config):
    with keras.StatelessScope(initialize_variables=False):
        model = allowed.deserialize(config)
    return count_numbers(tuple(weight.shape) for weight in model.weights)


def _load(model, weights):
    # Keras reads weights from files with this ending alone.
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "model.weights.h5"
        path.write_bytes(weights)
        load(model, path)


def clean_config(model: keras.Model) -> dict:
    """A model's configuration as `read_model` would take it from a file."""
    return allowed.clean_model(json.loads(json.dumps(keras.saving.serialize_keras_object(model))))


def write_model(model: keras.Model, path: str | os.PathLike) -> None:
    """Writes a `.keras` file that `read_model` and Keras read, without dates or addresses.

    Raises:
        ValueError: If the model holds what `allowed` does not list.
    """
    config = json.dumps(clean_config(model))
    metadata = json.dumps({"keras_version": keras.__version__, "date_saved": ""})
    with tempfile.TemporaryDirectory() as folder:
        weights = pathlib.Path(folder) / "model.weights.h5"
        model.save_weights(weights)
        write_members(path, (metadata.encode(), config.encode(), weights.read_bytes()))
