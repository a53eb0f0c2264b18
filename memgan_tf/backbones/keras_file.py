"""Reads `.keras` files after checks, and writes them reproducibly."""

import json
import os
import pathlib
import tempfile
from concurrent.futures import ThreadPoolExecutor

import keras
import tensorflow as tf

from memgan_tf.backbones import allowed
from memgan_tf.backbones.archive import in_memory, read_members, write_members
from memgan_tf.backbones.plain_weights import load_plain
from memgan_tf.backbones.weights_file import count_numbers, load, open_checked
from memgan_tf.files import DAMAGE, LONGEST_REASON, first_line

FIX = "Use a model of Keras' own layers that was written by `model.save`."


def read_model(path: str | os.PathLike) -> keras.Model:
    """The model in a `.keras` file, made of Keras' own layers, in float32, with its weights.

    Raises:
        ValueError: If the file is missing or damaged, or has content that `allowed` does not list.
    """
    config, weights = read_members(path)
    try:
        cleaned = allowed.clean_model(json.loads(config))
        with open_checked(in_memory(weights)) as (file, shapes):
            model = _build(cleaned, count_numbers(shapes.values()))
            loaded = load_plain(model, file, shapes)
        if not loaded:
            _load(model, weights)
    # Errors of Keras, h5py and TensorFlow for content that does not fit.
    except (*DAMAGE, OSError, RuntimeError, tf.errors.OpError) as error:
        raise ValueError(f"{path} cannot be used: {_reason(error)}. {FIX}") from error
    return model


def _reason(error):
    """The innermost error, which comes last; Keras wraps it in others with configurations."""
    mark = "Exception encountered: "
    found = [line for line in str(error).splitlines() if line.startswith(mark)]
    return found[-1].removeprefix(mark)[:LONGEST_REASON] if found else first_line(error)


def _build(config, held):
    """The model of a configuration that does not need more weights than its file has."""
    # Keras keeps variables without values in a list of the thread, to initialize them later. This
    # separate thread and its list end here.
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(_build_within, config, held).result()


def _build_within(config, held):
    with keras.StatelessScope(initialize_variables=False):
        model = allowed.deserialize(config)
    needed = count_numbers(tuple(weight.shape) for weight in model.weights)
    if needed > held:
        raise ValueError(
            f"its layers need {needed} weights, but its file has {held}, so they do not match"
        )
    # At the end of a scope the variables of the list get their values.
    with keras.StatelessScope():
        return model


def _load(model, weights):
    # Keras reads weights only from files with this suffix.
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "model.weights.h5"
        path.write_bytes(weights)
        load(model, path)


def clean_config(model: keras.Model) -> dict:
    """A model's configuration, like in `read_model`."""
    return allowed.clean_model(json.loads(json.dumps(keras.saving.serialize_keras_object(model))))


def write_model(model: keras.Model, path: str | os.PathLike) -> None:
    """Writes a `.keras` file for `read_model` and Keras, without dates or addresses.

    Raises:
        ValueError: If the model has content that `allowed` does not list.
    """
    config = json.dumps(clean_config(model))
    metadata = json.dumps({"keras_version": keras.__version__, "date_saved": ""})
    with tempfile.TemporaryDirectory() as folder:
        weights = pathlib.Path(folder) / "model.weights.h5"
        model.save_weights(weights)
        write_members(path, (metadata.encode(), config.encode(), weights.read_bytes()))
