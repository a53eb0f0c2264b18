"""Sockets with one deadline for everything they receive, so a slow trickle cannot extend it.

A usual timeout applies to the next bytes only and restarts with each of them.
"""

import socket
import time

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection
from urllib3.connectionpool import HTTPConnectionPool


class Deadline:
    """The time by which an answer must be complete; set again for each request."""

    def __init__(self):
        self._end = float("inf")

    def start(self, seconds: float) -> None:
        """Starts the time."""
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        """Seconds left.

        Raises:
            TimeoutError: If it has passed.
        """
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError("timed out")
        return left


class TimedSocket(socket.socket):
    """A connected socket with one deadline over all calls."""

    deadline: Deadline

    @classmethod
    def around(cls, connected: socket.socket, deadline: Deadline) -> "TimedSocket":
        """Takes over a socket and detaches the original."""
        timed = cls(fileno=connected.detach())
        timed.deadline = deadline
        return timed

    def recv_into(self, *arguments):
        """As a socket's, until the deadline."""
        self.settimeout(self.deadline.left())
        return super().recv_into(*arguments)

    def recv(self, *arguments):
        """As a socket's, until the deadline."""
        self.settimeout(self.deadline.left())
        return super().recv(*arguments)

    def sendall(self, *arguments):
        """As a socket's, until the deadline."""
        self.settimeout(self.deadline.left())
        return super().sendall(*arguments)


class DeadlineAdapter(HTTPAdapter):
    """Adapter for requests with a deadline for each answer.

    Args:
        deadline: Shared with the sender; not for several threads at once.
    """

    def __init__(self, deadline: Deadline):
        self._deadline = deadline
        super().__init__()

    def init_poolmanager(self, *arguments, **options):
        """As in requests, with our connections."""
        super().init_poolmanager(*arguments, **options)
        deadline = self._deadline

        class Connection(HTTPConnection):
            def connect(self):
                super().connect()
                self.sock = TimedSocket.around(self.sock, deadline)

        class Pool(HTTPConnectionPool):
            ConnectionCls = Connection

        self.poolmanager.pool_classes_by_scheme = {"http": Pool}
