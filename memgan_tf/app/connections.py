"""Connections to the page: a limited number, and none that waits without a request."""

import logging
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

# A browser opens about six connections.
MAX_CONNECTIONS = 128
# A connection without a request for so many seconds is ended.
LONGEST_IDLE = 20.0
# Stands for the logger of uvicorn, which would repeat what any program of this machine sends.
SILENT = logging.getLogger("memgan_tf.app.connections")
SILENT.addHandler(logging.NullHandler())
SILENT.propagate = False
SILENT.setLevel(logging.ERROR)


class BoundedProtocol(H11Protocol):
    """HTTP for a program whose files must not run out, whoever connects.

    Args:
        *args: As uvicorn gives them.
        **options: As uvicorn gives them.
    """

    def __init__(self, *args: Any, **options: Any):
        super().__init__(*args, **options)
        self.logger = SILENT
        self._timer: Any = None
        self._before: Any = self

    def connection_made(self, transport: Any) -> None:
        """Ends a connection that is one too many."""
        super().connection_made(transport)
        if len(self.connections) > MAX_CONNECTIONS:
            transport.abort()
        else:
            self._look()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forgets the connection."""
        if self._timer is not None:
            self._timer.cancel()
        super().connection_lost(exc)

    def _look(self):
        """Ends the connection if it has waited since the last look; uvicorn waits for ever."""
        waits = self.cycle is None or self.cycle.response_complete
        if waits and self._before is self.cycle:
            self.transport.abort()
            return
        self._before = self.cycle if waits else self
        self._timer = self.loop.call_later(LONGEST_IDLE, self._look)
