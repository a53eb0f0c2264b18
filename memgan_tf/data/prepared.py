"""Sets that tensorflow-datasets has prepared on this machine. Nothing is downloaded."""

import pathlib

import numpy as np

from memgan_tf import files
from memgan_tf.data.labelled_images import EncodedImages, LabelledImages

READ_BATCH = 4096


def find_directory(name: str, data_dir: str | None) -> pathlib.Path:
    """The newest prepared version of a set.

    Raises:
        ValueError: If there is none.
    """
    from tensorflow_datasets.core import constants

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
    )


def image_shape(name: str, directory: pathlib.Path) -> tuple[int, ...]:
    """`(height, width, channels)` as the set's features.json has it.

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
    return tuple(shape)


def load(name: str, directory: pathlib.Path, split: str) -> LabelledImages:
    """A split of a set, its images still encoded.

    Args:
        name: Of the set, for messages.
        directory: See `find_directory`.
        split: `train` or `test`.

    Raises:
        ValueError: If the set has no such split.
    """
    import tensorflow_datasets as tfds

    shape = image_shape(name, directory)
    builder = tfds.builder_from_directory(directory)
    if split not in builder.info.splits:
        raise ValueError(f"`dataset` tfds:{name} has no split {split}")
    dataset = builder.as_dataset(
        split=split,
        decoders={"image": tfds.decode.SkipDecoding()},
        # Ids are the file's order, so names do not depend on how the reading is scheduled.
        read_config=tfds.ReadConfig(add_tfds_id=True, interleave_cycle_length=1),
        shuffle_files=False,
    ).batch(READ_BATCH)
    batches = list(dataset.as_numpy_iterator())
    return LabelledImages(
        EncodedImages(np.concatenate([batch["image"] for batch in batches]), shape),
        np.concatenate([batch["label"] for batch in batches]).astype(np.int64),
        [f"{split}/{name.decode()}" for batch in batches for name in batch["tfds_id"]],
    )
