"""Output streams that are safe for terminals and never stop the work."""

import contextlib
import functools
import os
import re
import signal
import sys
import threading
from collections.abc import Iterator

from memgan_tf.text import printable

# Allowed control sequences: three colors, their end, and the line-up of a progress bar.
OWN_SEQUENCES = re.compile(r"(\x1b\[(?:3[1-3]|0)m|\x1b\[A)")
SIGNALS = signal.SIGINT, signal.SIGTERM
# A shell adds it to the number of the signal that has ended a program.
BY_SIGNAL = 128


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
    # A program that ignores a signal was started in the background.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, quit_at_once)
    if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, quit_at_once)


def reset_signals() -> None:
    """The end of what `prepare_process` began."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_DFL)


class Terminated(KeyboardInterrupt):
    """SIGTERM, which ends a command like Ctrl-C."""

    number = signal.SIGTERM


class Raising:
    """Handles Ctrl-C and SIGTERM by an exception, so that the work can clean up.

    Attributes:
        number: The last signal that came; None before one has come.
    """

    def __init__(self):
        self.number: int | None = None

    def __call__(self, number: int, frame: object) -> None:
        """Called by Python when a signal has come."""
        del frame
        self.number = number
        raise self.exception()

    def exception(self) -> KeyboardInterrupt:
        """What the signal raises."""
        return Terminated("terminated") if self.number == signal.SIGTERM else KeyboardInterrupt()


def quit_at_once(number, frame, descriptor: int = 2) -> None:
    """Handles a signal while nothing can be lost; imported libraries may swallow an exception."""
    del frame
    word = "interrupted" if number == signal.SIGINT else "terminated"
    with contextlib.suppress(OSError):
        os.write(descriptor, f"memgan: {word}\n".encode())
    os._exit(BY_SIGNAL + number)


@contextlib.contextmanager
def quitting_at_once(descriptor: int) -> Iterator[None]:
    """A context in which a signal ends a program at once, if it would otherwise raise.

    Args:
        descriptor: File descriptor for the line that says so.
    """

    def raises(handler):
        return handler is signal.default_int_handler or isinstance(handler, Raising)

    with _handling(functools.partial(quit_at_once, descriptor=descriptor), raises):
        yield


@contextlib.contextmanager
def raising() -> Iterator[None]:
    """A context in which a signal raises, if it would otherwise end a program at once.

    Raises:
        KeyboardInterrupt: Also where a library has replaced it by an error of its own.
    """
    handler = Raising()
    with _handling(handler, lambda before: before is quit_at_once):
        try:
            yield
        except Exception as error:
            if handler.number is None:
                raise
            raise handler.exception() from error


@contextlib.contextmanager
def _handling(handler, is_replaced):
    """A context in which a handler replaces those of which `is_replaced` says so."""
    before = {}
    # Other threads may not set handlers, and signals do not reach them.
    if is_main_thread():
        before = {number: signal.getsignal(number) for number in SIGNALS}
        before = {number: old for number, old in before.items() if is_replaced(old)}
    try:
        for number in before:
            signal.signal(number, handler)
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)


def is_main_thread() -> bool:
    """Whether this thread receives signals."""
    return threading.current_thread() is threading.main_thread()
