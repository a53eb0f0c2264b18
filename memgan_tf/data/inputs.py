"""Reads images to be scored: a file, a folder or an npz file."""

import dataclasses
import os
import pathlib
import tempfile
from collections.abc import Iterable, Iterator

import numpy as np

from memgan_tf import files
from memgan_tf.data.channels import as_channels
from memgan_tf.data.decoding import decode_all
from memgan_tf.data.folders.originals import Originals, Photograph
from memgan_tf.data.folders.walk import HIDDEN, name_of, walk
from memgan_tf.data.image_files import IMAGE_SUFFIXES, decode
from memgan_tf.data.labelled_images import as_pixels
from memgan_tf.data.npz import read_arrays
from memgan_tf.data.stored_images import Images, StoredImages
from memgan_tf.nearby import list_nearby

# Files whose values use this many bits fewer than the run expects have at most 16 gray levels.
DARK_BITS = 4
ARRAY_NAMES = ("images", "x_test", "x_train", "y_test")


@dataclasses.dataclass(frozen=True)
class ScoringInput:
    """Images to score.

    Attributes:
        images: `(num_images, height, width, channels)` uint8; kept in a file if there are many.
        names: One per image.
        skipped: Files that could not be read, each with its reason.
        originals: The photographs that the images were scaled from; None for arrays.
        notes: What a user must know about how the files were read, one line each.
    """

    images: Images
    names: list[str]
    skipped: list[tuple[str, str]]
    originals: Originals | None = None
    notes: tuple[str, ...] = ()


def check_input(path: str) -> None:
    """Checks that there is something to score, without reading an image.

    Raises:
        ValueError: If the path is missing, is of another kind, or is a folder without images.
    """
    file = pathlib.Path(path)
    if not file.exists():
        raise ValueError(
            f"`input` must be an image, a folder or an npz file; {path} is missing"
            f"{list_nearby(file)}"
        )
    if file.is_file() and file.suffix.lower() not in (".npz", *IMAGE_SUFFIXES):
        raise ValueError(
            f"`input` must end in .npz or one of {', '.join(IMAGE_SUFFIXES)}. Received: {path}"
        )
    if file.is_dir() and not list_images(file):
        raise ValueError(
            f"`input` must hold images ({', '.join(IMAGE_SUFFIXES)}); the folder {path} has none"
            f"{walk(file).why_empty()}"
        )


def list_images(folder: pathlib.Path) -> list[pathlib.Path]:
    """Image files below a folder, in the order of their paths."""
    return [folder / path for path in walk(folder).images]


def read_input(
    path: str,
    image_shape: tuple[int, int, int],
    image_fit: str = "stretch",
    bit_depth: int | None = None,
) -> ScoringInput:
    """Reads images and fits files to the detector's input shape.

    Args:
        path: An image, a folder with images at any depth, or an npz file with `images` (or
            `x_test`, or `x_train`), which must already have the shape.
        image_shape: `(height, width, channels)`.
        image_fit: How files of another size are fitted, `DataConfig.fit` of the run.
        bit_depth: Number of bits used by the values of files of 16 and 32 bits; None is 16.

    Raises:
        ValueError: If there is nothing to score.
    """
    check_input(path)
    file = pathlib.Path(path)
    if file.suffix.lower() == ".npz" and file.is_file():
        try:
            arrays = read_arrays(path, ARRAY_NAMES)
        except ValueError as error:
            raise ValueError(f"`input` {path} cannot be read: {error}") from error
        if not arrays.keys() & {"images", "x_test", "x_train"}:
            raise ValueError(f"`input` {path} must hold an array images (or x_test, or x_train)")
        name = next(name for name in ARRAY_NAMES if name in arrays)
        images = as_pixels(f"{name} of {path}", arrays[name])
        return ScoringInput(images, [f"{name}/{i:06d}" for i in range(len(images))], [])
    paths = [file] if file.is_file() else list_images(file)
    given = _read_files(paths, image_shape, image_fit, bit_depth)
    return dataclasses.replace(given, skipped=given.skipped + _unread(file))


def _unread(file):
    """Hidden folders and images, and folders that may not be read."""
    if not file.is_dir():
        return []
    found = walk(file)
    hidden = [
        (path, reason)
        for path, reason in found.others
        if reason == HIDDEN
        and (path.suffix.lower() in IMAGE_SUFFIXES or os.path.isdir(file / path))
    ]
    return [(name_of(file / path), reason) for path, reason in [*hidden, *found.refused]]


def read_files(
    paths: Iterable[pathlib.Path],
    image_shape: tuple[int, int, int],
    image_fit: str,
    bit_depth: int | None,
) -> Iterator[tuple[np.ndarray, tuple[int, int], int | None] | ValueError]:
    """Yields the pixels of each file, fitted to the shape, its own `(height, width)` and its peak.

    Args:
        paths: Paths of image files.
        image_shape: As in `read_input`.
        image_fit: As in `read_input`.
        bit_depth: As in `read_input`.

    Yields:
        One result for each path, in order; a ValueError with the reason if it cannot be read.
    """
    height, width, channels = image_shape

    def look(path):
        decoded = decode(path, bit_depth)
        pixels = as_channels(decoded.fit(height, width, image_fit), channels)
        return pixels, decoded.size, decoded.peak

    return decode_all(paths, look, "reading")


def _read_files(paths, image_shape, image_fit, bit_depth):
    channels = image_shape[2]
    names, skipped, photographs, peaks = [], [], [], []
    # The file has no name, so it is deleted together with the images.
    with files.naming_file(tempfile.gettempdir()), tempfile.TemporaryFile() as pixels:
        results = read_files(paths, image_shape, image_fit, bit_depth)
        for path, result in zip(paths, results, strict=True):
            if isinstance(result, ValueError):
                skipped.append((name_of(path), str(result)))
                continue
            fitted, size, peak = result
            peaks += [] if peak is None else [peak]
            pixels.write(np.ascontiguousarray(fitted).data)
            names.append(name_of(path))
            photographs.append(Photograph(path, size))
        if not names:
            raise ValueError(f"`input` holds no readable image: {skipped[0][0]}: {skipped[0][1]}")
        pixels.flush()
        stored = StoredImages(pixels.fileno(), (len(names), *image_shape), channels)
    originals = Originals(photographs, image_fit, bit_depth)
    notes = tuple(_describe_depth(max(peaks, default=None), bit_depth or 16))
    return ScoringInput(stored.in_memory_if_small(), names, skipped, originals, notes)


def _describe_depth(peak, bit_depth):
    if peak is not None and peak.bit_length() <= bit_depth - DARK_BITS:
        yield (
            f"the values in 16-bit files end at {peak}, so the images are nearly black to the run, "
            f"which expects {bit_depth} bits. Save 8 bits, or train with --bit_depth"
        )
