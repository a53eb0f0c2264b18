"""Files that the user names for results: links are followed, pipes and devices written through."""

import contextlib
import errno
import os
import pathlib
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator

from memgan_tf import files

# A pipe's reader may start a little later than we end.
READER_SECONDS = 10.0
# Files of these folders stand for what is open already; a rename would not reach that.
OPEN_ALREADY = ("/dev/", "/proc/")


def check_output(path: str | os.PathLike, name: str = "output") -> None:
    """Checks, writing nothing, that `writing` will probably succeed.

    Args:
        path: The file that the user named.
        name: Of the flag, for messages.

    Raises:
        ValueError: If it is a folder, or it or its folder cannot be written.
    """
    if os.path.isdir(path) or str(path).endswith("/"):
        raise ValueError(f"`{name}` must be a file, and {path} is a folder. Name a file in it")
    target = pathlib.Path(os.path.realpath(path))
    if os.path.exists(path):
        if not os.access(path, os.W_OK):
            raise ValueError(f"`{name}` must be writable, and {path} is not. Name another file")
        if is_written_through(path):
            return
    if not target.parent.is_dir():
        raise ValueError(
            f"`{name}` must be in a folder that exists; {target.parent} does not. Make it first"
        )
    if not os.access(target.parent, os.W_OK | os.X_OK):
        raise ValueError(
            f"`{name}` must be in a folder that can be written, and {target.parent} cannot. Name "
            f"another"
        )


def is_written_through(path: str | os.PathLike) -> bool:
    """Whether a path leads to a device, a pipe or an open file, which no rename may replace."""
    try:
        is_regular = stat.S_ISREG(os.stat(path).st_mode)
    except FileNotFoundError:
        return False
    return not is_regular or os.path.abspath(path).startswith(OPEN_ALREADY)


@contextlib.contextmanager
def writing(path: str | os.PathLike) -> Iterator[pathlib.Path]:
    """Yields a temporary path whose content becomes that of `path` if the block succeeds.

    A regular file is replaced whole and keeps its mode; a link stays, and what it leads to is
    replaced. A device or pipe is written through, once the content is complete.

    Raises:
        OSError: If it cannot be written.
    """
    if not is_written_through(path):
        with files.replacing(os.path.realpath(path)) as temporary:
            yield temporary
        return
    with tempfile.TemporaryDirectory(prefix="memgan_tf_") as folder:
        temporary = pathlib.Path(folder, "output")
        yield temporary
        with temporary.open("rb") as source, os.fdopen(_open(path), "wb") as target:
            shutil.copyfileobj(source, target)


def _open(path):
    """A device or pipe, open for writing; a pipe that nobody reads is not waited for long."""
    deadline = time.monotonic() + READER_SECONDS
    while True:
        try:
            handle = os.open(path, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
            os.set_blocking(handle, True)
            return handle
        except OSError as error:
            if error.errno != errno.ENXIO:
                raise
            if time.monotonic() > deadline:
                raise OSError(error.errno, "no process reads from it", str(path)) from error
            time.sleep(0.05)
