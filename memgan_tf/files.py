"""Files that are complete or absent: written under another name, synced, then renamed."""

import contextlib
import csv
import errno
import hashlib
import io
import json
import os
import pathlib
import re
import stat
from collections.abc import Iterator
from typing import Any, BinaryIO

from memgan_tf.temporaries import TEMPORARY_PREFIX, make_temporary, sweep_temporaries

# Largest number of characters of a quoted reason.
LONGEST_REASON = 500
# Largest size of files that are read completely, far above the usual and far below harmful sizes.
MAX_JSON_BYTES, MAX_TEXT_BYTES = 32 * 2**20, 2**20
# Columns and cells of a table may be many; a field is a name or a number.
MAX_TABLE_BYTES, MAX_LINE = 256 * 2**20, 2**20
# Errors raised by damaged content.
DAMAGE = (
    *(ArithmeticError, AttributeError, LookupError, TypeError, ValueError),
    *(csv.Error, MemoryError, RecursionError),
)
# Numbers of the system's errors that say nothing about a file's content.
REFUSALS = frozenset(
    (errno.EACCES, errno.EPERM, errno.EIO, errno.ESTALE, errno.EMFILE, errno.ENFILE, errno.ENOMEM)
)


@contextlib.contextmanager
def replacing(path: str | os.PathLike) -> Iterator[pathlib.Path]:
    """Yields a temporary path whose file replaces `path` if the block succeeds.

    Leftovers of killed processes are removed first.

    Raises:
        OSError: If the folder is missing or cannot be written.
    """
    path = pathlib.Path(path)
    with naming_file(path):
        sweep_temporaries(path.parent, path)
        handle, temporary = make_temporary(path)
        try:
            yield temporary
            with temporary.open("rb") as file:
                os.fsync(file.fileno())
            _take_mode(handle, path)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
            os.close(handle)


def _take_mode(handle, path):
    """Gives a file the mode and owner of the one that it replaces; a new file follows the umask."""
    with contextlib.suppress(FileNotFoundError):
        before = os.lstat(path)
        if stat.S_ISREG(before.st_mode):
            with contextlib.suppress(PermissionError):
                os.fchown(handle, before.st_uid, before.st_gid)
            os.fchmod(handle, stat.S_IMODE(before.st_mode))


@contextlib.contextmanager
def naming_file(path: str | os.PathLike) -> Iterator[None]:
    """A context whose errors of writing name this file; that of a full disk names none.

    Raises:
        OSError: With the file's name in place of none or of a temporary one.
    """
    try:
        yield
    except OSError as error:
        if error.errno is None or not _is_unnamed(error.filename):
            raise
        raise OSError(error.errno, error.strerror, str(path)) from error


def _is_unnamed(filename):
    if isinstance(filename, (str, bytes)):
        return os.path.basename(os.fsdecode(filename)).startswith(TEMPORARY_PREFIX)
    return True


def write_text(path: str | os.PathLike, text: str) -> None:
    """Writes a text file, completely or not at all."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(path: str | os.PathLike, values: Any) -> None:
    """Writes JSON, completely or not at all, in the given order, with a newline at the end."""
    write_text(path, json_text(values))


def json_text(values: Any) -> str:
    """The text that `write_json` writes."""
    return json.dumps(values, indent=2, allow_nan=False) + "\n"


def read_json(path: str | os.PathLike, limit: int = MAX_JSON_BYTES) -> Any:
    """Reads JSON.

    Args:
        path: Path of the file.
        limit: Largest size in bytes.

    Raises:
        ValueError: If the file is missing, too large or not JSON; the message names it.
        OSError: If the system refuses to read it.
    """
    try:
        return json.loads(read_bytes(path, limit).decode("utf-8"))
    except FileNotFoundError as error:
        raise ValueError(f"{path} is missing") from error
    except (OSError, ValueError, RecursionError) as error:
        if is_refusal(error):
            raise
        raise ValueError(f"{path} is not readable as JSON: {error}") from error


def open_regular(path: str | os.PathLike, limit: int) -> BinaryIO:
    """Opens a regular file of limited size, so that reading it ends.

    All files of runs and data sets are opened with it. It follows links; `RunDirectory.check_files`
    refuses links inside a run.

    Args:
        path: Path of the file.
        limit: Largest size in bytes.

    Raises:
        ValueError: If it is not such a file.
        OSError: If it is missing or cannot be read.
    """
    check_regular(path)
    # Does not wait for a pipe that has replaced the file in the meantime.
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            raise ValueError(f"{path} is not a regular file")
        if status.st_size > limit:
            raise ValueError(
                f"{path} has {status.st_size:,} bytes, more than the {limit:,} allowed"
            )
        return os.fdopen(handle, "rb")
    except BaseException:
        os.close(handle)
        raise


def check_regular(path: str | os.PathLike) -> None:
    """Checks that a file is not a pipe or a device, so that reading it ends.

    Raises:
        ValueError: If it is one.
        OSError: If it is missing.
    """
    if not stat.S_ISREG(os.stat(path).st_mode):
        raise ValueError(f"{path} is not a regular file")


def open_appending(path: str | os.PathLike) -> BinaryIO:
    """Opens a log for appending, and makes it if needed; refuses links and does not wait for pipes.

    Raises:
        ValueError: If the path is not a file.
        OSError: If it cannot be written.
    """
    if os.path.lexists(path) and not stat.S_ISREG(os.lstat(path).st_mode):
        raise ValueError(f"{path} is not a regular file")
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    return os.fdopen(os.open(path, flags, 0o666), "ab")


def read_bytes(path: str | os.PathLike, limit: int) -> bytes:
    """The content of a file opened by `open_regular`."""
    with open_regular(path, limit) as file:
        # A file that grows during reading is cut.
        return file.read(limit)


def read_table(path: str | os.PathLike, limit: int = MAX_TABLE_BYTES) -> Iterator[dict[str, str]]:
    """Yields the rows of a CSV file by the names in its header.

    Raises:
        ValueError: If a row has more or fewer cells than the header, or as in `open_regular`.
        csv.Error: If a cell is longer than csv allows.
    """
    with open_regular(path, limit) as file, io.TextIOWrapper(file, "utf-8", newline="") as text:
        for number, row in enumerate(csv.DictReader(_short_lines(text)), start=1):
            if None in row or None in row.values():
                raise ValueError(f"row {number} must have as many cells as the header")
            yield row


def _short_lines(text):
    for line in text:
        if len(line) > MAX_LINE:
            raise ValueError(f"a line has more than {MAX_LINE:,} characters")
        yield line


@contextlib.contextmanager
def naming_damage(path: str | os.PathLike, fix: str = "") -> Iterator[None]:
    """A context that turns errors in a file's content into a ValueError that names the file.

    Args:
        path: Path of the file.
        fix: What the user can do, one sentence.

    Raises:
        ValueError: If the content breaks a rule that the block relies on.
    """
    try:
        yield
    except DAMAGE as error:
        raise ValueError(f"{path} is damaged: {first_line(error)}. {fix}".strip()) from error


def is_refusal(error: BaseException) -> bool:
    """Whether the system refused to read a file, which may be sound."""
    return isinstance(error, OSError) and error.errno in REFUSALS


def first_line(error: BaseException) -> str:
    """The message of an error, in one line; its name if there is no message."""
    # Names of TensorFlow's nodes do not help a user.
    lines = re.sub(r"\{\{.*?\}\} ?| \[Op:.*", "", str(error)).strip().splitlines()
    name = type(error).__name__
    if not lines:
        return name
    return f"no {lines[0]}" if isinstance(error, KeyError) else lines[0][:LONGEST_REASON]


def sha256(path: str | os.PathLike, limit: int = 2**63) -> str:
    """Digest of the content of a file opened by `open_regular`."""
    with open_regular(path, limit) as file:
        digest = hashlib.sha256()
        while part := file.read(2**20):
            digest.update(part)
    return digest.hexdigest()
