"""Replicas."""

import functools

import tensorflow as tf

from memgan_tf.training.cluster import MULTI_WORKER
from memgan_tf.validation import check_choice


def make_strategy(name: str) -> tf.distribute.Strategy:
    """The strategy behind `--distribution_strategy`.

    Args:
        name: `none`: one replica on the default device. `mirrored`: a replica on each visible GPU
            or, without a GPU, on each logical CPU device (as tests configure them).
            `multi_worker_mirrored`: the replicas of all processes that TF_CONFIG names. The first
            call must come before any other use of TensorFlow.

    Raises:
        ValueError: If the name is unknown.
    """
    check_choice("distribution_strategy", name, ("none", "mirrored", MULTI_WORKER))
    if name == "none":
        return tf.distribute.get_strategy()
    return _mirrored_strategy() if name == "mirrored" else _multi_worker_strategy()


@functools.cache
def _mirrored_strategy():
    # One per process: collective operations of a second one would reuse the keys of the first.
    gpus = tf.config.list_logical_devices("GPU")
    devices = gpus or tf.config.list_logical_devices("CPU")
    return tf.distribute.MirroredStrategy([device.name for device in devices])


@functools.cache
def _multi_worker_strategy():
    return tf.distribute.MultiWorkerMirroredStrategy()
