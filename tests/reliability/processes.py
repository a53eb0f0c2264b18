"""Commands in processes of their own that start fast, and die on request.

A server process imports TensorFlow once and forks; what it forks is a process like any other, and
SIGKILL ends it like any other.
"""

import dataclasses
import multiprocessing
import os
import pathlib
import runpy
import signal
import sys
import tempfile
import time

from memgan_tf.tools import main

CONTEXT = multiprocessing.get_context("forkserver")
PRELOADED = ["tests.reliability.preloaded"]
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


class Started:
    """A process that runs; what it prints goes to a file.

    Args:
        function: Of a module; what it returns is the exit code.
        given: Its arguments.
        log: File for what it prints.
        environment: Variables that it has besides the server's.
        at_operation: Number of an operation on files below a folder, that folder and a signal: it
            sends itself the signal just before.
    """

    def __init__(self, function, given, log, environment=None, at_operation=None):
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
        os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")
        # What the server imports; it counts before the first start.
        CONTEXT.set_forkserver_preload(PRELOADED)
        self._log, self._began = pathlib.Path(log), time.monotonic()
        arguments = (function, given, str(log), environment or {}, at_operation)
        self._process = CONTEXT.Process(target=_in_child, args=arguments)
        self._process.start()

    @property
    def pid(self) -> int:
        """Its number."""
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        """Whether it runs."""
        return self._process.is_alive()

    def wait(self, kill_after=None) -> Ended:
        """Waits for its end, which is SIGKILL after so many seconds; None waits for ever."""
        self._process.join(kill_after)
        if self.is_alive:
            os.kill(self.pid, signal.SIGKILL)
            self._process.join()
        seconds = time.monotonic() - self._began
        return Ended(self._process.exitcode, seconds, self._log.read_text(errors="replace"))


def start(arguments, log, environment=None) -> Started:
    """`memgan <arguments>` in a process."""
    return Started(_call_main, (list(arguments),), log, environment)


def run_program(path, arguments, folder, environment=None) -> Ended:
    """`python <path> <arguments>` in a folder, to its end; TensorFlow is imported already."""
    given = (str(path), list(arguments), str(folder))
    with tempfile.NamedTemporaryFile() as log:
        return Started(_run_path, given, log.name, environment).wait()


def _run_path(path, arguments, folder):
    os.chdir(folder)
    sys.argv = [path, *arguments]
    sys.path.insert(0, os.path.dirname(path))
    runpy.run_path(path, run_name="__main__")


def run(arguments, log, *how, **named) -> Ended:
    """`memgan <arguments>` in a process, to its end; the rest is as in `run_function`."""
    return run_function(_call_main, (list(arguments),), log, *how, **named)


def run_function(
    function,
    given,
    log,
    kill_after=None,
    ready=None,
    kill_at_operation=None,
    below=None,
    sent=signal.SIGKILL,
) -> Ended:
    """A call in a process, to its end.

    Args:
        function: Function of a module; what it returns is the exit code.
        given: Its arguments.
        log: File for what it prints.
        kill_after: Seconds until it is killed; None lets it live.
        ready: Is asked until it says true; `kill_after` counts from then.
        kill_at_operation: It kills itself just before this many operations on files, from 1.
        below: Only files below this folder count.
        sent: The signal that it then sends itself.
    """
    own = kill_at_operation and (kill_at_operation, str(below), sent)
    started = Started(function, given, log, at_operation=own)
    while ready is not None and started.is_alive and not ready():
        time.sleep(0.005)
    return started.wait(kill_after)


def _call_main(arguments):
    return main.main(arguments)


def _in_child(function, given, log, environment, at_operation):
    os.environ.update(environment)
    handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(handle, 1)
    os.dup2(handle, 2)
    sys.stdout, sys.stderr = os.fdopen(1, "w", 1), os.fdopen(2, "w", 1)
    if at_operation is not None:
        _signal_at(*at_operation)
    sys.exit(function(*given))


def _signal_at(operation, below, sent):
    count = 0

    def look(event, arguments):
        nonlocal count
        if event in OPERATIONS and str(arguments[0]).startswith(below):
            count += 1
            if count == operation:
                os.kill(os.getpid(), sent)

    sys.addaudithook(look)
