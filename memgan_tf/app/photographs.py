"""The files of a session: keeps dropped files, and reads all files."""

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

from memgan_tf import files, temporaries
from memgan_tf.app.append_log import make_folder
from memgan_tf.app.images import ScoredImage
from memgan_tf.app.judges import Judge
from memgan_tf.data.budget import BUDGET
from memgan_tf.data.channels import as_channels
from memgan_tf.data.image_files import DecodedImage, decode_bytes, reason_of

FOLDER = "photographs"
# Largest size of a file in bytes; `data.budget` bounds the memory for decoding.
MAX_FILE_BYTES = 256 * 2**20
ID_LENGTH = 32


@dataclasses.dataclass(frozen=True)
class Waiting:
    """A file to be scored.

    Attributes:
        path: Path of the file.
        name: Name for people.
        is_dropped: Whether the file belongs to the session, and is removed if it is not an image.
    """

    path: pathlib.Path
    name: str
    is_dropped: bool = False


@dataclasses.dataclass(frozen=True)
class Opened:
    """A decoded file.

    Attributes:
        id: Id of its content.
        size: `(height, width)` of the upright image.
        pixels: Input of the detector, `(height, width, channels)` uint8.
        decoded: The image; None when it is no longer needed, to save memory.
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
    """Decodes a file's content; call it inside `image_files.pillow_rules`.

    Raises:
        ValueError: If it is not a usable image; the message is only the reason.
    """
    height, width, channels = judge.image_shape
    with BUDGET.scope():
        decoded = decode_bytes(content, judge.bit_depth)
        pixels = as_channels(decoded.fit(height, width, judge.image_fit), channels)
        return Opened(id_of(content), decoded.size, np.ascontiguousarray(pixels), decoded)


def reopen(image: ScoredImage, judge: Judge) -> Opened:
    """The file of an image of the session, if it has not changed.

    Raises:
        ValueError: If it is missing or has changed; the message is only the reason.
    """
    content = read_file(image.path)
    if id_of(content) != image.id:
        raise ValueError("the file has changed since it was scored")
    return open_content(content, judge)


class Arrival:
    """An arriving file, locked against other processes.

    Args:
        file: File open for writing, in the folder of dropped files.
        path: Path of the file.
    """

    def __init__(self, file: BinaryIO, path: pathlib.Path):
        self._file, self._path = file, path
        self._digest, self._size = hashlib.sha256(), 0

    def write(self, part: bytes) -> None:
        """Writes the next bytes.

        Raises:
            ValueError: If the file gets too large.
            OSError: If they cannot be written.
        """
        self._size += len(part)
        if self._size > MAX_FILE_BYTES:
            raise ValueError(f"more than {MAX_FILE_BYTES:,} bytes")
        self._digest.update(part)
        self._file.write(part)

    def keep(self) -> pathlib.Path:
        """Moves the complete file to its place; returns the path.

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
    """Keeps dropped files under the ids of their contents.

    Args:
        folder: Folder of the inspection.
    """

    def __init__(self, folder: pathlib.Path):
        self._folder = make_folder(folder / FOLDER)

    @contextlib.contextmanager
    def arriving(self) -> Iterator[Arrival]:
        """A context for an arriving file, which is removed afterwards unless it was kept."""
        path = self._folder / f"{temporaries.TEMPORARY_PREFIX}{secrets.token_hex(8)}"
        with path.open("xb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            try:
                yield Arrival(file, path)
            finally:
                path.unlink(missing_ok=True)

    def sweep(self) -> None:
        """Removes leftovers of killed processes, but not files of running processes."""
        temporaries.sweep_temporaries(self._folder)


def _without(path, reason):
    return reason.replace(f"{os.fspath(path)} ", "", 1)
