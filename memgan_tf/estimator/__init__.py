"""The detectors as scikit-learn estimators: `MemganDetector`, `KdeDetector`, …"""

from typing import TYPE_CHECKING, Any

from memgan_tf.estimator import classes
from memgan_tf.estimator.checks import expected_failed_checks
from memgan_tf.estimator.classes import make_estimator
from memgan_tf.estimator.image_detector import ImageDetector
from memgan_tf.estimator.pyod_view import PyodView

if TYPE_CHECKING:
    # The classes are made by reflection, which no editor sees through.
    from memgan_tf.estimator.image_detector import ImageDetector as MemganDetector  # noqa: F401

__all__ = ["ImageDetector", "PyodView", "expected_failed_checks", "make_estimator"]


def __getattr__(name: str) -> Any:
    return getattr(classes, name)


def __dir__():
    return sorted({*globals(), *classes.NAMES})
