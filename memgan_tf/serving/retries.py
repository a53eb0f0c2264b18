"""Errors of a server, and which of them another try may mend."""

import dataclasses
import time
from collections.abc import Callable
from typing import TypeVar

from memgan_tf.validation import check_integer, check_real

Result = TypeVar("Result")
# Of a try: a day. The system's clocks cannot wait for any number.
MAX_SECONDS = 86400.0


class ServerUnavailable(RuntimeError):
    """The server cannot be reached, is too busy or too slow, or broke off: try again."""


class RequestRefused(ValueError):
    """The server will not answer this request however often it is sent."""


@dataclasses.dataclass(frozen=True)
class RetryPolicy:
    """How often a request is sent, and how long one try may take.

    Attributes:
        attempts: Tries, the first one among them.
        timeout: Seconds that a try may take.
        first_delay: Seconds before the second try; each further delay is twice as long.
        longest_delay: Seconds that a delay is at most.
    """

    attempts: int = 5
    timeout: float = 30.0
    first_delay: float = 0.25
    longest_delay: float = 8.0

    def __post_init__(self):
        check_integer("attempts", self.attempts, minimum=1)
        check_real("timeout", self.timeout, minimum=1e-3, maximum=MAX_SECONDS)

    def call(self, function: Callable[[], Result]) -> Result:
        """Calls until it succeeds.

        Raises:
            ServerUnavailable: If the last try failed with it.
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
