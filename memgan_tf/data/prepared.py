"""Reads sets prepared by tensorflow-datasets on this machine. Nothing is downloaded."""

import os
import pathlib
from collections.abc import Iterator

import numpy as np

from memgan_tf import files
from memgan_tf.data import prepared_format, records
from memgan_tf.data.labelled_images import EncodedImages, LabelledImages
from memgan_tf.validation import guess

READ_BATCH = 4096


def find_directory(name: str, data_dir: str | None) -> pathlib.Path:
    """The newest prepared version of a set.

    Raises:
        ValueError: If the set is not prepared.
    """
    from tensorflow_datasets.core import constants

    if pathlib.PurePath(name).is_absolute() or ".." in pathlib.PurePath(name).parts:
        raise ValueError(f"`dataset` tfds:<name> must be a name, not a path. Received: {name}")
    root = pathlib.Path(data_dir or constants.DATA_DIR).expanduser()
    base = root / name.partition(":")[0]
    version = name.partition(":")[2] or "*"
    versions = sorted(
        (path.parent for path in base.glob(f"{version}/dataset_info.json")),
        key=lambda path: [int(n) if n.isdigit() else -1 for n in path.name.split(".")],
    )
    if versions:
        return versions[-1]
    raise ValueError(
        f"`dataset` {name} is not prepared in {root}. Prepare it, where there is a network, by: "
        f'python -c "import tensorflow_datasets as tfds; '
        f"tfds.load('{name}', data_dir='{root}')\", or name another --data_dir"
        f"{guess(base.name, os.listdir(root) if root.is_dir() else [])}"
    )


def image_shape(name: str, directory: pathlib.Path) -> tuple[int, int, int]:
    """`(height, width, channels)` from the set's features.json.

    Raises:
        ValueError: If it is not an image classification set with images of one size.
    """
    features = files.read_json(directory / "features.json")
    try:
        fields = features["featuresDict"]["features"]
        dimensions = fields["image"]["image"]["shape"]["dimensions"]
        fields["label"]
        shape = [int(size) for size in dimensions]
    except files.DAMAGE as error:
        raise ValueError(
            f"`dataset` tfds:{name} is not an image classification set: {files.first_line(error)}"
        ) from error
    if len(shape) != 3 or min(shape) < 1:
        raise ValueError(
            f"`dataset` tfds:{name} has images of varying size: {dimensions}. Resize them into an "
            f"npz file and use npz:<file>"
        )
    height, width, channels = shape
    return height, width, channels


def load(name: str, directory: pathlib.Path, split: str) -> LabelledImages:
    """A split of a set, with encoded images.

    Args:
        name: Name of the set, for messages.
        directory: See `find_directory`.
        split: `train` or `test`.

    Raises:
        ValueError: If the set does not have the split or is damaged.
    """
    shape = image_shape(name, directory)
    prepared_format.check_format(name, directory)
    try:
        batches = _read_batches(name, directory, split)
    except Exception as error:
        # A damaged file may raise anything.
        raise ValueError(
            f"`dataset` tfds:{name} in {directory} cannot be read: {files.first_line(error)}"
        ) from error
    return LabelledImages(
        EncodedImages(np.concatenate([batch["image"] for batch in batches]), shape),
        np.concatenate([batch["label"] for batch in batches]).astype(np.int64),
        [f"{split}/{name.decode()}" for batch in batches for name in batch["tfds_id"]],
    )


def _read_batches(name, directory, split):
    import tensorflow_datasets as tfds

    builder = tfds.builder_from_directory(directory)
    if split not in builder.info.splits:
        raise ValueError(f"it has no split {split}")
    for path in builder.info.splits[split].filepaths:
        if pathlib.Path(path).parent != directory:
            raise ValueError(f"its file {path} is elsewhere")
        records.check_records(path)
    read = read_records if has_plain_records(builder) else read_by_tfds
    batches = list(read(builder, split))
    if not sum(len(batch["label"]) for batch in batches):
        raise ValueError(f"its split {split} has no images")
    return batches


def has_plain_records(builder) -> bool:
    """Whether `read_records` can read a set."""
    import tensorflow_datasets as tfds

    is_record = builder.info.file_format is tfds.core.FileFormat.TFRECORD
    return is_record and builder.info.features["label"].np_dtype == np.int64


def read_records(builder, split: str) -> Iterator[dict[str, np.ndarray]]:
    """Batches from a split's TFRecord files, equal to those of `read_by_tfds` in a tenth the time.

    tensorflow-datasets parses one example at a time; this function parses thousands.

    Args:
        builder: Builder of the set.
        split: Name of the split.

    Yields:
        Batches of `image` (encoded), `label` and `tfds_id`.
    """
    import tensorflow as tf

    fields = {"image": tf.io.FixedLenFeature([], tf.string)}
    fields["label"] = tf.io.FixedLenFeature([], tf.int64)
    for path in builder.info.splits[split].filepaths:
        batches = tf.data.TFRecordDataset(str(path)).batch(READ_BATCH)
        examples = batches.map(lambda batch: tf.io.parse_example(batch, fields))
        position = 0
        for batch in examples.as_numpy_iterator():
            positions = range(position, position + len(batch["label"]))
            position = positions.stop
            # The names that tensorflow-datasets gives.
            yield batch | {"tfds_id": [f"{path.name}__{n}".encode() for n in positions]}


def read_by_tfds(builder, split: str) -> Iterator[dict[str, np.ndarray]]:
    """Batches of a split in any of the formats of tensorflow-datasets; see `read_records`."""
    import tensorflow_datasets as tfds

    dataset = builder.as_dataset(
        split=split,
        decoders={"image": tfds.decode.SkipDecoding()},
        # Ids follow the order in the file, so names do not depend on scheduling.
        read_config=tfds.ReadConfig(add_tfds_id=True, interleave_cycle_length=1),
        shuffle_files=False,
    )
    return dataset.batch(READ_BATCH).as_numpy_iterator()
