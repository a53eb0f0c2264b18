"""A text file that grows by complete lines, even if a writing process is killed."""

import contextlib
import fcntl
import os
import pathlib
from collections.abc import Callable, Iterator, Sequence

from memgan_tf import files, outputs
from memgan_tf.outputs import sync

# Largest sizes of such a file, and of a line, in bytes.
MAX_BYTES, MAX_LINE = 512 * 2**20, 2**16
# Bytes read at once, which bounds the memory; and last bytes by which a file is recognized.
MAX_PART, TAIL = 2**24, 2**12


class AppendLog:
    """Lines that several processes append and read.

    A line is written and synced under a lock before `append` returns. Readers read up to the last
    line end, so they never see a partial line. The next writer removes the partial line of a killed
    writer.

    Args:
        path: Path of the file, which is made at the first `append`.
        header: First line of a new file; empty for none.
        is_whole: Whether a last line without a line end is complete; editors leave such lines.
    """

    def __init__(
        self,
        path: pathlib.Path,
        header: str = "",
        is_whole: Callable[[str], bool] = lambda _: False,
    ):
        self.path, self._header, self._is_whole = pathlib.Path(path), header, is_whole
        self._offset, self._inode, self._tail = 0, None, b""

    def append(self, lines: Sequence[str]) -> None:
        """Appends lines; all of them, or none, are on the disk when it returns.

        Raises:
            ValueError: If a line contains a line end or is too long, or the file is not regular.
            OSError: If the file cannot be written; then it is unchanged.
        """
        content = "".join(f"{line}\n" for line in lines).encode("utf-8")
        if content.count(b"\n") != len(lines) or any(len(line) > MAX_LINE for line in lines):
            raise ValueError(f"`lines` must each be a line of at most {MAX_LINE:,} characters")
        with files.open_appending(self.path) as file:
            handle = file.fileno()
            with _locked(handle):
                is_new = self._repair(handle)
                start = os.fstat(handle).st_size
                if is_new and self._header:
                    content = f"{self._header}\n".encode() + content
                try:
                    _write_all(handle, content)
                    os.fsync(handle)
                except OSError as error:
                    os.ftruncate(handle, start)
                    # That of a full disk has no name.
                    raise OSError(error.errno, error.strerror, str(self.path)) from error
                except BaseException:
                    os.ftruncate(handle, start)
                    raise
                if is_new:
                    sync(self.path.parent)

    def read_new(self) -> tuple[bool, list[str]]:
        """The next complete lines, at most `MAX_PART` bytes; call it until there is none.

        Returns:
            Whether the file has been replaced or edited, so that earlier lines are void; and the
            lines, without the header.

        Raises:
            ValueError: If the file is too large, a link or not regular, or a line is too long.
        """
        check_no_link(self.path)
        try:
            file = files.open_regular(self.path, MAX_BYTES)
        except FileNotFoundError:
            return self._restart(None), []
        with file:
            status = os.fstat(file.fileno())
            restarted = False
            if status.st_ino != self._inode or not self._is_continued(file):
                restarted = self._restart(status.st_ino)
            file.seek(self._offset)
            content = file.read(MAX_PART)
        is_long = len(content) == MAX_PART and b"\n" not in content
        if is_long:
            raise ValueError(f"{self.path} has a line of more than {MAX_PART:,} bytes")
        content = content[: content.rfind(b"\n") + 1]
        is_first = self._offset == 0
        self._offset += len(content)
        self._tail = (self._tail + content)[-TAIL:]
        lines = content.decode("utf-8", "replace").split("\n")[:-1]
        lines = [line.removesuffix("\r") for line in lines]
        # An editor may have removed the header.
        has_header = is_first and self._header and lines and not self._is_whole(lines[0])
        return restarted, lines[1:] if has_header else lines

    def _is_continued(self, file):
        """Whether what was read is still there; an editor may have changed it in its place."""
        file.seek(self._offset - len(self._tail))
        return file.read(len(self._tail)) == self._tail

    def updates(self) -> Iterator[tuple[bool, list[str]]]:
        """What `read_new` returns, part by part up to the present end of the file."""
        while True:
            restarted, lines = self.read_new()
            yield restarted, lines
            if not lines:
                return

    def _restart(self, inode):
        had_any, self._offset, self._inode, self._tail = self._offset > 0, 0, inode, b""
        return had_any

    def _repair(self, handle):
        """Completes or removes a last line without an end; returns whether the file is empty."""
        size = os.fstat(handle).st_size
        if size == 0:
            return True
        with files.open_regular(self.path, MAX_BYTES) as file:
            file.seek(max(0, size - 4 * MAX_LINE))
            last = file.read().rpartition(b"\n")[2]
        if last:
            if self._is_whole(last.decode("utf-8", "replace")):
                _write_all(handle, b"\n")
            else:
                os.ftruncate(handle, size - len(last))
        return size == len(last)


def check_no_link(path: pathlib.Path) -> None:
    """Checks that nothing is written elsewhere by way of an inspection's folder.

    Raises:
        ValueError: If the path is a link.
    """
    if path.is_symlink():
        raise ValueError(
            f"`decisions` must name a folder without links, and {path} is one. Remove the link or "
            f"name another folder"
        )


def make_folder(path: pathlib.Path) -> pathlib.Path:
    """A folder of an inspection, made if missing.

    Raises:
        ValueError: If it is a link or another file.
        OSError: If it cannot be made.
    """
    check_no_link(path)
    if path.exists() and not path.is_dir():
        raise ValueError(f"{path} must be a folder. Move this file away")
    return outputs.make_folder(path, "decisions")


@contextlib.contextmanager
def _locked(handle) -> Iterator[None]:
    fcntl.flock(handle, fcntl.LOCK_EX)
    try:
        yield
    finally:
        fcntl.flock(handle, fcntl.LOCK_UN)


def _write_all(handle, content):
    while content:
        content = content[os.write(handle, content) :]
