"""npz files with arrays `x_train` and optional `y_train`, `x_test`, `y_test`."""

import hashlib
import math
import os
import zipfile

import numpy as np

from memgan_tf import files
from memgan_tf.data.labelled_images import LabelledImages, as_pixels
from memgan_tf.data.stored_images import Images
from memgan_tf.nearby import list_nearby
from memgan_tf.validation import received

# A compressed file may hold this many times its size, or this many bytes for any size. Images do
# not compress further, and a file that would fill the memory is refused before it is read.
MAX_EXPANSION, MAX_SMALL_BYTES = 20, 2**28
# How numpy writes members of an npz file.
COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
HEADERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}


def image_shape(path: str):
    """Shape of one image of x_train, from the header of the array."""
    try:
        with _open(path) as archive:
            shape = _check_member(archive, archive.getinfo("x_train.npy"))
    except Exception as error:
        # A damaged file may raise anything.
        raise ValueError(_message(path, error)) from error
    if len(shape) not in (3, 4):
        raise ValueError(
            f"`x_train` of {path} must be (images, height, width[, channels]). "
            f"{received('shape', shape)}"
        )
    return (*shape[1:], 1)[:3]


def content_digest(path: str) -> str:
    """Digest of the arrays of a file, equal only for equal names, sizes and checksums.

    Raises:
        ValueError: If the file cannot be read.
    """
    try:
        with _open(path) as archive:
            members = sorted((i.filename, i.file_size, i.CRC) for i in archive.infolist())
    except Exception as error:
        # A damaged file may raise anything.
        raise ValueError(_message(path, error)) from error
    return hashlib.sha256(repr(members).encode()).hexdigest()


def load(path: str, split: str) -> LabelledImages | None:
    """A split of a file; None if the file has no such images.

    Args:
        path: Path of the file.
        split: `train` or `test`.

    Raises:
        ValueError: If the file or an array is unusable; the message names it.
    """
    try:
        arrays = read_arrays(path, (f"x_{split}", f"y_{split}"))
    except ValueError as error:
        raise ValueError(_message(path, error)) from error
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


def read_arrays(
    path: str | os.PathLike, names: tuple[str, ...] | None = None
) -> dict[str, np.ndarray]:
    """Those of the arrays `names` that an npz file has, or all for None. Never unpickles.

    Raises:
        ValueError: If the file or an array cannot be read, or would fill the memory; the message
            is only the reason.
        OSError: If the system refuses to read the file.
    """
    try:
        with _open(path) as archive:
            members = {i.filename.removesuffix(".npy"): i for i in archive.infolist()}
            chosen = [name for name in names or members if name in members]
            total, limit = sum(members[name].file_size for name in chosen), os.path.getsize(path)
            if total > max(MAX_EXPANSION * limit, MAX_SMALL_BYTES):
                raise ValueError(f"{limit:,} bytes would become {total:,}")
            return {name: _read_member(archive, members[name]) for name in chosen}
    except Exception as error:
        # A damaged file may raise anything.
        if files.is_refusal(error):
            raise
        raise ValueError(files.first_line(error)) from error


def _open(path):
    files.check_regular(path)
    return zipfile.ZipFile(path)


def _read_member(archive, member):
    _check_member(archive, member)
    with archive.open(member) as file:
        return np.lib.format.read_array(file, allow_pickle=False)


def _check_member(archive, member):
    """The shape in an array's header, checked against the size of its content."""
    if member.compress_type not in COMPRESSIONS:
        raise ValueError(f"{member.filename} is compressed as numpy does not")
    with archive.open(member) as file:
        read_header = HEADERS.get(np.lib.format.read_magic(file))
        if read_header is None:
            raise ValueError(f"{member.filename} is in an unknown version of the npy format")
        shape, _, dtype = read_header(file)
        stated = file.tell() + math.prod(shape) * dtype.itemsize
    if dtype.hasobject:
        raise ValueError(f"{member.filename} holds Python objects, which are never unpickled")
    if stated != member.file_size or min(shape, default=0) < 0:
        raise ValueError(f"{member.filename} has {member.file_size:,} bytes instead of {stated:,}")
    return shape


def _labelled(path, split, arrays):
    images = as_pixels(f"x_{split} of {path}", arrays[f"x_{split}"])
    labels = arrays.get(f"y_{split}")
    if labels is not None:
        if labels.shape != (len(images),) or labels.dtype.kind not in "iub":
            raise ValueError(
                f"`y_{split}` of {path} must be one integer per image, ({len(images)},). "
                f"Received: shape={labels.shape}, dtype={labels.dtype}"
                f"{_way_to_integers(labels, len(images))}"
            )
        labels = labels.astype(np.int64)
    names = [f"{split}/{i:06d}" for i in range(len(images))]
    return LabelledImages(images, labels, names, groups=find_copies(images))


def _way_to_integers(labels, num_images):
    if labels.ndim == 2 and len(labels) == num_images:
        return "; save one-hot labels as y.argmax(axis=1), a column as y[:, 0]"
    is_float = labels.shape == (num_images,) and labels.dtype.kind == "f"
    return "; save whole numbers as y.astype(int)" if is_float else ""


def find_copies(images: Images) -> np.ndarray:
    """A number for each image, the same for equal images, `(num_images,)` int64."""
    numbers: dict[bytes, int] = {}
    digests = (hashlib.sha256(image).digest() for image in np.ascontiguousarray(images))
    return np.array([numbers.setdefault(digest, len(numbers)) for digest in digests], np.int64)


def _message(path, error):
    reason = "no array x_train" if isinstance(error, KeyError) else files.first_line(error)
    return (
        f"`dataset` npz:{path} cannot be read: {reason}. It needs an array x_train and, for "
        f"evaluation, x_test and y_test, saved by numpy.savez{list_nearby(path, 'npz:')}"
    )
