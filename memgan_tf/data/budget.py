"""The memory that decoding may take, over all threads of a process."""

import contextlib
import os
import threading
from collections.abc import Iterator

from memgan_tf.validation import check_integer

ENVIRONMENT_VARIABLE = "MEMGAN_DECODE_MIB"
# The largest image that Pillow's rules allow fits, but for WebP.
DEFAULT_MIB, SMALLEST_MIB, LARGEST_MIB = 1280, 64, 2**20
# Of an image, by Pillow's name of the format: its pixels as the decoder has them, as they are used,
# and for their digest.
BYTES_PER_PIXEL = {None: 12, "WEBP": 20}


def budget_bytes() -> int:
    """Bytes that images being decoded may take together, `MEMGAN_DECODE_MIB`.

    Raises:
        ValueError: If the variable is not an integer of its range.
    """
    chosen = os.environ.get(ENVIRONMENT_VARIABLE) or str(DEFAULT_MIB)
    value = int(chosen) if chosen.isdecimal() else chosen
    return 2**20 * check_integer(ENVIRONMENT_VARIABLE, value, SMALLEST_MIB, LARGEST_MIB)


class Budget:
    """Bytes that threads ask for before they take them, and wait for if need be."""

    def __init__(self):
        self._taken, self._changed = 0, threading.Condition()
        self._mine = threading.local()

    @contextlib.contextmanager
    def scope(self) -> Iterator[None]:
        """A context at whose end this thread gives back what it took; inner ones do nothing."""
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
        """Waits until so many bytes more are free, and takes them.

        Args:
            size: Bytes.
            what: Needs them, for messages.

        Raises:
            ValueError: If that is more than there ever are.
        """
        limit = budget_bytes()
        if size > limit:
            raise ValueError(
                f"{what} needs {-(-size // 2**20):,} MiB to be read; {limit // 2**20:,} are "
                f"allowed ({ENVIRONMENT_VARIABLE})"
            )
        # Nobody waits for bytes while others wait for theirs.
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


# One a process: its threads share the memory.
BUDGET = Budget()
