"""One estimator class per registered method, made by reflection."""

from typing import Any

from memgan_tf.config import DETECTORS, detector_config
from memgan_tf.estimator.image_detector import ImageDetector
from memgan_tf.estimator.settings import describe_settings, make_constructor

DOCUMENTATION = """{summary}

{signs}

Args:
    preset: Source of settings that are None: default or paper.
    image_shape: `(height, width[, channels])` of flattened rows; not needed for images.
    values: pixels, from 0 to 255; or numbers, rows of any table, drawn as gray images.
    verbose: Whether to show the progress of training.
{settings}
"""
SIGNS = (
    "A scikit-learn outlier detector: fit it on normal images. `predict` is +1 for normal, -1 for "
    "an anomaly.\nSettings that are None take the preset's value."
)


def class_name(method: str) -> str:
    """Name of a method's class, such as `DeepSvddDetector` for `deep_svdd`."""
    return "".join(part.capitalize() for part in method.split("_")) + "Detector"


def _make_class(method):
    summary = (detector_config(method).__doc__ or method).strip().splitlines()[0]
    text = DOCUMENTATION.format(
        summary=f"{method}: {summary}", signs=SIGNS, settings=describe_settings(method)
    )
    members = {
        "__doc__": text,
        "__init__": make_constructor(method),
        "__module__": __name__,
        "method": method,
    }
    return type(class_name(method), (ImageDetector,), members)


CLASSES: dict[str, type[ImageDetector]] = {method: _make_class(method) for method in DETECTORS}
NAMES = tuple(cls.__name__ for cls in CLASSES.values())


def make_estimator(method: str, **settings: Any) -> ImageDetector:
    """An estimator of any registered method, not fitted.

    Args:
        method: `memgan`, `kde`, …, as for `--detector`.
        **settings: Arguments of its class.

    Raises:
        ValueError: If the method is unknown.
        TypeError: If a setting does not belong to the method.
    """
    detector_config(method)
    return CLASSES[method](**settings)


def __getattr__(name: str) -> type[ImageDetector]:
    # By name, so that pickle and clone find the classes.
    for method, cls in CLASSES.items():
        if class_name(method) == name:
            return cls
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
