"""Flags generated from the fields of the configuration, so that each is defined once."""

import dataclasses
from typing import Any

from absl import flags

from memgan_tf.config import (
    DETECTORS,
    PRESET_NAMES,
    DataConfig,
    TrainingConfig,
    choices,
    read_overrides,
)
from memgan_tf.config.fields import Checked, check, field_type, option


def define(flag_values: flags.FlagValues) -> None:
    """Defines `--detector`, `--preset`, `--config_file` and a flag for every field."""
    flags.DEFINE_enum(
        "detector",
        None,
        list(DETECTORS),
        f"Method: {', '.join(DETECTORS)}. Default: patch_memory for photographs in a folder or a "
        f"list, and memgan for other sets. Each has settings of its own, such as "
        f"--backbone: memgan train --detector=<name> --help lists them.",
        flag_values=flag_values,
    )
    flags.DEFINE_enum(
        "preset",
        None,
        list(PRESET_NAMES),
        "Source of settings that are not given. default: higher averages under the protocol. "
        "paper: as close as the text of the paper allows. Default: default.",
        flag_values=flag_values,
    )
    flags.DEFINE_string(
        "config_file",
        None,
        "JSON file with settings, such as a run's config.json; flags override it.",
        flag_values=flag_values,
    )
    for name, (field, _) in _fields().items():
        _define_field(name, field, f"{_describe(name)}{_default(name)}", flag_values)


def _describe(name):
    """Description of a field, for each detector that has its own."""
    texts: dict[str, list[str]] = {}
    for part, owner in _parts():
        if name in part.describe():
            texts.setdefault(part.describe()[name].metadata["description"], []).append(owner)
    return " ".join(f"{text}{_owners(owners)}" for text, owners in texts.items())


def _owners(owners):
    return "" if not all(owners) else f" [{', '.join(owners)}]"


def _default(name):
    if choices.is_set_by_presets(name):
        return " Default: the preset's."
    owners: dict[Any, list[str]] = {}
    for part, owner in _parts():
        if name in part.describe():
            owners.setdefault(part.describe()[name].default, []).append(owner)
    if set(owners) == {None}:
        return ""
    if len(owners) == 1:
        return f" Default: {next(iter(owners))}."
    return f" Default: {', '.join(f'{v}{_owners(who)}' for v, who in owners.items())}."


def overrides(flag_values: flags.FlagValues) -> dict[str, Any]:
    """Settings of the file and the flags by field name; always includes `preset`.

    Raises:
        ValueError: If the file is unusable or a value breaks the rule of its field.
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


def _parts() -> list[tuple[type[Checked], str]]:
    """The classes of the configuration, each with its detector, or empty for all detectors."""
    models = [(method.config, detector) for detector, method in DETECTORS.items()]
    return [(DataConfig, ""), (TrainingConfig, ""), *models]


def _fields() -> dict[str, tuple[dataclasses.Field, list[str]]]:
    """Every field by name, with its detectors; no detectors for shared fields."""
    fields: dict[str, tuple[dataclasses.Field, list[str]]] = {}
    for part, owner in _parts():
        for name, field in part.describe().items():
            known, detectors = fields.get(name, (field, []))
            fields[name] = (_widest(known, field), [*detectors, owner] if owner else [])
    return fields


def _widest(first: dataclasses.Field, second: dataclasses.Field) -> dataclasses.Field:
    """A field that accepts what either accepts; the detector's own rule is checked later."""
    rules = [field.metadata for field in (first, second)]
    allowed = dict.fromkeys(choice for rule in rules for choice in rule["choices"] or ())
    bounds = {
        name: None if None in values else pick(values)
        for name, pick in (("minimum", min), ("maximum", max))
        for values in ([rule[name] for rule in rules],)
    }
    text = first.metadata["description"]
    merged = option(first.default, text, choices=tuple(allowed) or None, **bounds)
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
