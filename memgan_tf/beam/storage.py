"""Files on this machine, or on any storage that Beam has a file system for."""

import contextlib
import json
import pathlib
import shutil
import tempfile
from collections.abc import Iterator
from typing import Any

from apache_beam.io.filesystem import CompressionTypes
from apache_beam.io.filesystems import FileSystems

from memgan_tf import files, temporaries
from memgan_tf.data.budget import budget_bytes

PLAIN = CompressionTypes.UNCOMPRESSED


def list_files(pattern: str) -> list[str]:
    """Files that a pattern (`*`, `**`, `?`) or a folder names, each once, sorted."""
    if FileSystems.get_scheme(pattern) is None and pathlib.Path(pattern).is_dir():
        pattern = str(pathlib.Path(pattern, "**"))
    (found,) = FileSystems.match([pattern])
    return sorted({file.path for file in found.metadata_list if not _is_folder(file.path)})


def exists(path: str) -> bool:
    """Whether the file exists."""
    return FileSystems.exists(path)


def read(path: str) -> bytes:
    """A file's content.

    Raises:
        ValueError: If it exceeds the limit for images (see `data.budget`), or is not a regular
            file.
        OSError: If it cannot be read.
    """
    limit = budget_bytes()
    if FileSystems.get_scheme(path) is None:
        return files.read_bytes(path, limit)
    with FileSystems.open(path, compression_type=PLAIN) as file:
        content = file.read(limit + 1)
    if len(content) > limit:
        raise ValueError(f"{path} has more than the {limit:,} bytes that are allowed")
    return content


def read_json(path: str) -> Any:
    """A JSON file's content."""
    return json.loads(read(path))


def write(path: str, content: bytes) -> None:
    """Writes a file completely or not at all; an existing one is replaced."""
    if FileSystems.get_scheme(path) is not None:
        # An object store shows an object only after it is closed.
        with FileSystems.create(path, compression_type=PLAIN) as file:
            file.write(content)
        return
    target = pathlib.Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    with files.replacing(target) as temporary:
        temporary.write_bytes(content)


def sweep(folder: str) -> None:
    """Removes leftovers of a killed `write` from a folder of this machine."""
    if FileSystems.get_scheme(folder) is None:
        temporaries.sweep_temporaries(pathlib.Path(folder))


def write_json(path: str, values: Any) -> None:
    """Writes a JSON file completely or not at all."""
    write(path, (json.dumps(values, indent=2) + "\n").encode())


@contextlib.contextmanager
def on_this_machine(path: str) -> Iterator[str]:
    """Local path of a file; a remote file is copied here for the duration of the block."""
    if FileSystems.get_scheme(path) is None:
        yield path
        return
    with tempfile.NamedTemporaryFile(suffix=pathlib.PurePath(path).suffix) as copy:
        with FileSystems.open(path, compression_type=PLAIN) as file:
            shutil.copyfileobj(file, copy)
        copy.flush()
        yield copy.name


def join(folder: str, *names: str) -> str:
    """A path below a folder."""
    return FileSystems.join(folder, *names)


def _is_folder(path):
    return path.endswith("/") or (
        FileSystems.get_scheme(path) is None and pathlib.Path(path).is_dir()
    )
