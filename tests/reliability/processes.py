"""Commands in processes of their own that start fast, and die on request.

A server process imports TensorFlow once and forks; what it forks is a process like any other, and
SIGKILL ends it like any other.
"""

import dataclasses
import multiprocessing
import os
import pathlib
import signal
import sys
import time

from memgan_tf.tools import main

CONTEXT = multiprocessing.get_context("forkserver")
# Everything slow to import that a verb needs.
PRELOADED = ["memgan_tf.fit", "memgan_tf.export.exporter", "memgan_tf.report.evaluate"]
# Audited operations of Python on files; TensorFlow's own writes are not among them.
OPERATIONS = ("open", "os.rename", "os.remove", "os.mkdir", "os.chmod", "os.rmdir", "shutil.rmtree")


@dataclasses.dataclass(frozen=True)
class Ended:
    """How a process ended.

    Attributes:
        code: Its exit code, or minus the number of the signal.
        seconds: How long it took.
        output: What it printed.
    """

    code: int
    seconds: float
    output: str

    @property
    def was_killed(self) -> bool:
        """Whether SIGKILL ended it."""
        return self.code == -signal.SIGKILL


def prepare():
    """Sets what the server process imports; call it before the first `run`."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")
    CONTEXT.set_forkserver_preload(PRELOADED)


def run(arguments, log, kill_after=None, ready=None, kill_at_operation=None, below=None) -> Ended:
    """`memgan <arguments>` in a process.

    Args:
        arguments: Of the command line.
        log: File for what it prints.
        kill_after: Seconds until it is killed; None lets it live.
        ready: Is asked until it says true; `kill_after` counts from then.
        kill_at_operation: It kills itself just before this many operations on files, from 1.
        below: Only files below this folder count.
    """
    return run_function(
        _call_main, (list(arguments),), log, kill_after, ready, kill_at_operation, below
    )


def run_function(
    function, given, log, kill_after=None, ready=None, kill_at_operation=None, below=None
) -> Ended:
    """As `run`, for any function of a module; what it returns is the exit code."""
    log = pathlib.Path(log)
    started = time.monotonic()
    process = CONTEXT.Process(
        target=_in_child, args=(function, given, str(log), kill_at_operation, str(below))
    )
    process.start()
    while ready is not None and process.is_alive() and not ready():
        time.sleep(0.005)
    if kill_after is not None:
        process.join(kill_after)
        if process.is_alive():
            os.kill(process.pid, signal.SIGKILL)
    process.join()
    seconds = time.monotonic() - started
    return Ended(process.exitcode, seconds, log.read_text(errors="replace"))


def _call_main(arguments):
    return main.main(arguments)


def _in_child(function, given, log, kill_at_operation, below):
    handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(handle, 1)
    os.dup2(handle, 2)
    sys.stdout, sys.stderr = os.fdopen(1, "w", 1), os.fdopen(2, "w", 1)
    if kill_at_operation is not None:
        _kill_at(kill_at_operation, below)
    sys.exit(function(*given))


def _kill_at(number, below):
    count = 0

    def look(event, arguments):
        nonlocal count
        if event in OPERATIONS and str(arguments[0]).startswith(below):
            count += 1
            if count == number:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(look)
