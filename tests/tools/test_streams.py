"""What commands print through."""

import errno
import io
import os
import signal
import subprocess
import sys

import pytest

from memgan_tf.tools import main, streams
from memgan_tf.tools.command import Command, follow_up


class Stream(io.StringIO):
    def __init__(self, error=None, encoding="utf-8"):
        super().__init__()
        self._error, self._encoding = error, encoding

    @property
    def encoding(self):
        return self._encoding

    def write(self, text):
        if self._error is not None:
            raise self._error
        text.encode(self._encoding)
        return super().write(text)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("epoch 1 ×\n", "epoch 1 ×\n"),
        ("x\x1b[2Jy\n", "x\\x1b[2Jy\n"),
        ("\x1b[31mRED\x1b[0m", "\x1b[31mRED\x1b[0m"),
        ("\r 50%|#", "\r 50%|#"),
        ("name\rname", "name\\rname"),
        ("\x1b[8mhidden", "\\x1b[8mhidden"),
    ],
)
def test_only_our_own_sequences_reach_a_terminal(text, written):
    stream = Stream()
    streams.SafeStream(stream).write(text)
    assert stream.getvalue() == written


def test_what_cannot_be_encoded_is_escaped():
    stream = Stream(encoding="ascii")
    streams.SafeStream(stream).write("8×8")
    assert stream.getvalue() == "8\\xd78"


def test_a_reader_that_has_gone_is_no_error(monkeypatch):
    monkeypatch.setattr("sys.stdout", Stream(BrokenPipeError()))
    with streams.safe_streams():
        print("a")
        print("b")


def test_a_full_disk_is_told_when_the_work_is_done(monkeypatch):
    full = OSError(errno.ENOSPC, "No space left on device")
    monkeypatch.setattr("sys.stdout", Stream(full))
    with pytest.raises(OSError, match="standard output: No space left"), streams.safe_streams():
        print("a\nb")


def run(*arguments, **options):
    command = [sys.executable, "-m", "memgan_tf.tools.main", *arguments]
    return subprocess.run(command, stderr=subprocess.PIPE, text=True, **options)


def test_help_into_a_full_disk_is_a_line():
    with open("/dev/full", "w") as full:
        ended = run("--help", stdout=full)
    assert (ended.returncode, ended.stderr.count("\n")) == (1, 1)
    assert "standard output: No space left on device" in ended.stderr


@pytest.mark.parametrize("closed", [(1,), (2,), (0, 1, 2)])
def test_closed_streams_are_no_obstacle(closed, tmp_path):
    def close():
        for descriptor in closed:
            os.close(descriptor)

    ended = run("--version", preexec_fn=close, stdout=subprocess.DEVNULL)
    assert ended.returncode == 0


@pytest.fixture
def program():
    """This process, as one that `prepare_process` has prepared."""
    before = {number: signal.getsignal(number) for number in streams.SIGNALS}
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    streams.prepare_process()
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def swallow(number):
    """As libraries in C++ do."""
    try:
        signal.raise_signal(number)
    except KeyboardInterrupt as error:
        raise RuntimeError("exception types: ORIGINAL replaced") from error


@pytest.mark.parametrize("ended", [signal.raise_signal, swallow])
@pytest.mark.parametrize(
    ("number", "code", "word"),
    [(signal.SIGINT, 130, "interrupted"), (signal.SIGTERM, 143, "terminated")],
)
def test_a_signal_ends_a_command_in_a_line(number, code, word, ended, program, capsys):
    cleaned = []

    def work(flag_values):
        try:
            ended(number)
        finally:
            cleaned.append(number)

    assert Command("score", "", lambda flag_values: None, work).main([]) == code
    assert capsys.readouterr().err == f"memgan score: {word}\n"
    assert cleaned == [number]
    assert signal.getsignal(number) is streams.quit_at_once


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_import_ends_at_once(number, code):
    """A library may catch all exceptions while it is imported."""
    program = (
        "import signal; from memgan_tf.tools import streams; streams.prepare_process()\n"
        "with streams.raising(), streams.quitting_at_once(1):\n"
        "    try: signal.raise_signal(%d)\n"
        "    except BaseException: pass"
    )
    ended = subprocess.run([sys.executable, "-c", program % number], capture_output=True, text=True)
    assert (ended.returncode, ended.stdout.count("\n"), ended.stderr) == (code, 1, "")


def test_follow_up_commands_are_quoted():
    assert follow_up("evaluate", "--run=a b").endswith("memgan evaluate '--run=a b'")


def test_a_name_in_a_message_is_escaped(capsys):
    assert main.main(["report", "--run=\x1b[2J"]) == 1
    assert "\x1b" not in capsys.readouterr().err
