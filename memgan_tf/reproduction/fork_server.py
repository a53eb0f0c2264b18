"""A process that imports TensorFlow once, and forks for each command that it is asked to run.

`python -m memgan_tf.reproduction.fork_server <label> <module> …` imports the modules, then reads
requests from standard input, a line of JSON each: `{"id": 1, "arguments": […], "log": …}` runs
`memgan` with the arguments, its output appended to the log, and `{"stop": 1}` asks it to end. It
answers `{"id": 1, "code": 0}` on standard output when a command has ended. The label does nothing:
lists of processes show it.

A fork is safe only as long as this process has a single thread. TensorFlow's import starts none,
its first operation does.
"""

import gc
import importlib
import json
import os
import runpy
import select
import signal
import sys
from typing import Any

from memgan_tf.files import open_appending
from memgan_tf.programs import end_with_parent

COMMAND = "memgan_tf.tools.main"


class ForkServer:
    """The loop: forks, collects what has ended, answers.

    Args:
        requests: File descriptor that requests come from.
        answers: The same of the answers.
    """

    def __init__(self, requests: int, answers: int):
        self._requests, self._answers = requests, answers
        self._children: dict[int, int] = {}
        # While a process holds the end `_living`, its children do not read the end of `_alive`.
        self._alive, self._living = os.pipe()
        self._ended, self._woken = os.pipe()
        self._unread = b""

    def serve(self) -> dict[str, Any] | None:
        """Returns a request in the process that was forked for it, and None when all is asked."""
        os.set_blocking(self._woken, False)
        signal.set_wakeup_fd(self._woken, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        while True:
            ready, _, _ = select.select([self._requests, self._ended], [], [])
            if self._ended in ready:
                os.read(self._ended, 2**16)
                self._collect()
            if self._requests in ready:
                content = os.read(self._requests, 2**16)
                if not content:
                    return None
                *lines, self._unread = (self._unread + content).split(b"\n")
                for request in map(json.loads, lines):
                    if self._obey(request):
                        return request

    def _obey(self, request):
        """Whether this is the process that was forked for the request."""
        if "stop" in request:
            for process, identity in self._children.items():
                if identity == request["stop"]:
                    os.kill(process, signal.SIGTERM)
            return False
        if len(os.listdir("/proc/self/task")) > 1:
            raise RuntimeError("a process with threads must not fork")
        process = os.fork()
        if process == 0:
            self._become_child(request["log"])
            return True
        self._children[process] = request["id"]
        return False

    def _collect(self):
        while self._children:
            process, status = os.waitpid(-1, os.WNOHANG)
            if process == 0:
                return
            answer = {
                "id": self._children.pop(process),
                "code": os.waitstatus_to_exitcode(status),
            }
            os.write(self._answers, json.dumps(answer).encode() + b"\n")

    def _become_child(self, log):
        """As a process that was started on its own: streams, signals, a session."""
        os.setsid()
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for descriptor in (self._living, self._ended, self._woken, self._answers):
            os.close(descriptor)
        os.dup2(self._alive, 0)
        with open_appending(log) as output:
            for descriptor in (1, 2):
                os.dup2(output.fileno(), descriptor)


def main(modules: list[str]) -> None:
    """Imports modules and serves; in a forked process, runs its command."""
    # What an import prints is no answer.
    answers = os.dup(1)
    os.dup2(2, 1)
    # Modules are no garbage: looking for it costs a fifth of their import.
    gc.disable()
    for name in modules:
        importlib.import_module(name)
    # Forks share what their own collections leave alone.
    gc.freeze()
    gc.enable()
    request = ForkServer(0, answers).serve()
    if request is None:
        # At once: until TensorFlow had been taken down, seconds later, its commands would go on.
        os._exit(0)
    # Ends this process when the server does, however that ends.
    end_with_parent()
    sys.argv = ["memgan", *request["arguments"]]
    runpy.run_module(COMMAND, run_name="__main__", alter_sys=False)


if __name__ == "__main__":
    main(sys.argv[2:])
