"""Files and folders under another name until they are complete; leftovers are swept."""

import contextlib
import os
import pathlib
import secrets
import shutil
import time

try:
    import fcntl
except ModuleNotFoundError as error:
    raise ImportError(
        "memgan_tf runs on Linux and macOS, whose file locks it needs. On Windows, use the Windows "
        "Subsystem for Linux (WSL 2) or a container"
    ) from error

TEMPORARY_PREFIX = ".tmp-"
# A staging folder that nobody has written for so long is a leftover of a killed process.
STALE_SECONDS = 24 * 3600


def make_staging(folder: pathlib.Path, prefix: str = TEMPORARY_PREFIX) -> pathlib.Path:
    """A new folder inside `folder` with a mode by the umask, to be renamed when it is complete.

    Raises:
        OSError: If it cannot be made.
    """
    while True:
        path = folder / f"{prefix}{secrets.token_hex(6)}"
        with contextlib.suppress(FileExistsError):
            path.mkdir()
            return path


def sweep_staging(folder: pathlib.Path, prefix: str = TEMPORARY_PREFIX) -> None:
    """Removes the staging folders that killed processes left, by their age.

    One from a later time, made before the clock was set back, is a leftover, too.
    """
    for path in folder.glob(f"{prefix}*"):
        with contextlib.suppress(FileNotFoundError):  # already removed
            if abs(time.time() - path.lstat().st_mtime) > STALE_SECONDS:
                shutil.rmtree(path, ignore_errors=True)


def sweep_temporaries(directory: pathlib.Path, target: pathlib.Path | None = None) -> None:
    """Removes leftovers of killed processes in a folder, but not files of running processes.

    Args:
        directory: The folder.
        target: Limits it to leftovers of this file.
    """
    begin = TEMPORARY_PREFIX if target is None else _temporary_prefix(target)
    with contextlib.suppress(FileNotFoundError):
        found = [name for name in os.listdir(directory) if name.startswith(begin)]
        for name in found:
            _remove_if_abandoned(directory / name)


def _temporary_prefix(path):
    # A name has at most 255 bytes.
    return f"{TEMPORARY_PREFIX}{path.stem[:40]}-"


def make_temporary(path: pathlib.Path) -> tuple[int, pathlib.Path]:
    """A new empty file next to `path`, and a handle that locks it during this process.

    Raises:
        OSError: If it cannot be made.
    """
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    mode = 0o666
    with contextlib.suppress(FileNotFoundError):
        # Others must never be able to read more than before.
        mode = os.lstat(path).st_mode & 0o666 | 0o600
    while True:
        name = f"{_temporary_prefix(path)}{secrets.token_hex(4)}{path.suffix}"
        try:
            handle = os.open(path.with_name(name), flags, mode)
        except FileExistsError:
            continue
        with contextlib.suppress(OSError):  # a file system without locks
            fcntl.flock(handle, fcntl.LOCK_EX)
        if os.fstat(handle).st_nlink:
            return handle, path.with_name(name)
        os.close(handle)  # swept before it was locked


def _remove_if_abandoned(path):
    with contextlib.suppress(OSError):  # already removed, or locked by a writing process
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink()
        finally:
            os.close(handle)
