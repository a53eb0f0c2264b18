"""The detectors as scikit-learn estimators: `MemganDetector`, `KdeDetector`, …"""

from memgan_tf.estimator import classes
from memgan_tf.estimator.checks import expected_failed_checks
from memgan_tf.estimator.classes import make_estimator
from memgan_tf.estimator.image_detector import ImageDetector
from memgan_tf.estimator.pyod_view import PyodView

__all__ = ["ImageDetector", "PyodView", "expected_failed_checks", "make_estimator"]


def __getattr__(name):
    return getattr(classes, name)
