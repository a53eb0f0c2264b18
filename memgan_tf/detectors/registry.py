"""Makes the detector of a configuration; only this module imports implementations by name."""

import importlib

from memgan_tf.config import DETECTORS, RunConfig
from memgan_tf.detectors.base import Detector
from memgan_tf.detectors.deep import DeepDetector
from memgan_tf.validation import check_choice


def implementation(name: str) -> type:
    """The class of a method: a `TrainableModel` if it is trained in steps, or a `Detector`.

    Raises:
        ValueError: If the name is unknown.
    """
    check_choice("detector", name, DETECTORS)
    module, _, class_name = f"memgan_tf.{DETECTORS[name].implementation}".rpartition(".")
    return getattr(importlib.import_module(module), class_name)


def make_detector(config: RunConfig) -> Detector:
    """The detector of a configuration, not fitted.

    Raises:
        ValueError: If its name is unknown.
    """
    found = implementation(config.detector)
    return DeepDetector(config, found) if config.model.trains_in_steps else found(config)
