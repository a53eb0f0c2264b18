"""The replicas and workers of a job: what they must agree on, and what happens if one is lost."""

import contextlib
import functools
import sys
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from memgan_tf.training.cluster import MULTI_WORKER, Cluster, read_cluster
from memgan_tf.validation import check_choice

# Beginnings of the lines that TensorFlow puts before the reason of an error.
NOISE = ("Graph execution error", "Detected at node", "File ", "node:", "<stack traces")


def make_strategy(name: str) -> tf.distribute.Strategy:
    """The strategy behind `--distribution_strategy`.

    Args:
        name: `none`: one replica on the default device. `mirrored`: a replica on each visible GPU
            or, without a GPU, on each logical CPU device (as tests configure them).
            `multi_worker_mirrored`: the replicas of all processes that TF_CONFIG names. The first
            call must come before any other use of TensorFlow.

    Raises:
        ValueError: If the name is unknown.
    """
    check_choice("distribution_strategy", name, ("none", "mirrored", MULTI_WORKER))
    if name == "none":
        return tf.distribute.get_strategy()
    return _mirrored_strategy() if name == "mirrored" else _multi_worker_strategy()


@functools.cache
def _mirrored_strategy():
    # One per process: collective operations of a second one would reuse the keys of the first.
    gpus = tf.config.list_logical_devices("GPU")
    devices = gpus or tf.config.list_logical_devices("CPU")
    return tf.distribute.MirroredStrategy([device.name for device in devices])


@functools.cache
def _multi_worker_strategy():
    return tf.distribute.MultiWorkerMirroredStrategy()


class WorkerLostError(RuntimeError):
    """Another worker of the job no longer responds."""


class Workers:
    """The processes that train one model. A single process is a job of one.

    Each method is a synchronization point: all workers must call it, in the same order.

    Args:
        cluster: The processes.
        strategy: How they communicate; unused if there is one process.
    """

    def __init__(self, cluster: Cluster, strategy: tf.distribute.Strategy | None = None):
        self._cluster = cluster
        self._strategy: Any = strategy

    @property
    def is_chief(self) -> bool:
        """Whether this process writes; the others write nothing."""
        return self._cluster.is_chief

    @property
    def count(self) -> int:
        """Number of workers."""
        return len(self._cluster.addresses)

    def any(self, flag: bool) -> bool:
        """Whether any worker has raised its flag."""
        return bool(self.gather([int(flag)]).any())

    def wait(self) -> None:
        """Returns when all workers have called it."""
        self.any(False)

    def gather(self, values: Sequence[int]) -> np.ndarray:
        """Each worker's values, `(count, len(values))` int64 in the order of the workers."""
        rows = np.zeros((self.count, len(values)), np.int64)
        rows[self._cluster.index] = values
        if self.count == 1:
            return rows
        local_replicas = self._strategy.num_replicas_in_sync // self.count
        return self._sum(tf.constant(rows)).numpy() // local_replicas

    @tf.function(reduce_retracing=True)
    def _sum(self, rows):
        per_replica = self._strategy.run(tf.identity, args=(rows,))
        return self._strategy.reduce("SUM", per_replica, axis=None)

    def check_equal(self, values: dict[str, int]) -> None:
        """Checks that all workers have the same values.

        Raises:
            ValueError: If they differ, on all workers; the message says in what.
        """
        rows = self.gather(list(values.values()))
        for name, column in zip(values, rows.T, strict=True):
            if len(set(column.tolist())) > 1:
                raise ValueError(
                    f"all workers must have the same {name}. Received, by worker: "
                    f"{column.tolist()}. Give all of them the same flags, data and --model_dir, "
                    f"on a file system that they share"
                )

    @contextlib.contextmanager
    def losses_told(self) -> Iterator[None]:
        """Turns TensorFlow's long errors about a lost worker into one line.

        Raises:
            WorkerLostError: If a synchronization fails.
        """
        try:
            yield
        except tf.errors.OpError as error:
            if self.count == 1:
                raise
            raise WorkerLostError(
                f"another of the {self.count} workers was lost: {_first_line(error)}. Start all "
                f"of them again with the same command: they resume from the newest checkpoint"
            ) from error


@functools.cache
def join_workers(strategy: str) -> Workers:
    """Connects to the other workers of the job; returns at once if there are none.

    This must happen before any other use of TensorFlow.

    Args:
        strategy: `--distribution_strategy`.

    Raises:
        ValueError: If TF_CONFIG is missing or wrong.
        RuntimeError: If the others cannot be reached.
    """
    cluster = read_cluster(strategy)
    if strategy != MULTI_WORKER:
        return Workers(cluster)
    print(
        f"Worker {cluster.index} of {len(cluster.addresses)} at "
        f"{cluster.addresses[cluster.index]} waits for the others",
        file=sys.stderr,
        flush=True,
    )
    try:
        return Workers(cluster, make_strategy(strategy))
    except (tf.errors.OpError, RuntimeError) as error:
        raise RuntimeError(
            f"`TF_CONFIG` names workers that cannot be reached: {_first_line(error)}. Check that "
            f"{cluster.addresses[cluster.index]} is this host's and free, and that the others run"
        ) from error


def _first_line(error):
    """The first meaningful line; TensorFlow puts a stack of graph nodes before it."""
    lines = [line.strip() for line in str(error).splitlines()]
    lines = [line for line in lines if line and not line.startswith(NOISE)]
    return (lines or [type(error).__name__])[0][:200].rstrip(" .")
