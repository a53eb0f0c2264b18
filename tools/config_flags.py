"""Flags made from the configuration's fields, so that each is written once."""

import dataclasses
from typing import Any

from absl import flags

from memgan_tf.config import (
    DETECTORS,
    PRESET_NAMES,
    DataConfig,
    TrainingConfig,
    read_overrides,
)
from memgan_tf.config.fields import check, field_type, option


def define(flag_values: flags.FlagValues) -> None:
    """Defines `--detector`, `--preset`, `--config_file` and a flag for every field."""
    flags.DEFINE_enum("detector", None, list(DETECTORS), "Method.", flag_values=flag_values)
    flags.DEFINE_enum(
        "preset",
        None,
        list(PRESET_NAMES),
        "default: what works best under the protocol. paper: as close as the text allows.",
        flag_values=flag_values,
    )
    flags.DEFINE_string(
        "config_file",
        None,
        "JSON file of settings, such as a run's config.json; flags win over it.",
        flag_values=flag_values,
    )
    for name, (field, detectors) in _fields().items():
        owner = f" ({', '.join(detectors)})" if detectors else ""
        default = f" Default: {field.default}." if not detectors else " Default: the preset's."
        description = field.metadata["description"] + owner + default
        _define_field(name, field, description, flag_values)


def overrides(flag_values: flags.FlagValues) -> dict[str, Any]:
    """What the file and the flags say, by field name; `preset` always among it.

    Raises:
        ValueError: If the file is unusable or a value breaks its field's rule.
    """
    fields = _fields()
    values = {"preset": "default"}
    if flag_values.config_file is not None:
        values.update(read_overrides(flag_values.config_file))
    given = {name: flag_values[name].value for name in (*fields, "detector", "preset")}
    values.update({name: value for name, value in given.items() if value is not None})
    for name, value in values.items():
        if name in fields:
            values[name] = check(fields[name][0], value)
    return values


def _fields() -> dict[str, tuple[dataclasses.Field, list[str]]]:
    """Every field by name, with the detectors that it belongs to; none for the shared ones."""
    fields = {
        name: (field, [])
        for part in (DataConfig, TrainingConfig)
        for name, field in part.describe().items()
    }
    for detector, (model_class, _) in DETECTORS.items():
        for name, field in model_class.describe().items():
            known, detectors = fields.get(name, (field, []))
            fields[name] = (_widest(known, field), [*detectors, detector])
    return fields


def _widest(first: dataclasses.Field, second: dataclasses.Field) -> dataclasses.Field:
    """A field that takes what either takes; the detector's own is checked when it is known."""
    rules = [field.metadata for field in (first, second)]
    choices = dict.fromkeys(choice for rule in rules for choice in rule["choices"] or ())
    bounds = {
        name: None if None in values else pick(values)
        for name, pick in (("minimum", min), ("maximum", max))
        for values in ([rule[name] for rule in rules],)
    }
    longest = max((rule["description"] for rule in rules), key=len)
    merged = option(first.default, longest, choices=tuple(choices) or None, **bounds)
    merged.name, merged.type = first.name, first.type
    return merged


def _define_field(name, field, description, flag_values):
    kind, _ = field_type(field)
    options = {"flag_values": flag_values}
    if kind is bool:
        flags.DEFINE_bool(name, None, description, **options)
    elif kind is int:
        flags.DEFINE_integer(name, None, description, **options)
    elif kind is float:
        flags.DEFINE_float(name, None, description, **options)
    elif field.metadata["choices"]:
        flags.DEFINE_enum(name, None, list(field.metadata["choices"]), description, **options)
    else:
        flags.DEFINE_string(name, None, description, **options)
