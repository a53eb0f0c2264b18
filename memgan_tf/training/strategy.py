"""Replicas."""

import functools

import tensorflow as tf

from memgan_tf.validation import check_choice


def make_strategy(name: str) -> tf.distribute.Strategy:
    """The strategy behind `--distribution_strategy`.

    Args:
        name: `none`: one replica on the default device. `mirrored`: a replica on each visible GPU,
            or, where there is none, on each logical CPU device (as tests configure them).

    Raises:
        ValueError: If the name is unknown.
    """
    check_choice("distribution_strategy", name, ("none", "mirrored"))
    if name == "none":
        return tf.distribute.get_strategy()
    return _mirrored_strategy()


@functools.cache
def _mirrored_strategy():
    # One for the process: a second one's collective operations would take the first one's keys.
    gpus = tf.config.list_logical_devices("GPU")
    devices = gpus or tf.config.list_logical_devices("CPU")
    return tf.distribute.MirroredStrategy([device.name for device in devices])
