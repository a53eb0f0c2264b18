"""Displays training: progress, current results and time left."""

import math
import sys
import time
from collections.abc import Callable

from tqdm import tqdm

# Seconds between two printed lines.
REPORT_SECONDS = 2.0
BAR_WIDTH = 20


class Progress:
    """A bar on a terminal, and lines for some of the epochs.

    The time left is estimated only from steps, without calls that compile.

    Args:
        total_steps: Number of steps of the whole training.
        first_step: Number of steps done before.
        is_shown: Whether anything is printed.
        clock: Monotonic clock in seconds.
    """

    def __init__(
        self,
        total_steps: int,
        first_step: int,
        is_shown: bool,
        clock: Callable[[], float] = time.monotonic,
    ):
        self._bar = tqdm(
            total=total_steps,
            initial=first_step,
            disable=not (is_shown and sys.stderr.isatty()),
            dynamic_ncols=True,
            bar_format="|{bar:20}| {percentage:3.0f} %  {desc}",
        )
        self._total, self._step, self._clock = total_steps, first_step, clock
        self._reported, self._last = -math.inf, clock()
        # Counts only calls that did not compile.
        self._seconds, self._steps = 0.0, 0
        self._compiled: set[str | None] = set()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self._bar.close()

    def update(self, step: int, phase: str | None) -> None:
        """Call it after each call of the training function.

        Args:
            step: Number of finished steps.
            phase: Name of the phase; each compiles its own function in its first call.
        """
        now = self._clock()
        if phase in self._compiled:
            self._seconds += now - self._last
            self._steps += step - self._step
        self._compiled.add(phase)
        self._bar.update(step - self._step)
        self._step, self._last = step, now

    def end_epoch(self, index: int, num_epochs: int, logs: dict[str, float]) -> None:
        """Call it at the end of an epoch, with `Epoch.logs`."""
        now, is_first = self._clock(), self._reported == -math.inf
        if not is_first:
            # Scoring and checkpoints take time in each epoch, and compile in the first.
            self._seconds += now - self._last
        self._last = now
        self._bar.set_description_str(self._summary(logs), refresh=False)
        if is_first or now - self._reported >= REPORT_SECONDS or index == num_epochs:
            self._reported = now
            self._bar.write(self.line(index, num_epochs, logs))

    def line(self, index: int, num_epochs: int, logs: dict[str, float]) -> str:
        """The line of an epoch: bar, held-out score, time left, then the losses."""
        done = BAR_WIDTH * self._step // self._total
        losses = [
            f"{name.partition('/')[2]} {value:.4g}"
            for name, value in logs.items()
            if name.startswith("loss/")
        ]
        bar = f"[{'#' * done}{'.' * (BAR_WIDTH - done)}]"
        return "  ".join([bar, self._summary(logs), f"epoch {index}/{num_epochs}", *losses])

    def _summary(self, logs):
        score = f"held-out score {logs['validation/score']:.4g}"
        left = self.seconds_left
        return score if left is None else f"{score}  {_minutes(left)} left"

    @property
    def seconds_left(self) -> float | None:
        """Estimated from calls that did not compile; None before the first one."""
        if self._step >= self._total:
            return 0.0
        if not self._steps:
            return None
        return self._seconds / self._steps * (self._total - self._step)


def _minutes(seconds):
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"
