"""The address of the page, which is local to this machine."""

import socket

HOST = "127.0.0.1"


def bind(port: int) -> socket.socket:
    """A socket on this machine's loopback address; port 0 uses a free port.

    Raises:
        ValueError: If the port is in use.
    """
    found = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind((HOST, port))
        # Listens at once, so that no other program can take the same port.
        found.listen()
    except OSError as error:
        found.close()
        raise ValueError(
            f"`port` must be free on {HOST}: {error.strerror}. Received: port={port}. Name "
            f"another, or 0 for any"
        ) from error
    return found
