"""Errors of a server, and when to try again."""

import dataclasses
import time
from collections.abc import Callable
from typing import TypeVar

from memgan_tf.validation import check_integer, check_real

Result = TypeVar("Result")
# Longest timeout, a day; the system's clocks cannot wait for arbitrary times.
MAX_SECONDS = 86400.0


class ServerUnavailable(RuntimeError):
    """The server is out of reach, too busy or too slow, or closed the connection; try again."""


class RequestRefused(ValueError):
    """The server will not answer this request, however often it is sent."""


@dataclasses.dataclass(frozen=True)
class RetryPolicy:
    """How often a request is sent, and how long one try may take.

    Attributes:
        attempts: Number of tries, including the first one.
        timeout: Longest time of a try, in seconds.
        first_delay: Seconds before the second try; each further delay is twice as long.
        longest_delay: Longest delay, in seconds.
    """

    attempts: int = 5
    timeout: float = 30.0
    first_delay: float = 0.25
    longest_delay: float = 8.0

    def __post_init__(self):
        check_integer("attempts", self.attempts, minimum=1)
        check_real("timeout", self.timeout, minimum=1e-3, maximum=MAX_SECONDS)

    def call(self, function: Callable[[], Result]) -> Result:
        """Calls a function until it succeeds.

        Raises:
            ServerUnavailable: If the last try raised it.
            RequestRefused: At once.
        """
        delay = self.first_delay
        for _ in range(self.attempts - 1):
            try:
                return function()
            except ServerUnavailable:
                time.sleep(delay)
                delay = min(2 * delay, self.longest_delay)
        try:
            return function()
        except ServerUnavailable as error:
            tries = "1 try" if self.attempts == 1 else f"{self.attempts} tries"
            raise ServerUnavailable(f"{error} ({tries})") from error
