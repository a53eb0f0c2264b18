"""Files that are whole or absent: written aside, synced, then renamed."""

import contextlib
import csv
import fcntl
import hashlib
import json
import os
import pathlib
import re
import stat
import tempfile
from collections.abc import Iterator
from typing import Any

TEMPORARY_PREFIX = ".tmp-"
# Characters of a reason that is quoted.
LONGEST_REASON = 500
# What content raises that is not as it was written.
DAMAGE = (
    *(ArithmeticError, AttributeError, LookupError, TypeError, ValueError),
    *(csv.Error, MemoryError, RecursionError),
)


@contextlib.contextmanager
def replacing(path: str | os.PathLike) -> Iterator[pathlib.Path]:
    """Yields a temporary path whose file replaces `path` if the block succeeds.

    What killed processes left of earlier tries is removed first.

    Raises:
        OSError: If the folder is missing or cannot be written.
    """
    path = pathlib.Path(path)
    sweep_temporaries(path.parent, path)
    handle, temporary = _make_temporary(path)
    try:
        with _naming_file(path):
            yield temporary
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        temporary.chmod(0o644)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
        os.close(handle)


@contextlib.contextmanager
def _naming_file(path):
    """Tells which file could not be written: an error of a full disk does not."""
    try:
        yield
    except OSError as error:
        if error.errno is None or error.filename is not None:
            raise
        raise OSError(error.errno, error.strerror, str(path)) from error


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
        check_regular(path)
        return json.loads(pathlib.Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ValueError(f"{path} is missing") from error
    except (OSError, ValueError, RecursionError) as error:
        raise ValueError(f"{path} is not readable as JSON: {error}") from error


def check_regular(path: str | os.PathLike) -> None:
    """Checks that reading a file comes to an end: it is no pipe and no device.

    Raises:
        ValueError: If it is one.
        OSError: If it is missing.
    """
    if not stat.S_ISREG(os.stat(path).st_mode):
        raise ValueError(f"{path} is no regular file")


@contextlib.contextmanager
def naming_damage(path: str | os.PathLike, fix: str = "") -> Iterator[None]:
    """Whatever the use of a file's content raises becomes a ValueError that names the file.

    Args:
        path: Of the file.
        fix: What the user can do, a sentence.

    Raises:
        ValueError: If the content breaks a rule that the block takes for granted.
    """
    try:
        yield
    except DAMAGE as error:
        raise ValueError(f"{path} is damaged: {first_line(error)}. {fix}".strip()) from error


def first_line(error: BaseException) -> str:
    """What an error says, in one line; its name if it says nothing."""
    # Names of TensorFlow's nodes say nothing to a user.
    lines = re.sub(r"\{\{.*?\}\} ?| \[Op:.*", "", str(error)).strip().splitlines()
    name = type(error).__name__
    if not lines:
        return name
    return f"no {lines[0]}" if isinstance(error, KeyError) else lines[0][:LONGEST_REASON]


def sha256(path: str | os.PathLike) -> str:
    """Digest of a file's content."""
    return hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest()


def sweep_temporaries(directory: pathlib.Path, target: pathlib.Path | None = None) -> None:
    """Removes what killed processes left in a folder; what a living one writes stays.

    Args:
        directory: The folder.
        target: Of this file alone.
    """
    begin = TEMPORARY_PREFIX if target is None else _temporary_prefix(target)
    with contextlib.suppress(FileNotFoundError):
        found = [name for name in os.listdir(directory) if name.startswith(begin)]
        for name in found:
            _remove_if_abandoned(directory / name)


def _temporary_prefix(path):
    # A name has 255 bytes at most.
    return f"{TEMPORARY_PREFIX}{path.stem[:40]}-"


def _make_temporary(path):
    """A new empty file beside `path`, and a handle that keeps it locked as long as we live."""
    while True:
        handle, name = tempfile.mkstemp(path.suffix, _temporary_prefix(path), path.parent)
        with contextlib.suppress(OSError):  # a file system without locks
            fcntl.flock(handle, fcntl.LOCK_EX)
        if os.fstat(handle).st_nlink:
            return handle, pathlib.Path(name)
        os.close(handle)  # swept before it was locked


def _remove_if_abandoned(path):
    with contextlib.suppress(OSError):  # gone meanwhile, or locked: somebody writes it
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink()
        finally:
            os.close(handle)
