"""Output streams that are safe for terminals and never stop the work."""

import contextlib
import os
import re
import signal
import sys
import threading
from collections.abc import Iterator

from memgan_tf.text import printable

# Allowed control sequences: three colors, their end, and the line-up of a progress bar.
OWN_SEQUENCES = re.compile(r"(\x1b\[(?:3[1-3]|0)m|\x1b\[A)")
INTERRUPTED = 130


class SafeStream:
    """Passes on text with control characters escaped; survives the end of its reader.

    If the reader has gone, such as `head`, further text is dropped without an error. A full disk is
    noted and reported at the end, so the work continues.

    Args:
        stream: Stream to write to.
    """

    def __init__(self, stream):
        self._stream = stream
        self.failure: OSError | None = None
        self._is_closed = False

    def write(self, text: str) -> int:
        """Writes as much as possible; returns the length of the text."""
        if not self._is_closed:
            self._try(lambda: self._stream.write(self._encodable(_safe(text))))
        return len(text)

    def writelines(self, lines) -> None:
        """Writes each line, like `write`."""
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        """Flushes the stream if possible."""
        if not self._is_closed:
            self._try(self._stream.flush)

    def __getattr__(self, name):
        return getattr(self._stream, name)

    def _try(self, action):
        try:
            action()
        except BrokenPipeError:
            self._drop()
        except OSError as error:
            self.failure = error
            self._drop()

    def _drop(self):
        """Discards all further output, including Python's own last flush."""
        self._is_closed = True
        with contextlib.suppress(OSError, ValueError, AttributeError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._stream.fileno())
            os.close(nowhere)

    def _encodable(self, text):
        encoding = getattr(self._stream, "encoding", None) or "utf-8"
        return text.encode(encoding, "backslashreplace").decode(encoding)


def _safe(text):
    parts = OWN_SEQUENCES.split(text)
    # Only a progress bar may return to the beginning of a line.
    begin = "\r" if text.startswith("\r") else ""
    safe = "".join(
        part if index % 2 else printable(part, keep="\n\t") for index, part in enumerate(parts)
    )
    return begin + safe.removeprefix("\\r") if begin else safe


@contextlib.contextmanager
def safe_streams() -> Iterator[None]:
    """A context in which standard output and error are safe; nested ones do nothing.

    Raises:
        OSError: At the end, if something could not be written.
    """
    before = sys.stdout, sys.stderr
    made = [s if isinstance(s, SafeStream) else SafeStream(s) for s in before]
    sys.stdout, sys.stderr = made
    try:
        yield
        made[0].flush()
    finally:
        made[1].flush()
        sys.stdout, sys.stderr = before
    failure = made[0].failure
    if failure is not None and made[0] is not before[0]:
        raise OSError(failure.errno, f"standard output: {failure.strerror}")


def prepare_process() -> None:
    """Prepares a program's process: opens the standard streams and handles Ctrl-C in one line.

    If a standard stream is closed, the next opened file would take its place and receive whatever
    a library prints.
    """
    for descriptor, mode in ((0, os.O_RDONLY), (1, os.O_WRONLY), (2, os.O_WRONLY)):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, mode)  # takes the lowest number, which is this one
    if sys.stdout is None:
        sys.stdout = open(1, "w", closefd=False)  # noqa: SIM115
    if sys.stderr is None:
        sys.stderr = open(2, "w", closefd=False)  # noqa: SIM115
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, quit_at_once)


def quit_at_once(number, frame) -> None:
    """Handles Ctrl-C while nothing can be lost; imported libraries may swallow an exception."""
    del number, frame
    with contextlib.suppress(OSError):
        os.write(2, b"memgan: interrupted\n")
    os._exit(INTERRUPTED)


@contextlib.contextmanager
def quitting_at_once() -> Iterator[None]:
    """A context in which Ctrl-C ends a program at once, if it would otherwise raise."""
    before = signal.getsignal(signal.SIGINT)
    # Other threads may not set handlers, and Ctrl-C does not reach them.
    changes = before is signal.default_int_handler and is_main_thread()
    try:
        if changes:
            signal.signal(signal.SIGINT, quit_at_once)
        yield
    finally:
        if changes:
            signal.signal(signal.SIGINT, before)


def is_main_thread() -> bool:
    """Whether this thread receives signals."""
    return threading.current_thread() is threading.main_thread()
