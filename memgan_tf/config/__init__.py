"""Configuration of runs: validated frozen dataclasses and presets, without TensorFlow."""

from memgan_tf.config.data import FOLDER_FIELDS, FOLDER_KINDS, DataConfig
from memgan_tf.config.few_images import suited_to_few_images, with_enough_images
from memgan_tf.config.memgan import MemganConfig
from memgan_tf.config.memgan_plus import MemganPlusConfig
from memgan_tf.config.registry import DETECTORS
from memgan_tf.config.run import (
    PRESET_NAMES,
    RunConfig,
    by_features,
    departures,
    detector_config,
    image_family,
    read_overrides,
    resolve,
)
from memgan_tf.config.training import TrainingConfig

__all__ = [
    "DETECTORS",
    "FOLDER_FIELDS",
    "FOLDER_KINDS",
    "PRESET_NAMES",
    "DataConfig",
    "MemganConfig",
    "MemganPlusConfig",
    "RunConfig",
    "TrainingConfig",
    "by_features",
    "departures",
    "detector_config",
    "image_family",
    "read_overrides",
    "resolve",
    "suited_to_few_images",
    "with_enough_images",
]
