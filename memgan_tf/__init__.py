"""Anomaly detection for images with TensorFlow and Keras.

Train on normal images, then score any images:

    import memgan_tf

    run = memgan_tf.train("folder:parts")        # or images, a tf.data.Dataset, "mnist", …
    for image in run.score_files("new_photos"):  # the highest scores are the most anomalous
        print(image.path, image.anomaly_score, image.is_anomaly)

    configure        decides everything that a run depends on, like `memgan train`
    train            trains a run, or resumes it, and returns it ready to score
    load             loads a finished run from its folder
    Run              the returned run: score, score_files, explain, evaluate, report, export
    TrainedRun       the scoring part of a run
    RunConfig        the configuration returned by `configure`
    MemganDetector   a scikit-learn estimator; `make_estimator(name)` makes the others
    MemoryLayer      the paper's memory as a Keras layer

Importing the package does not import TensorFlow; using most of its names does.
"""

import importlib
from typing import TYPE_CHECKING, Any

from memgan_tf.validation import guess
from memgan_tf.version import __version__

if TYPE_CHECKING:
    from memgan_tf.api import configure, load, train
    from memgan_tf.config import RunConfig
    from memgan_tf.estimator import MemganDetector, make_estimator
    from memgan_tf.evaluation.trained_run import TrainedRun
    from memgan_tf.layers import MemoryLayer
    from memgan_tf.run import Run

# Public name: module that defines it.
_PUBLIC = {
    "MemganDetector": "memgan_tf.estimator",
    "MemoryLayer": "memgan_tf.layers",
    "Run": "memgan_tf.run",
    "RunConfig": "memgan_tf.config",
    "TrainedRun": "memgan_tf.evaluation.trained_run",
    "configure": "memgan_tf.api",
    "load": "memgan_tf.api",
    "make_estimator": "memgan_tf.estimator",
    "train": "memgan_tf.api",
}

__all__ = [
    "MemganDetector",
    "MemoryLayer",
    "Run",
    "RunConfig",
    "TrainedRun",
    "__version__",
    "configure",
    "load",
    "make_estimator",
    "train",
]


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        near = guess(name, _PUBLIC)
        raise AttributeError(f"module 'memgan_tf' has no attribute {name!r}{near}")
    found = getattr(importlib.import_module(_PUBLIC[name]), name)
    globals()[name] = found
    return found


def __dir__():
    return sorted({*globals(), *__all__} - {"TYPE_CHECKING", "Any", "guess", "importlib"})
