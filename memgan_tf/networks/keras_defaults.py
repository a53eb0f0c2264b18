"""Keras' own defaults while networks are made, whatever a user's keras.json says."""

import contextlib
from collections.abc import Iterator

import keras


@contextlib.contextmanager
def keras_defaults() -> Iterator[None]:
    """A context with float32, channels last and Keras' epsilon; what was set comes back after.

    `~/.keras/keras.json`, `keras.config.set_floatx` and the like change what layers take for
    granted when they are made; a run's networks are the same everywhere.
    """
    before = (
        (keras.config.set_floatx, keras.config.floatx()),
        (keras.config.set_epsilon, keras.config.epsilon()),
        (keras.config.set_image_data_format, keras.config.image_data_format()),
        (keras.config.set_dtype_policy, keras.config.dtype_policy()),
    )
    keras.config.set_floatx("float32")
    keras.config.set_epsilon(1e-7)
    keras.config.set_image_data_format("channels_last")
    keras.config.set_dtype_policy("float32")
    try:
        yield
    finally:
        for restore, value in before:
            restore(value)
