"""The texts of `memgan train --help`: common settings, or all settings of a detector."""

import dataclasses
import textwrap
from typing import Any

from absl import flags

from memgan_tf.api import configure
from memgan_tf.config import RunConfig, choices, detector_config, resolve
from memgan_tf.tools import config_flags
from memgan_tf.tools.help_text import WIDTH, entry, flag_entry

# Settings that most people need, in the order in which they need them.
NEEDED = (
    *("dataset", "model_dir", "detector", "normal_class", "preset"),
    *("epochs", "image_size", "target_fpr", "seed", "config_file"),
)
MORE = """More help:
  memgan train --detector=patch_memory --help            the settings of a detector: --backbone, …
  memgan train --detector=memae --dataset=mnist --help   the same, with the values for a data set
  memgan train --helpfull                                every setting"""


def describe(description: str, flag_values: flags.FlagValues) -> str:
    """The help for the flags given together with --help.

    Args:
        description: Description of the verb.
        flag_values: Parsed flags; with `detector` or `dataset` the text is for that detector.

    Raises:
        ValueError: If the data set or a setting cannot be used.
    """
    given = config_flags.overrides(flag_values)
    if given.keys() & {"detector", "dataset"}:
        return _describe_detector(given)
    needed = [flag_entry(flag_values[name]) for name in (*NEEDED, "debug")]
    return "\n".join([description, "", "Flags:", *needed, "", MORE])


def _describe_detector(given):
    if "dataset" in given:
        config = configure(**given, report=lambda line: None)
        head = (
            f"Settings of {config.detector} with their values for {config.data.dataset}, preset "
            f"{config.preset}"
        )
    else:
        options = {k: v for k, v in given.items() if k not in ("detector", "preset")}
        shape = choices.FAMILY_SHAPES["large" if "image_size" in given else "mnist"]
        config = resolve(given["detector"], given["preset"], shape, options)
        head = (
            f"Settings of {config.detector}, preset {config.preset}. Where the value depends on "
            f"the images: digits, up to 16 pixels a side; mnist, up to 48 and gray; cifar10, the "
            f"same in color; large, larger. Add --dataset=<name> for its values"
        )
    summary = (detector_config(config.detector).__doc__ or "").strip().splitlines()[0]
    lines = [f"{config.detector}: {summary}", "", *textwrap.wrap(f"{head}.", WIDTH)]
    for heading, part in choices.parts_of(config).items():
        lines += ["", f"{heading}:", *_entries(config, part, given)]
    return "\n".join([*lines, "", "memgan train --helpfull has every flag of every detector."])


def _entries(config: RunConfig, part: Any, given: dict[str, Any]) -> list[str]:
    found = []
    for name, field in part.describe().items():
        if "dataset" in given and not choices.applies(config, name):
            continue
        if name != "seed" and not choices.applies(_as_folder(config), name):
            continue
        value = getattr(part, name)
        shown = _shown(value)
        if "dataset" not in given and name not in given:
            by_family = choices.preset_values(config.detector, config.preset, name)
            if len(set(by_family.values())) > 1:
                shown = ", ".join(f"{v} ({family})" for family, v in by_family.items())
        found.append(entry(f"--{name}={shown}", field.metadata["description"] + _rule(field)))
    return found


def _as_folder(config):
    """The configuration for a folder, whose settings are shown if no data set is named."""
    return dataclasses.replace(
        config, data=dataclasses.replace(config.data, dataset="folder:photographs")
    )


def _rule(field):
    """The bounds or choices of a field, as a sentence."""
    rule = field.metadata
    if rule["choices"]:
        return f" One of {', '.join(rule['choices'])}."
    low, high = rule["minimum"], rule["maximum"]
    if low is not None and high is not None:
        return f" From {_number(low)} to {_number(high)}."
    return "" if low is None else f" At least {_number(low)}."


def _number(value):
    return f"{value:,}" if isinstance(value, int) else f"{value:g}"


def _shown(value):
    if value is None:
        return "<not set>"
    return str(value).lower() if isinstance(value, bool) else str(value)
