"""Describes presets, and differences of a configuration from its preset, for a reader."""

import dataclasses
from typing import Any

from memgan_tf.config.data import FOLDER_FIELDS
from memgan_tf.config.registry import DETECTORS
from memgan_tf.config.run import PRESET_NAMES, RunConfig, resolve
from memgan_tf.config.training import TrainingConfig

# An image shape for each family of images that presets distinguish.
FAMILY_SHAPES = {
    "digits": (8, 8, 1),
    "mnist": (28, 28, 1),
    "cifar10": (32, 32, 3),
    "large": (64, 64, 3),
}
# Settings that identify the run, shown in its title.
NAMING = ("dataset", "normal_class", "data_dir")


def parts_of(config: RunConfig) -> dict[str, Any]:
    """The parts of a configuration by their headings in the help."""
    return {"Data": config.data, "Training": config.training, "Model": config.model}


def applies(config: RunConfig, name: str) -> bool:
    """Whether a field has an effect on the run."""
    if name in TrainingConfig.describe() and name != "seed":
        return config.model.trains_in_steps
    return name not in FOLDER_FIELDS or config.data.folder is not None


def own_settings(config: RunConfig) -> list[tuple[str, Any, Any]]:
    """Name, value and preset's value of each setting that differs from the preset.

    These are settings given by the user and settings decided by the data set.
    """
    preset = resolve(config.detector, config.preset, config.image_shape, {})
    return [
        (name, value, getattr(before, name))
        for part, before in zip(parts_of(config).values(), parts_of(preset).values(), strict=True)
        for name, value in dataclasses.asdict(part).items()
        if name not in NAMING and value != getattr(before, name)
    ]


def describe_settings(config: RunConfig) -> list[str]:
    """The run in one line, and a table of differences from its preset."""
    data, (height, width, channels) = config.data, config.image_shape
    what = "" if data.normal_class is None else f", normal class {data.normal_class}"
    rows = own_settings(config)
    head = (
        f"{config.detector} on {data.dataset}{what}; images {height}×{width}×{channels}; preset "
        f"{config.preset}{', except:' if rows else ''}"
    )
    width = max((len(name) for name, _, _ in rows), default=0)
    return [
        head,
        *(
            f"  {name:<{width}}  {_shown(value)}"
            + ("" if before is None else f"  (preset: {_shown(before)})")
            for name, value, before in rows
        ),
    ]


def preset_values(detector: str, preset: str, name: str) -> dict[str, Any]:
    """Values of a field in a preset, by family of images."""
    return {
        family: resolve(detector, preset, shape, {}).flat().get(name)
        for family, shape in FAMILY_SHAPES.items()
    }


def is_set_by_presets(name: str) -> bool:
    """Whether a preset of any detector changes the default of a field."""
    return any(
        name in values
        for method in DETECTORS.values()
        for preset in PRESET_NAMES
        for values in method.presets[preset].values()
    )


def _shown(value):
    return f"{value:.4g}" if isinstance(value, float) else str(value)
