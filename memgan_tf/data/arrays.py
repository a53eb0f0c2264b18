"""Images in a program's memory, kept as an npz file so that a run can be resumed anywhere."""

import hashlib
import os
import pathlib
import sys
from collections.abc import Mapping
from typing import Any

import numpy as np

from memgan_tf import files, outputs
from memgan_tf.data.labelled_images import as_pixels
from memgan_tf.data.sources import name_of_path
from memgan_tf.validation import received

# Name of a folder inside the folder of all runs.
FOLDER = "arrays"
NAMES = ("x_train", "y_train", "x_test", "y_test")
# Cardinality of an endless tf.data.Dataset, which is refused.
INFINITE = -1


def name_dataset(dataset: Any, model_dir: str | os.PathLike) -> str:
    """The name of a data set: kind and path, or for images the file that keeps them.

    Args:
        dataset: A name as for `--dataset`, a path, or images (see `collect`).
        model_dir: Images are kept in its folder `arrays`, under a name derived from their content.

    Raises:
        ValueError: If it is not a data set or its images are not usable.
        OSError: If the folder cannot be written.
    """
    if isinstance(dataset, str):
        return dataset
    if isinstance(dataset, os.PathLike):
        return name_of_path(dataset)
    return f"npz:{_keep(collect(dataset), pathlib.Path(model_dir))}"


def collect(dataset: Any) -> dict[str, np.ndarray]:
    """The arrays of an npz file with these images.

    Args:
        dataset: Images `(num_images, height, width[, channels])`, 0 to 255, or a list of them;
            a tuple of images and integer labels; a dictionary with `x_train` and any of `y_train`,
            `x_test`, `y_test`; or a finite tf.data.Dataset of images, or of pairs of an image and
            a label, batched or not.

    Raises:
        ValueError: If it is none of these.
    """
    if is_tf_dataset(dataset):
        dataset = _read_dataset(dataset)
    if isinstance(dataset, tuple):
        if len(dataset) != 2:
            raise ValueError(
                f"`dataset` must be (images, labels) if it is a tuple. Received: {len(dataset)} "
                f"parts"
            )
        dataset = dict(zip(("x_train", "y_train"), dataset, strict=True))
    if not isinstance(dataset, Mapping):
        dataset = {"x_train": dataset}
    unknown = [name for name in dataset if name not in NAMES]
    if unknown or "x_train" not in dataset:
        raise ValueError(
            f"`dataset` must have x_train and nothing but {', '.join(NAMES)}. Received: "
            f"{', '.join(map(str, dataset)) or 'an empty dictionary'}"
        )
    return {
        name: as_images(name if len(dataset) > 1 else "dataset", values)
        if name.startswith("x")
        else _as_labels(name, values, dataset[f"x{name[1:]}"])
        for name, values in dataset.items()
    }


def as_images(name: str, images: Any) -> np.ndarray:
    """Images as `(num_images, height, width, channels)` uint8.

    Args:
        name: Name of the argument, for messages.
        images: An array, or a list of arrays of one shape.

    Raises:
        ValueError: If it is anything else; the message says what to do.
    """
    check_kind(name, images)
    array = as_array(name, images)
    if array.ndim == 2:
        raise ValueError(
            f"`{name}` must be images, (images, height, width[, channels]). Received: one array "
            f"of the shape {array.shape}. Use images[None] for a single image"
        )
    return np.asarray(as_pixels(name, array))


def as_array(name: str, images: Any) -> np.ndarray:
    """A list as an array.

    Raises:
        ValueError: If its images differ in shape.
    """
    try:
        return np.asarray(images)
    except ValueError as error:
        raise ValueError(
            f"`{name}` must be images of one shape. Received: images of different shapes. Save "
            f"them as files, whose size memgan_tf.train('folder:<folder>') makes one"
        ) from error


def check_kind(name: str, images: Any) -> None:
    """Checks that something is an array or a list of arrays.

    Raises:
        ValueError: If it is a tf.data.Dataset, a column of objects, or nothing.
    """
    if is_tf_dataset(images):
        raise ValueError(
            f"`{name}` must be an array of images. Received: a tf.data.Dataset. Use "
            f"np.stack(list(dataset.unbatch().as_numpy_iterator())), or memgan_tf.train(dataset)"
        )
    if getattr(images, "ndim", 2) == 1 and _kind(images) == "O":
        raise ValueError(
            f"`{name}` must be an array of images. Received: a {type(images).__name__} of objects. "
            f"Use np.stack({name}.tolist())"
        )
    if images is None or (hasattr(images, "__len__") and len(images) == 0):
        raise ValueError(f"`{name}` must hold at least one image. Received: none")


def is_tf_dataset(value: Any) -> bool:
    """Whether it is a tf.data.Dataset, without importing TensorFlow."""
    tensorflow = sys.modules.get("tensorflow")
    return tensorflow is not None and isinstance(value, tensorflow.data.Dataset)


def _kind(images):
    return getattr(getattr(images, "dtype", None), "kind", None)


def _as_labels(name, labels, images):
    labels = np.asarray(labels)
    if labels.shape != (len(images),) or labels.dtype.kind not in "iub":
        raise ValueError(
            f"`{name}` must be one integer per image, ({len(images)},). "
            f"Received: shape={labels.shape}, dtype={labels.dtype}"
        )
    return labels.astype(np.int64)


def _read_dataset(dataset):
    """The images of a tf.data.Dataset, or a tuple of its images and labels."""
    if int(dataset.cardinality().numpy()) == INFINITE:
        raise ValueError(
            "`dataset` must end. Received: a tf.data.Dataset without an end. Remove its "
            "`repeat()`, or use `take(n)`"
        )
    image, label = _parts(dataset.element_spec)
    batched = _is_batch(image.shape)
    images, labels = [], []
    for element in dataset.as_numpy_iterator():
        pixels, number = _parts(element)
        images.append(pixels if batched else pixels[np.newaxis])
        labels.append(np.atleast_1d(number))
    if not images:
        raise ValueError("`dataset` must hold at least one image. Received: none")
    if len({part.shape[1:] for part in images}) > 1:
        raise ValueError(
            "`dataset` must have images of one shape. Received: different shapes. Map "
            "`tf.image.resize` over it"
        )
    whole = np.concatenate(images)
    return whole if label is None else (whole, np.concatenate(labels))


def _parts(element):
    """Image and label of an element; the label is None if it has none."""
    if isinstance(element, Mapping) and "image" in element:
        return element["image"], element.get("label")
    if isinstance(element, tuple) and len(element) == 2:
        return element
    if isinstance(element, (tuple, Mapping)):
        raise ValueError(
            f"`dataset` must have elements that are an image, or a pair of an image and a label. "
            f"{received('element', element)}"
        )
    return element, None


def _is_batch(shape):
    """Whether images of a specification come in batches: (batch, height, width[, channels])."""
    rank = shape.rank
    if rank not in (2, 3, 4):
        raise ValueError(
            f"`dataset` must have images as elements, (height, width[, channels]), or batches of "
            f"them. {received('shape', tuple(shape) if rank is not None else None)}"
        )
    return rank == 4 or (rank == 3 and shape[-1] not in (1, 3))


def _keep(arrays, model_dir):
    """The file that holds the arrays, written unless it exists."""
    digest = hashlib.sha256()
    for name in sorted(arrays):
        digest.update(f"{name}{arrays[name].shape}{arrays[name].dtype}".encode())
        digest.update(np.ascontiguousarray(arrays[name]).data)
    path = model_dir / FOLDER / f"images_{digest.hexdigest()[:16]}.npz"
    if not path.exists():
        outputs.make_folder(path.parent, "model_dir")
        with files.replacing(path) as temporary, temporary.open("wb") as file:
            np.savez(file, **arrays)
    return path
