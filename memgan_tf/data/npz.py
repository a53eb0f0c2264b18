"""npz files: arrays `x_train`, optional `y_train`, `x_test`, `y_test`."""

import zipfile
import zlib

import numpy as np

from memgan_tf.data.labelled_images import LabelledImages, as_pixels
from memgan_tf.validation import received

# What reading a damaged npz file raises.
UNREADABLE = (OSError, ValueError, EOFError, NotImplementedError, zipfile.BadZipFile, zlib.error)


def image_shape(path: str):
    """Shape of one image of x_train, from the array's header alone."""
    try:
        with zipfile.ZipFile(path) as archive, archive.open("x_train.npy") as file:
            read_header = {
                (1, 0): np.lib.format.read_array_header_1_0,
                (2, 0): np.lib.format.read_array_header_2_0,
            }.get(np.lib.format.read_magic(file))
            if read_header is None:
                raise ValueError("x_train is in an unknown version of the npy format")
            shape, _, _ = read_header(file)
    except (*UNREADABLE, KeyError) as error:
        raise ValueError(_message(path, error)) from error
    if len(shape) not in (3, 4):
        raise ValueError(
            f"`x_train` of {path} must be (images, height, width[, channels]). "
            f"{received('shape', shape)}"
        )
    return (*shape[1:], 1)[:3]


def load(path: str, split: str) -> LabelledImages | None:
    """A split of a file; None if it has no such images.

    Args:
        path: Of the file.
        split: `train` or `test`.

    Raises:
        ValueError: If the file or an array is unusable; the message names it.
    """
    arrays = read_arrays(path, (f"x_{split}", f"y_{split}"))
    if f"x_{split}" not in arrays:
        if split == "test":
            return None
        raise ValueError(_message(path, KeyError("x_train")))
    shape, found = image_shape(path), _labelled(path, split, arrays)
    if found.images.shape[1:] != tuple(shape):
        raise ValueError(
            f"`x_{split}` of {path} must have images like x_train's, {tuple(shape)}. "
            f"{received('shape', found.images.shape)}"
        )
    return found


def read_arrays(path: str, names: tuple[str, ...]) -> dict[str, np.ndarray]:
    """Those of the arrays `names` that an npz file has; never unpickles.

    Raises:
        ValueError: If the file or an array cannot be read.
    """
    try:
        # Opened here: numpy leaves a file open that it opened and could not read.
        with open(path, "rb") as file, np.load(file, allow_pickle=False) as archive:
            return {name: archive[name] for name in names if name in archive.files}
    except (*UNREADABLE, AttributeError, TypeError) as error:
        raise ValueError(_message(path, error)) from error


def _labelled(path, split, arrays):
    images = as_pixels(f"x_{split} of {path}", arrays[f"x_{split}"])
    labels = arrays.get(f"y_{split}")
    if labels is not None:
        if labels.shape != (len(images),) or labels.dtype.kind not in "iub":
            raise ValueError(
                f"`y_{split}` of {path} must be one integer per image, ({len(images)},). "
                f"Received: shape={labels.shape}, dtype={labels.dtype}"
            )
        labels = labels.astype(np.int64)
    return LabelledImages(images, labels, [f"{split}/{i:06d}" for i in range(len(images))])


def _message(path, error):
    reason = "no array x_train" if isinstance(error, KeyError) else str(error).splitlines()[0]
    return (
        f"`dataset` npz:{path} cannot be read: {reason}. It needs an array x_train and, for "
        f"evaluation, x_test and y_test, saved by numpy.savez"
    )
