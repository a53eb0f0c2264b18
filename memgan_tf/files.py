"""Files that are whole or absent: written aside, synced, then renamed."""

import contextlib
import json
import os
import pathlib
import tempfile
from collections.abc import Iterator
from typing import Any

TEMPORARY_PREFIX = ".tmp-"


@contextlib.contextmanager
def replacing(path: str | os.PathLike) -> Iterator[pathlib.Path]:
    """Yields a temporary path whose file replaces `path` if the block succeeds.

    Raises:
        OSError: If the folder is missing or cannot be written.
    """
    path = pathlib.Path(path)
    handle, name = tempfile.mkstemp(prefix=TEMPORARY_PREFIX, suffix=path.suffix, dir=path.parent)
    os.close(handle)
    temporary = pathlib.Path(name)
    try:
        yield temporary
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        temporary.chmod(0o644)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path: str | os.PathLike, text: str) -> None:
    """Writes a text file at once."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(path: str | os.PathLike, values: Any) -> None:
    """Writes JSON at once, sorted as given, with a newline at the end."""
    write_text(path, json.dumps(values, indent=2, allow_nan=False) + "\n")


def read_json(path: str | os.PathLike) -> Any:
    """Reads JSON.

    Raises:
        ValueError: If the file is missing or not JSON; the message names it.
    """
    try:
        return json.loads(pathlib.Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ValueError(f"{path} is missing") from error
    except (OSError, ValueError) as error:
        raise ValueError(f"{path} is not readable as JSON: {error}") from error


def sweep_temporaries(directory: pathlib.Path) -> None:
    """Removes what an interrupted `replacing` left in a folder."""
    for path in directory.glob(f"{TEMPORARY_PREFIX}*"):
        path.unlink(missing_ok=True)
