"""Measures how fast a server answers."""

import concurrent.futures
import dataclasses
import itertools
import time
from collections.abc import Callable

import numpy as np

from memgan_tf.serving.client import Client
from memgan_tf.validation import check_integer


@dataclasses.dataclass(frozen=True)
class Speed:
    """How fast a server answered.

    Attributes:
        latencies: Duration of each request, in seconds.
        images_per_second: Over all requests.
    """

    latencies: np.ndarray
    images_per_second: float

    def __str__(self):
        p50, p95, p99 = 1e3 * np.percentile(self.latencies, [50, 95, 99])
        return (
            f"p50 {p50:.2f} ms, p95 {p95:.2f} ms, p99 {p99:.2f} ms; "
            f"{self.images_per_second:.0f} images/s"
        )


def measure_speed(
    make_client: Callable[[], Client],
    images: np.ndarray,
    num_requests: int,
    batch_size: int,
    concurrency: int,
) -> Speed:
    """Sends requests from several clients at once; each client sends one after the other.

    Args:
        make_client: Called once per client.
        images: `(num_images, height, width, channels)`; repeated to fill the batches.
        num_requests: Number of requests of all clients together.
        batch_size: Images a request.
        concurrency: Number of clients.

    Raises:
        RequestRefused, ServerUnavailable: As `Client.score`.
    """
    check_integer("requests", num_requests, minimum=1)
    check_integer("batch_size", batch_size, minimum=1)
    check_integer("concurrency", concurrency, minimum=1, maximum=256)
    batch = np.resize(images, (batch_size, *images.shape[1:]))
    shares = [len(share) for share in np.array_split(range(num_requests), concurrency)]

    def send(client, count):
        latencies = []
        for _ in range(count):
            started = time.perf_counter()
            client.score(batch)
            latencies.append(time.perf_counter() - started)
        return latencies

    clients = [make_client() for _ in range(concurrency)]
    try:
        for client in clients:
            client.score(batch)  # opens the connection
        with concurrent.futures.ThreadPoolExecutor(concurrency) as pool:
            started = time.perf_counter()
            latencies = list(itertools.chain(*pool.map(send, clients, shares)))
            seconds = time.perf_counter() - started
    finally:
        for client in clients:
            client.close()
    return Speed(np.array(latencies), num_requests * batch_size / seconds)
