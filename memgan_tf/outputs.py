"""Output files named by the user; links are followed, pipes and devices are written directly."""

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
from memgan_tf.text import decodable

# Time to wait for the reader of a pipe, which may start a little later.
READER_SECONDS = 10.0
# Files in these folders represent open files, which a rename would not change.
OPEN_ALREADY = ("/dev/", "/proc/")


def check_output(path: str | os.PathLike, name: str = "output") -> None:
    """Checks without writing that `writing` will probably succeed.

    Args:
        path: The file named by the user.
        name: Name of the flag, for messages.

    Raises:
        ValueError: If it is a folder, or it or its folder cannot be written.
    """
    if not os.fspath(path):
        raise ValueError(f"`{name}` must name a file. Received: an empty name")
    if os.path.isdir(path) or str(path).endswith("/"):
        raise ValueError(f"`{name}` must be a file, and {path} is a folder. Name a file in it")
    target = pathlib.Path(os.path.realpath(path))
    if os.path.exists(path):
        if not os.access(path, os.W_OK):
            raise ValueError(f"`{name}` must be writable, and {path} is not. Name another file")
        if is_written_through(path):
            return
    if not target.parent.is_dir():
        what = "is a file. Name another" if target.parent.exists() else "does not. Make it first"
        raise ValueError(f"`{name}` must be in a folder that exists; {target.parent} {what}")
    if not os.access(target.parent, os.W_OK | os.X_OK):
        raise ValueError(
            f"`{name}` must be in a folder that can be written, and {target.parent} cannot. Name "
            f"another"
        )
    with contextlib.suppress(FileNotFoundError):
        _check_name(target, name)


def _check_name(target, name):
    try:
        os.lstat(target)
    except OSError as error:
        if error.errno != errno.ENAMETOOLONG:
            raise
        raise ValueError(f"`{name}` must have a shorter name. Received: {target}") from error


def check_folder(path: str | os.PathLike, name: str, fix: str = "") -> None:
    """Checks, without writing, that a folder can be written, or made with its parents.

    Args:
        path: The folder.
        name: Name of the flag or argument, for messages.
        fix: What to do; by default, to name another.

    Raises:
        ValueError: If it cannot; the message names what is in the way.
    """
    place = pathlib.Path(path)
    while not os.path.lexists(place) and place != place.parent:
        place = place.parent
    if os.path.isdir(place):
        if os.access(place, os.W_OK | os.X_OK):
            return
        reason = "cannot be written"
    else:
        reason = "is a file" if os.path.exists(place) else "is a link to nothing"
    raise ValueError(_unwritable(name, place, reason, fix))


def check_for_tensorflow(path: str | os.PathLike, name: str) -> None:
    """Checks that TensorFlow can read its variables below a folder.

    Args:
        path: The folder.
        name: Name of the flag or argument, for messages.

    Raises:
        ValueError: If it cannot; the message has the reason.
    """
    reason = tensorflow_obstacle(path)
    if reason is not None:
        raise ValueError(
            f"`{name}` must be a path that TensorFlow can read, and {decodable(path)} {reason}. "
            f"Name another"
        )


def tensorflow_obstacle(path: str | os.PathLike) -> str | None:
    """Why TensorFlow could write its variables to a path and never read them; None if it can.

    Where it restores variables, TensorFlow takes a path for a pattern.
    """
    if decodable(path) != os.fspath(path):
        return "has bytes outside UTF-8"
    return "has [ or \\" if set("[\\") & {*os.fspath(path)} else None


def make_folder(path: str | os.PathLike, name: str, fix: str = "") -> pathlib.Path:
    """Makes a folder with its parents, unless it exists; arguments as in `check_folder`.

    Raises:
        ValueError: If it cannot be made or written.
    """
    check_folder(path, name, fix)
    place = pathlib.Path(path)
    try:
        place.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = f"cannot be made: {error.strerror}"
        raise ValueError(_unwritable(name, place, reason, fix)) from error
    return place


def _unwritable(name, place, reason, fix):
    return f"`{name}` must be writable, and {place} {reason}. {fix or f'Name another --{name}'}"


def is_written_through(path: str | os.PathLike) -> bool:
    """Whether a path is a device, a pipe or an open file, which must not be replaced."""
    try:
        is_regular = stat.S_ISREG(os.stat(path).st_mode)
    except FileNotFoundError:
        return False
    return not is_regular or os.path.abspath(path).startswith(OPEN_ALREADY)


@contextlib.contextmanager
def writing(path: str | os.PathLike) -> Iterator[pathlib.Path]:
    """Yields a temporary path whose content becomes that of `path` if the block succeeds.

    A regular file is replaced as a whole and keeps its mode. A link is kept, and its target is
    replaced. A device or pipe is written when the content is complete.

    Raises:
        OSError: If it cannot be written.
    """
    if not is_written_through(path):
        with files.replacing(os.path.realpath(path)) as temporary:
            yield temporary
        return
    with tempfile.TemporaryDirectory(prefix="memgan_tf_") as folder:
        temporary = pathlib.Path(folder, "output")
        with files.naming_file(temporary):
            yield temporary
        # A full device says so only when the last bytes are written.
        with (
            files.naming_file(path),
            temporary.open("rb") as source,
            os.fdopen(_open(path), "wb") as target,
        ):
            shutil.copyfileobj(source, target)


def _open(path):
    """Opens a device or pipe for writing; waits only briefly for the reader of a pipe."""
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


def sync(path: str | os.PathLike) -> None:
    """Returns when a file, or the list of a folder's files, is on the disk.

    Raises:
        OSError: If it cannot be opened or written.
    """
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
