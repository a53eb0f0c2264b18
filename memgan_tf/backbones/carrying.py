"""The files of a backbone inside a run or an export."""

import os
import pathlib
import re

from memgan_tf.backbones.backbone import Backbone
from memgan_tf.backbones.cutting import describe
from memgan_tf.backbones.flat import flatten
from memgan_tf.backbones.keras_file import read_model, write_model
from memgan_tf.backbones.maps import find_maps
from memgan_tf.files import naming_damage, read_json, replacing, write_json

MODEL, FACTS = "backbone.keras", "backbone.json"
FORMAT = 1


def save_backbone(backbone: Backbone, folder: str | os.PathLike) -> None:
    """Writes the cut network and facts about it; each file is complete or absent.

    Raises:
        OSError: If the folder is missing or cannot be written.
    """
    folder = pathlib.Path(folder)
    with replacing(folder / MODEL) as temporary:
        write_model(backbone.model, temporary)
    write_json(
        folder / FACTS,
        {
            "format": FORMAT,
            "name": backbone.name,
            "layers": list(backbone.layers),
            "strides": list(backbone.strides),
            "channels": list(backbone.channels),
            "sha256": backbone.sha256,
            "license": backbone.license,
            "notes": list(backbone.notes),
        },
    )


def read_backbone(folder: str | os.PathLike) -> Backbone:
    """Reads a backbone written by `save_backbone`; the folder may be untrusted.

    Raises:
        ValueError: If a file is missing or damaged, names anything but Keras' own layers, or does
            not match the stored digest.
    """
    folder = pathlib.Path(folder)
    path = folder / FACTS
    with naming_damage(path):
        facts = _check_facts(read_json(path))
    path = folder / MODEL
    model = read_model(path)
    with naming_damage(path):
        return _describe(model, facts)


def _describe(model, facts):
    by_tensor = {found.layer: found for found in find_maps(flatten(model))}
    outputs = [tensor._keras_history.operation.name for tensor in model.outputs]
    if outputs != facts["layers"]:
        raise ValueError(f"its maps must be {facts['layers']}. Received: {outputs}")
    maps = [by_tensor[name] for name in outputs]
    found = describe(model, maps, facts["name"], facts["license"], tuple(facts["notes"]))
    for key in ("strides", "channels", "sha256"):
        held = getattr(found, key)
        if (list(held) if isinstance(held, tuple) else held) != facts[key]:
            raise ValueError(f"its {key} must be {facts[key]}. Received: {held}")
    return found


def _check_facts(facts):
    """Checks types and lengths of the stored facts, because texts are shown in reports."""
    if not isinstance(facts, dict) or facts.get("format") != FORMAT:
        raise ValueError(f"`format` must be {FORMAT}")
    for key, longest in (("name", 300), ("license", 1000)):
        if not _is_text(facts[key], longest):
            raise ValueError(f"`{key}` must be a text of at most {longest} characters")
    for key, longest in (("layers", 200), ("notes", 1000)):
        if not isinstance(facts[key], list) or not all(_is_text(x, longest) for x in facts[key]):
            raise ValueError(f"`{key}` must be a list of texts")
    if not facts["layers"] or len(facts["layers"]) > 100 or len(facts["notes"]) > 20:
        raise ValueError("`layers` must name 1 to 100 layers")
    for key in ("strides", "channels"):
        if not isinstance(facts[key], list) or not all(type(x) is int for x in facts[key]):
            raise ValueError(f"`{key}` must be a list of integers")
    if not isinstance(facts["sha256"], str) or not re.fullmatch("[0-9a-f]{64}", facts["sha256"]):
        raise ValueError("`sha256` must be 64 hexadecimal digits")
    return facts


def _is_text(value, longest):
    return isinstance(value, str) and len(value) <= longest and value.isprintable()
