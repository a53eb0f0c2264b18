"""Limits the memory used for decoding by all threads of a process."""

import contextlib
import os
import threading
from collections.abc import Iterator

from memgan_tf.validation import check_integer

ENVIRONMENT_VARIABLE = "MEMGAN_DECODE_MIB"
# Enough for the largest image that Pillow's rules allow, except for WebP.
DEFAULT_MIB, SMALLEST_MIB, LARGEST_MIB = 1280, 64, 2**20
# Bytes per pixel, by Pillow's name of the format: for the decoder's pixels, those that are used,
# and for their digest.
BYTES_PER_PIXEL = {None: 12, "WEBP": 20}


def budget_bytes() -> int:
    """Largest number of bytes for all images being decoded, from `MEMGAN_DECODE_MIB`.

    Raises:
        ValueError: If the variable is not an integer in its range.
    """
    chosen = os.environ.get(ENVIRONMENT_VARIABLE) or str(DEFAULT_MIB)
    value = int(chosen) if chosen.isdecimal() else chosen
    return 2**20 * check_integer(ENVIRONMENT_VARIABLE, value, SMALLEST_MIB, LARGEST_MIB)


class Budget:
    """Bytes that threads must reserve before they use them; they wait until enough are free."""

    def __init__(self):
        self._taken, self._changed = 0, threading.Condition()
        self._mine = threading.local()

    @contextlib.contextmanager
    def scope(self) -> Iterator[None]:
        """A context that releases this thread's bytes at its end; nested ones do nothing."""
        if getattr(self._mine, "is_inside", False):
            yield
            return
        self._mine.is_inside, self._mine.taken = True, 0
        try:
            yield
        finally:
            self._mine.is_inside = False
            self._give_back()

    def take(self, size: int, what: str = "it") -> None:
        """Waits until `size` more bytes are free, and reserves them.

        Args:
            size: Number of bytes.
            what: What needs them, for messages.

        Raises:
            ValueError: If the limit is smaller.
        """
        limit = budget_bytes()
        if size > limit:
            raise ValueError(
                f"{what} needs {-(-size // 2**20):,} MiB to be read; {limit // 2**20:,} are "
                f"allowed ({ENVIRONMENT_VARIABLE})"
            )
        # A thread releases its bytes before it waits for more, so threads never block each other.
        wanted = self._give_back() + size
        with self._changed:
            self._changed.wait_for(lambda: self._taken == 0 or self._taken + wanted <= limit)
            self._taken += wanted
        self._mine.taken = wanted

    def _give_back(self):
        taken = getattr(self._mine, "taken", 0)
        self._mine.taken = 0
        with self._changed:
            self._taken -= taken
            self._changed.notify_all()
        return taken


# One per process, because its threads share the memory.
BUDGET = Budget()
