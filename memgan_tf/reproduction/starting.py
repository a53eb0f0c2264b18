"""Starts the processes of a grid: forked from one that has imported TensorFlow, or on their own."""

import abc
import contextlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence

from memgan_tf import files
from memgan_tf.programs import ORPHAN, module_command

COMMAND = "memgan_tf.tools.main"
SERVER = "memgan_tf.reproduction.fork_server"
# What `memgan train` and `memgan evaluate` import before they do anything.
IMPORTED = ("tensorflow", "sklearn.metrics", "memgan_tf.fit", "memgan_tf.run")
# Bytes at the end of what it printed that are kept if it dies.
LAST_WORDS = 2**12


class Process(abc.ABC):
    """A command that runs."""

    @abc.abstractmethod
    def wait(self) -> int:
        """Waits until it has ended; returns its exit code, negative if a signal ended it."""

    @abc.abstractmethod
    def terminate(self) -> None:
        """Asks it to save what it has and end."""


class Starter(abc.ABC):
    """Starts `memgan` commands, each in a process of one thread that ends with this one."""

    @abc.abstractmethod
    def start(self, arguments: Sequence[str], log: pathlib.Path) -> Process:
        """Starts `memgan <arguments>`, its output appended to a file."""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    @abc.abstractmethod
    def close(self) -> None:
        """Ends what does not end with the commands."""


def make_starter(folder: pathlib.Path) -> Starter:
    """The fastest one of this system.

    Args:
        folder: Of the runs.
    """
    # Elsewhere the system's own libraries may have threads by then, which a fork does not survive.
    return ForkingStarter(folder) if sys.platform == "linux" else PlainStarter()


class PlainStarter(Starter):
    """Each command is a program of its own."""

    def start(self, arguments, log):
        """As the base says."""
        with files.open_appending(log) as output:
            command = module_command(COMMAND, *arguments, name="memgan", orphan=ORPHAN)
            return _Program(_open(command, output, subprocess.STDOUT))

    def close(self):
        """Nothing is left of it."""


class _Program(Process):
    def __init__(self, process):
        self._process = process

    def wait(self):
        try:
            return self._process.wait()
        finally:
            self._process.stdin.close()

    def terminate(self):
        # SIGINT would be lost on processes that a shell started in the background.
        self._process.terminate()


class ForkingStarter(Starter):
    """Commands are forks of one process, which imports TensorFlow once; see `fork_server`.

    Args:
        folder: Of the runs; its path stands in the list of processes.
    """

    def __init__(self, folder: pathlib.Path):
        self._folder, self._lock = folder, threading.Lock()
        self._server: subprocess.Popen | None = None
        self._running: dict[int, _Fork] = {}
        self._count = 0

    def start(self, arguments, log):
        """As the base says."""
        with self._lock:
            server = self._server
            if server is None or server.poll() is not None:
                server = self._server = self._start_server()
            self._count += 1
            fork = self._running[self._count] = _Fork(self, self._count, log)
            # The server's working directory is this one's.
            request = {"id": self._count, "arguments": list(arguments), "log": os.fspath(log)}
            _send(server, request)
        return fork

    def stop(self, identity: int) -> None:
        """Asks a command to end."""
        with self._lock:
            if self._server is not None:
                _send(self._server, {"stop": identity})

    def close(self):
        """As the base says."""
        with self._lock:
            if self._server is not None:
                _close(self._server.stdin)
                self._server.wait()
                self._server = None

    def _start_server(self):
        command = module_command(SERVER, os.fspath(self._folder), *IMPORTED, name="memgan")
        errors = tempfile.TemporaryFile()  # noqa: SIM115
        server = _open(command, subprocess.PIPE, errors)
        threading.Thread(target=self._listen, args=[server, errors], daemon=True).start()
        return server

    def _listen(self, server, errors):
        for line in server.stdout:
            answer = json.loads(line)
            self._running.pop(answer["id"]).end(answer["code"])
        server.stdout.close()
        code = server.wait() or 1
        with self._lock:
            _close(server.stdin)
            running, self._running = self._running, {}
        with errors:
            errors.seek(-min(LAST_WORDS, errors.seek(0, os.SEEK_END)), os.SEEK_END)
            words = errors.read()
        for fork in running.values():
            with files.open_appending(fork.log) as log:
                log.write(words + b"The process that starts commands has ended\n")
            fork.end(code)


class _Fork(Process):
    def __init__(self, starter, identity, log):
        self._starter, self._identity, self.log = starter, identity, log
        self._ended, self._code = threading.Event(), None

    def end(self, code):
        self._code = code
        self._ended.set()

    def wait(self):
        self._ended.wait()
        return self._code

    def terminate(self):
        self._starter.stop(self._identity)


def _send(server, request):
    # If it has died, or its pipe is closed already, `_listen` says so to all who wait.
    with contextlib.suppress(OSError, ValueError):
        server.stdin.write(json.dumps(request).encode() + b"\n")
        server.stdin.flush()


def _close(pipe):
    with contextlib.suppress(BrokenPipeError):
        pipe.close()


def _open(command, output, errors):
    return subprocess.Popen(
        command,
        # It ends with this process, however that ends.
        stdin=subprocess.PIPE,
        stdout=output,
        stderr=errors,
        env={
            **os.environ,
            # Read at the import of each library.
            **{"TF_NUM_INTRAOP_THREADS": "1", "OMP_NUM_THREADS": "1"},
            **{"KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3"},
        },
        # Ctrl-C reaches this process alone, which asks each command to stop, once.
        start_new_session=True,
    )
