"""Keras' own defaults while networks are built, whatever the user's keras.json says."""

import contextlib
from collections.abc import Iterator

import keras


@contextlib.contextmanager
def keras_defaults() -> Iterator[None]:
    """A context with float32, channels last and Keras' epsilon; restores the settings afterwards.

    `~/.keras/keras.json`, `keras.config.set_floatx` and the like change the defaults of layers when
    they are built. The networks of a run must be the same everywhere.
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
