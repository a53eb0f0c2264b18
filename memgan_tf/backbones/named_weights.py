"""Loads a file of weights into a named network."""

import os
import pathlib
import tempfile
from collections.abc import Callable

import keras

from memgan_tf.backbones.archive import in_memory, read_members
from memgan_tf.backbones.weights_file import load, open_checked
from memgan_tf.files import DAMAGE, check_regular, first_line

LICENSE = "features of weights that were brought as a file; their license is their own"


def load_weights(
    build: Callable[[bool], keras.Model], name: str, path: str | os.PathLike
) -> keras.Model:
    """A network with the weights of a file, with or without logits.

    Args:
        build: Makes the network; its argument says whether with logits.
        name: Name of the network, for messages.
        path: A `.keras` file, a `.weights.h5` of Keras 3 or an `.h5` of keras.applications.

    Raises:
        ValueError: If the file is damaged or its weights belong to another network.
    """
    path = pathlib.Path(path).expanduser()
    with tempfile.TemporaryDirectory() as folder:
        source = _checked(path, pathlib.Path(folder))
        reasons = []
        for top in (False, True):
            model = build(top)
            try:
                load(model, source)
            except ValueError as error:
                reasons.append(first_line(error))
                continue
            return _without_logits(model, build) if top else model
    raise ValueError(
        f"`backbone_weights` must be weights of {name}, with or without logits. "
        f"Received: {path}: {reasons[0]}"
    )


def _checked(path, folder):
    """A checked file with the suffix by which Keras distinguishes kinds of weights."""
    if path.suffix == ".keras":
        content = read_members(path)[1]
        source = folder / "model.weights.h5"
        source.write_bytes(content)
        path_or_bytes = in_memory(content)
    else:
        path_or_bytes = path
    try:
        check_regular(path)
        with open_checked(path_or_bytes) as (file, _):
            old = "layer_names" in file.attrs or "model_weights" in file
    except (*DAMAGE, OSError) as error:
        raise ValueError(
            f"{path} is damaged or holds no weights: {first_line(error)}. Bring it again."
        ) from error
    if path.suffix != ".keras":
        source = folder / ("model.h5" if old else "model.weights.h5")
        source.symlink_to(path.resolve())
    return source


def _without_logits(model, build):
    found = build(False)
    values = model.get_weights()
    found.set_weights(values[: len(found.weights)])
    for layer in found.layers:
        if isinstance(layer, keras.layers.Normalization):
            layer.finalize_state()
    return found
