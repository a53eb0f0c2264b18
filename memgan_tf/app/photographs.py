"""The files of a session: where dropped ones are kept, and how any of them is read."""

import contextlib
import dataclasses
import fcntl
import hashlib
import os
import pathlib
import secrets
from collections.abc import Iterator
from typing import BinaryIO

import numpy as np

from memgan_tf import files
from memgan_tf.app.images import ScoredImage
from memgan_tf.app.judges import Judge
from memgan_tf.data.budget import BUDGET
from memgan_tf.data.channels import as_channels
from memgan_tf.data.image_files import DecodedImage, decode_bytes, reason_of

FOLDER = "photographs"
# Bytes of a file; what decoding takes is bounded by `data.budget`.
MAX_FILE_BYTES = 256 * 2**20
ID_LENGTH = 32


@dataclasses.dataclass(frozen=True)
class Waiting:
    """A file that is to be scored.

    Attributes:
        path: Of the file.
        name: For people.
        is_dropped: Whether the file is the session's own, and goes if it is no image.
    """

    path: pathlib.Path
    name: str
    is_dropped: bool = False


@dataclasses.dataclass(frozen=True)
class Opened:
    """A file that could be decoded.

    Attributes:
        id: Of its content.
        size: `(height, width)`, upright.
        pixels: As the detector takes them, `(height, width, channels)` uint8.
        decoded: The image; None once it is not needed, which saves its memory.
    """

    id: str
    size: tuple[int, int]
    pixels: np.ndarray
    decoded: DecodedImage | None


def id_of(content: bytes) -> str:
    """The id of a file's content."""
    return hashlib.sha256(content).hexdigest()[:ID_LENGTH]


def read_file(path: str | os.PathLike) -> bytes:
    """A file's content.

    Raises:
        ValueError: If it cannot be read; the message is the reason alone.
    """
    try:
        return files.read_bytes(path, MAX_FILE_BYTES)
    except (OSError, ValueError) as error:
        raise ValueError(_without(path, reason_of(error))) from error


def open_content(content: bytes, judge: Judge) -> Opened:
    """Decodes a file's content; the process must follow `image_files.pillow_rules`.

    Raises:
        ValueError: If it is no usable image; the message is the reason alone.
    """
    height, width, channels = judge.image_shape
    with BUDGET.scope():
        decoded = decode_bytes(content, judge.bit_depth)
        pixels = as_channels(decoded.fit(height, width, judge.image_fit), channels)
        return Opened(id_of(content), decoded.size, np.ascontiguousarray(pixels), decoded)


def reopen(image: ScoredImage, judge: Judge) -> Opened:
    """The file of an image of the session, if it is still what was scored.

    Raises:
        ValueError: If it is not there any more, or another one; the message is the reason alone.
    """
    content = read_file(image.path)
    if id_of(content) != image.id:
        raise ValueError("the file has changed since it was scored")
    return open_content(content, judge)


class Arrival:
    """A file that arrives; locked, so that other processes leave it alone.

    Args:
        file: Open for writing, in the folder of dropped files.
        path: Of it.
    """

    def __init__(self, file: BinaryIO, path: pathlib.Path):
        self._file, self._path = file, path
        self._digest, self._size = hashlib.sha256(), 0

    def write(self, part: bytes) -> None:
        """Takes the next bytes.

        Raises:
            ValueError: If they are too many.
            OSError: If they cannot be written.
        """
        self._size += len(part)
        if self._size > MAX_FILE_BYTES:
            raise ValueError(f"more than {MAX_FILE_BYTES:,} bytes")
        self._digest.update(part)
        self._file.write(part)

    def keep(self) -> pathlib.Path:
        """Moves the file to its place, once all is there; returns it.

        Raises:
            ValueError: If it is empty.
            OSError: If it cannot be written.
        """
        if not self._size:
            raise ValueError("empty file")
        self._file.flush()
        os.fsync(self._file.fileno())
        place = self._path.with_name(self._digest.hexdigest()[:ID_LENGTH])
        self._path.replace(place)
        return place


class DroppedFiles:
    """Keeps what is dropped, under the id of its content.

    Args:
        folder: Of the inspection.
    """

    def __init__(self, folder: pathlib.Path):
        self._folder = folder / FOLDER
        self._folder.mkdir(exist_ok=True)

    @contextlib.contextmanager
    def arriving(self) -> Iterator[Arrival]:
        """A context for a file that arrives; what was not kept is gone after it."""
        path = self._folder / f"{files.TEMPORARY_PREFIX}{secrets.token_hex(8)}"
        with path.open("xb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            try:
                yield Arrival(file, path)
            finally:
                path.unlink(missing_ok=True)

    def sweep(self) -> None:
        """Removes what killed processes left; what a living one writes stays."""
        files.sweep_temporaries(self._folder)


def _without(path, reason):
    return reason.replace(f"{os.fspath(path)} ", "", 1)
