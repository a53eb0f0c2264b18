"""Checks the JSON files of a prepared set, which name classes to import and files to open."""

import pathlib
import re
from collections.abc import Iterator
from typing import Any

from memgan_tf import files

PREFIX = "tensorflow_datasets.core.features."
# Classes of tensorflow-datasets used by image classification sets. tensorflow-datasets would import
# any other class, from any module.
FEATURES = frozenset(
    PREFIX + name
    for name in (
        "bounding_boxes.BBoxFeature",
        "class_label_feature.ClassLabel",
        "features_dict.FeaturesDict",
        "image_feature.Image",
        "labeled_image.LabeledImage",
        "scalar.Scalar",
        "sequence_feature.Sequence",
        "tensor_feature.Tensor",
        "text_feature.Text",
    )
)
# In other formats, the lengths of records cannot be checked before they are read.
FILE_FORMATS = ("", "tfrecord")
MAX_SHARDS = 100_000
# Allowed in names of files and features; a template of these has no format specification.
PLAIN = re.compile(r"[\w{}. -]*")


def check_format(name: str, directory: pathlib.Path) -> None:
    """Checks a prepared set before tensorflow-datasets opens it, without importing anything.

    Args:
        name: Name of the set, for messages.
        directory: Folder of its version.

    Raises:
        ValueError: If a file is not regular, or has content that no image classification set needs.
    """
    try:
        for path in directory.iterdir():
            if not path.is_dir():
                files.check_regular(path)
            if path.suffix in (".json", ".txt"):
                files.open_regular(path, files.MAX_JSON_BYTES).close()
        _check_features(files.read_json(directory / "features.json"))
        _check_info(files.read_json(directory / "dataset_info.json"))
    except (*files.DAMAGE, OSError) as error:
        raise ValueError(
            f"`dataset` tfds:{name} in {directory} is not used: {files.first_line(error)}"
        ) from error


def _check_features(values):
    from google.protobuf import json_format
    from tensorflow_datasets.core.proto import feature_pb2

    # An older format of features, which tensorflow-datasets still reads.
    if not isinstance(values, dict) or "type" in values:
        raise ValueError("features.json is not in the format of tensorflow-datasets 4")
    try:
        feature = json_format.ParseDict(values, feature_pb2.Feature())
    except json_format.ParseError as error:
        raise ValueError(f"features.json: {files.first_line(error)}") from error
    for field, value in _fields_of(feature):
        if field == "python_class_name" and value not in FEATURES:
            raise ValueError(f"features.json names the class {value}, which is not allowed")
        if field == "json_feature":
            raise ValueError("features.json has a feature of a kind that is not allowed")
        if field == "key" and not PLAIN.fullmatch(value):
            raise ValueError(f"features.json names a feature {value!r}")


def _fields_of(message) -> Iterator[tuple[str, Any]]:
    """All fields of a message and of nested messages; keys of a map as fields named `key`."""
    for field, value in message.ListFields():
        if field.message_type is None:
            yield field.name, value
        elif field.message_type.GetOptions().map_entry:
            for key, inner in value.items():
                yield "key", key
                if hasattr(inner, "ListFields"):
                    yield from _fields_of(inner)
        else:
            yield field.name, value
            for inner in [value] if hasattr(value, "ListFields") else value:
                yield from _fields_of(inner)


def _check_info(values):
    from google.protobuf import json_format
    from tensorflow_datasets.core.proto import dataset_info_pb2

    try:
        info = json_format.ParseDict(values, dataset_info_pb2.DatasetInfo())
    except json_format.ParseError as error:
        raise ValueError(f"dataset_info.json: {files.first_line(error)}") from error
    if info.file_format not in FILE_FORMATS:
        raise ValueError(
            f"its files are {info.file_format}; prepare it as tfrecord, by "
            f"tfds.builder(…, file_format='tfrecord')"
        )
    for text in (info.name, *(split.name for split in info.splits)):
        if not PLAIN.fullmatch(text):
            raise ValueError(f"dataset_info.json names {text!r}")
    for split in info.splits:
        if not PLAIN.fullmatch(split.filepath_template):
            raise ValueError(f"dataset_info.json names files {split.filepath_template!r}")
        if len(split.shard_lengths) > MAX_SHARDS:
            raise ValueError(f"split {split.name} has {len(split.shard_lengths):,} files")
