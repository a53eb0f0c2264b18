"""Finds weights of keras.applications in Keras' cache, or lets Keras download them."""

import contextlib
import os
import pathlib
import socket
import tempfile
from collections.abc import Iterator

import keras

from memgan_tf.backbones.catalog import Network
from memgan_tf.files import first_line

# A download fails after this many seconds without data.
PATIENCE = 10.0


def cached_weights(name: str, network: Network) -> pathlib.Path:
    """The file of a network's weights in Keras' cache, downloaded by Keras if it is missing.

    Raises:
        ValueError: If it is missing and the download fails; the message says what to do.
    """
    if path := _find(network):
        return path
    try:
        with patience():
            builder = getattr(keras.applications, network.builder)
            builder(include_top=False, weights="imagenet", input_shape=(224, 224, 3))
    # Keras raises a bare Exception for a failed download.
    except Exception as error:
        raise ValueError(_ways_out(name, network, error)) from error
    if path := _find(network):
        return path
    raise ValueError(_ways_out(name, network, None))


def _folders():
    home = os.environ.get("KERAS_HOME") or pathlib.Path("~/.keras").expanduser()
    # Keras uses the second if it cannot write to the first.
    return [pathlib.Path(home) / "models", pathlib.Path(tempfile.gettempdir()) / ".keras/models"]


def _find(network):
    paths = [folder / network.cached for folder in _folders()]
    return next((path for path in paths if path.is_file()), None)


def _ways_out(name, network, error):
    reason = f" ({first_line(error)[:300]})" if error else ""
    return (
        f"`backbone` {name} has no weights: {network.cached} is not in {_folders()[0]} and its "
        f"download failed{reason}. Either get {network.cached} on a computer with a network, where "
        f"keras.applications.{network.builder}(include_top=False) leaves it in ~/.keras/models, "
        f"and pass --backbone_weights=<path of {network.cached}>; or name a network that you have, "
        "--backbone=file:<model.keras>; or do without weights: --backbone=filters, --detector=pca "
        "or --detector=memgan_plus."
    )


@contextlib.contextmanager
def patience() -> Iterator[None]:
    """A context in which connections fail after `PATIENCE` seconds without data."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(PATIENCE)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)
