"""Decodes many image files in parallel, on all processors."""

import collections
import os
import pathlib
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from memgan_tf.data.budget import BUDGET
from memgan_tf.data.image_files import pillow_rules
from memgan_tf.progress_bar import progress

# `budget` bounds the memory of their images.
MAX_THREADS = 8
# Largest number of waiting results per thread, to bound their memory if the caller is slow.
AHEAD = 4


def decode_all(
    paths: Iterable[pathlib.Path], use: Callable[[pathlib.Path], Any], label: str
) -> Iterator[Any]:
    """Results of `use` for all paths, in order; a ValueError is returned, not raised."""

    def safely(path):
        try:
            # Reserved until the image has been used, not only until it is decoded.
            with BUDGET.scope():
                return use(path)
        except ValueError as error:
            return error

    paths = list(paths)
    threads = min(MAX_THREADS, os.cpu_count() or 1)
    pool = ThreadPoolExecutor(threads, thread_name_prefix="decode")
    try:
        with pillow_rules():
            results = _in_order(pool, safely, paths, AHEAD * threads)
            yield from progress(results, label, len(paths))
    finally:
        pool.shutdown(cancel_futures=True)


def _in_order(pool, use, paths, ahead):
    """Results in the order of the paths; a limited number is started ahead of the caller."""
    waiting: collections.deque[Future] = collections.deque()
    for path in paths:
        if len(waiting) >= ahead:
            yield waiting.popleft().result()
        waiting.append(pool.submit(use, path))
    while waiting:
        yield waiting.popleft().result()
