"""memgan_tf: memory-augmented GAN anomaly detection for TensorFlow and Keras.

Importing the package does not import TensorFlow; using one of its names does.
"""

import importlib

from memgan_tf.version import __version__

# Public name: module that defines it.
_PUBLIC = {
    "MemganDetector": "memgan_tf.estimator",
    "MemoryLayer": "memgan_tf.layers",
    "TrainedRun": "memgan_tf.evaluation.trained_run",
    "load": "memgan_tf.api",
    "make_estimator": "memgan_tf.estimator",
    "train": "memgan_tf.api",
}

__all__ = [
    "MemganDetector",
    "MemoryLayer",
    "TrainedRun",
    "__version__",
    "load",
    "make_estimator",
    "train",
]


def __getattr__(name):
    if name not in _PUBLIC:
        raise AttributeError(f"module 'memgan_tf' has no attribute {name!r}")
    return getattr(importlib.import_module(_PUBLIC[name]), name)
