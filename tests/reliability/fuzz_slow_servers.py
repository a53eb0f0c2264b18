"""Servers that answer slowly."""

import json
import socket
import threading
import time

from hypothesis import strategies as st

from memgan_tf.serving.address import ServerAddress
from memgan_tf.serving.rest_client import RestClient
from memgan_tf.serving.retries import RetryPolicy
from tests.reliability.fuzz_servers import ask_all

SECONDS = 0.2


BODY = json.dumps({"outputs": {}}).encode()


BEGINS = (
    b"",
    b"HTTP/1.1 200 OK\r\nX: ",
    b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10000;",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 99999\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + BODY,
    b"HTTP/1.1 503 Busy\r\n",
)


DRIPS = (b" ", b"a", b"\r\n", b"1\r\n \r\n", b"HTTP/1.1 100 Continue\r\n\r\n", b"\0\0\0\xff\xff")


def slow_servers():
    return st.tuples(
        st.sampled_from(BEGINS), st.sampled_from(DRIPS), st.sampled_from((0.0, 0.01, 0.1))
    )


def read_slow(given, folder):
    del folder
    with _slow_server(*given) as port:
        address = ServerAddress.parse(f"rest://127.0.0.1:{port}/zeros")
        started = time.monotonic()
        try:
            with RestClient(address, RetryPolicy(attempts=1, timeout=SECONDS)) as client:
                ask_all(client)
        finally:
            # Three questions, and time for a busy machine.
            assert time.monotonic() - started < 3 * SECONDS + 3


class _slow_server:
    def __init__(self, begin, drip, pause):
        self._given, self._ended = (begin, drip, pause), threading.Event()

    def __enter__(self):
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._socket.settimeout(0.1)
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        return self._socket.getsockname()[1]

    def __exit__(self, *exception):
        self._ended.set()
        self._thread.join()
        self._socket.close()

    def _serve(self):
        workers = []
        while not self._ended.is_set():
            try:
                connection = self._socket.accept()[0]
            except TimeoutError:
                continue
            workers.append(threading.Thread(target=self._drip, args=(connection,), daemon=True))
            workers[-1].start()
        for worker in workers:
            worker.join()

    def _drip(self, connection):
        begin, drip, pause = self._given
        with connection:
            try:
                connection.recv(2**16)
                connection.sendall(begin)
                while not self._ended.wait(pause):
                    connection.sendall(drip)
            except OSError:
                return
