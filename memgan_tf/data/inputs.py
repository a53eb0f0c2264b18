"""Images that a user wants scored: a file, a folder or an npz file."""

import dataclasses
import pathlib

import numpy as np

from memgan_tf.data.labelled_images import as_pixels
from memgan_tf.data.npz import read_arrays

IMAGE_SUFFIXES = (".bmp", ".gif", ".jpeg", ".jpg", ".png")
ARRAY_NAMES = ("images", "x_test", "x_train", "y_test")


@dataclasses.dataclass(frozen=True)
class ScoringInput:
    """Images to score.

    Attributes:
        images: `(num_images, height, width, channels)` uint8.
        names: One per image.
        skipped: Files that could not be read, each with its reason.
    """

    images: np.ndarray
    names: list[str]
    skipped: list[tuple[str, str]]


def check_input(path: str) -> None:
    """Checks, without reading an image, that there is something to score.

    Raises:
        ValueError: If the path is missing, of another kind, or a folder without images.
    """
    file = pathlib.Path(path)
    if not file.exists():
        raise ValueError(f"`input` must be an image, a folder or an npz file; {path} is missing")
    if file.is_file() and file.suffix.lower() not in (".npz", *IMAGE_SUFFIXES):
        raise ValueError(
            f"`input` must end in .npz or one of {', '.join(IMAGE_SUFFIXES)}. Received: {path}"
        )
    if file.is_dir() and not list_images(file):
        raise ValueError(
            f"`input` must hold images ({', '.join(IMAGE_SUFFIXES)}); the folder {path} has none"
        )


def list_images(folder: pathlib.Path) -> list[pathlib.Path]:
    """Image files below a folder, in the order of their paths."""
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() in IMAGE_SUFFIXES)


def read_input(path: str, image_shape: tuple[int, int, int]) -> ScoringInput:
    """Reads images and fits files to the shape that a detector takes.

    Args:
        path: An image, a folder with images at any depth, or an npz file with `images` (or
            `x_test`, or `x_train`), which must have the shape already.
        image_shape: `(height, width, channels)`.

    Raises:
        ValueError: If there is nothing to score.
    """
    check_input(path)
    file = pathlib.Path(path)
    if file.suffix.lower() == ".npz" and file.is_file():
        arrays = read_arrays(path, ARRAY_NAMES)
        if not arrays.keys() & {"images", "x_test", "x_train"}:
            raise ValueError(f"`input` {path} must hold an array images (or x_test, or x_train)")
        name = next(name for name in ARRAY_NAMES if name in arrays)
        images = as_pixels(f"{name} of {path}", arrays[name])
        return ScoringInput(images, [f"{name}/{i:06d}" for i in range(len(images))], [])
    return _read_files([file] if file.is_file() else list_images(file), image_shape)


def _read_files(paths, image_shape):
    # Scoring a file needs TensorFlow's decoders; checking the flags before does not.
    import tensorflow as tf
    from tqdm import tqdm

    from memgan_tf.layers.images import decode_image

    images, names, skipped = [], [], []
    for path in tqdm(paths, unit="image", desc="reading", disable=None):
        try:
            pixels = decode_image(path.read_bytes(), image_shape).numpy()
        except (OSError, tf.errors.InvalidArgumentError) as error:
            reason = str(getattr(error, "message", error)).splitlines()[0]
            skipped.append((str(path), reason))
            continue
        images.append(np.round(pixels).astype(np.uint8))
        names.append(str(path))
    if not images:
        raise ValueError(f"`input` holds no readable image: {skipped[0][0]}: {skipped[0][1]}")
    return ScoringInput(np.stack(images), names, skipped)
