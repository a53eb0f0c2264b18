"""The outer loop: epochs, checkpoints, progress, interruption."""

import dataclasses
import math
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence

import numpy as np
import tensorflow as tf

from memgan_tf.models.common.base import TrainableModel
from memgan_tf.training.checkpoints import Checkpoints
from memgan_tf.training.cluster import Cluster
from memgan_tf.training.levelling import Levelling
from memgan_tf.training.progress import Progress
from memgan_tf.training.trainer import Trainer
from memgan_tf.training.workers import Workers

# Largest number of held-out images scored after each epoch.
MONITORED_IMAGES = 512
ALONE = Workers(Cluster())


class Interrupted(KeyboardInterrupt):
    """Training was asked to stop and has saved a checkpoint.

    Attributes:
        number: The signal that asked.
    """

    number: int = signal.SIGINT


@dataclasses.dataclass(frozen=True)
class Epoch:
    """What an action receives at the end of an epoch.

    Attributes:
        index: Number of the epoch; 1 is the first.
        is_last: Whether training ends with it.
        step: Number of finished steps.
        seconds: Training time so far, over all processes that worked on the run.
        metrics: Means over the epoch by tag.
        images: Held-out normal images, raw pixels.
        explained: `TrainableModel.explain` of them, as numpy arrays.
        model: The model.
    """

    index: int
    is_last: bool
    step: int
    seconds: float
    metrics: dict[str, float]
    images: np.ndarray
    explained: dict[str, np.ndarray]
    model: TrainableModel

    @property
    def logs(self) -> dict[str, float]:
        """`metrics`, and of the held-out images `validation/score` and, where there are
        reconstructions, the size of their errors, `validation/error`.
        """
        held_out = {"validation/score": float(self.explained["anomaly_score"].mean())}
        if "reconstruction_error" in self.explained:
            held_out["validation/error"] = float(self.explained["reconstruction_error"].mean())
        return {**self.metrics, **held_out}

    @property
    def collapse_signs(self) -> list[str]:
        """What `TrainableModel.health` finds in it, one phrase each."""
        return self.model.health(self.metrics, {**self.explained, "images": self.images})


Action = Callable[[Epoch], None]


def train(
    trainer: Trainer,
    validation_images: np.ndarray,
    checkpoints: Checkpoints | None,
    actions: Sequence[Action],
    workers: Workers = ALONE,
    levelling: Levelling | None = None,
) -> float:
    """Trains to the end, from the newest checkpoint if there is one.

    Args:
        trainer: The model and its optimizers.
        validation_images: Held-out normal images, raw pixels.
        checkpoints: Keeps the state; None keeps none.
        actions: Called at the end of each epoch, before its checkpoint, by the chief.
        workers: Workers of the job; all of them call this, and stop together.
        levelling: Ends training before the last epoch; None does not.

    Returns:
        Seconds of training, over all processes that worked on the run.

    Raises:
        FloatingPointError: If a metric is not finite.
        Interrupted: On SIGINT or SIGTERM to any worker, after a checkpoint.
    """
    if checkpoints and checkpoints.restore() and workers.is_chief:
        print(f"Resuming from step {trainer.steps_done} of {trainer.total_steps}")
    workers.check_equal({"step to resume from": trainer.steps_done})
    if levelling:
        levelling.restart(trainer.steps_done // trainer.steps_per_epoch, trainer.steps_done)
    explain = tf.function(trainer.model.explain, autograph=False, reduce_retracing=True)
    monitored = validation_images[: trainer.model.max_monitored_images or MONITORED_IMAGES]
    progress = Progress(trainer.total_steps, trainer.steps_done, workers.is_chief)
    with _stop_requests() as stop_requested, progress:
        has_ended = _has_levelled(levelling, workers)
        while (step := trainer.steps_done) < trainer.total_steps and not has_ended:
            left = trainer.steps_per_epoch - step % trainer.steps_per_epoch
            started = time.monotonic()
            trainer.run(min(trainer.config.steps_per_call, left))
            trainer.seconds.assign_add(time.monotonic() - started)
            _check_finite(trainer, checkpoints)
            progress.update(trainer.steps_done, trainer.phase)
            ends_epoch = left <= trainer.config.steps_per_call
            if ends_epoch:
                metrics = trainer.take_metrics()
                trainer.measure_statistics()
                if workers.is_chief:
                    epoch = _make_epoch(trainer, metrics, monitored, explain, levelling)
                    _end_epoch(trainer, epoch, checkpoints, actions)
                    progress.end_epoch(epoch.index, trainer.total_epochs, epoch.logs)
                has_ended = _has_levelled(levelling, workers)
            if not has_ended and workers.any(stop_requested() is not None):
                if checkpoints and not ends_epoch:
                    trainer.measure_statistics()
                    checkpoints.save(trainer.steps_done)
                interrupted = Interrupted(
                    f"stopped at step {trainer.steps_done} of {trainer.total_steps}; the same "
                    f"command resumes there"
                )
                interrupted.number = stop_requested() or signal.SIGINT
                raise interrupted
    if levelling and workers.is_chief:
        print(levelling.describe(trainer.total_epochs))
    return float(trainer.seconds.numpy())


def _has_levelled(levelling, workers):
    return levelling is not None and workers.any(levelling.has_levelled)


def _make_epoch(trainer, metrics, images, explain, levelling):
    step = trainer.steps_done
    index, is_last = step // trainer.steps_per_epoch, step == trainer.total_steps
    explained = {name: value.numpy() for name, value in explain(tf.constant(images)).items()}
    if levelling:
        levelling.add(explained, step)
        is_last = is_last or levelling.has_levelled
    return Epoch(
        index,
        is_last,
        step,
        float(trainer.seconds.numpy()),
        metrics,
        images,
        explained,
        trainer.model,
    )


def _end_epoch(trainer, epoch, checkpoints, actions):
    for action in actions:
        action(epoch)
    if checkpoints and (epoch.is_last or epoch.index % trainer.config.checkpoint_epochs == 0):
        checkpoints.save(epoch.step)


def _check_finite(trainer, checkpoints):
    for name, total in trainer.totals.items():
        if not math.isfinite(float(total.numpy())):
            fallback = " The last checkpoint is intact." if checkpoints else ""
            raise FloatingPointError(
                f"{name} became {float(total.numpy())} by step {trainer.steps_done}: training "
                f"diverged. Lower --learning_rate (now {trainer.config.learning_rate:g})"
                f"{trainer.model.divergence_fix}.{fallback}"
            )


class _stop_requests:
    """A context in which a first SIGINT or SIGTERM sets a flag; a second one acts as usual."""

    def __enter__(self):
        self._requested, self._previous = None, {}
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._previous[number] = signal.signal(number, self._request)
        return lambda: self._requested

    def _request(self, number, frame):
        del frame
        self._requested = number
        signal.signal(number, self._previous[number])
        print("\nStopping after a checkpoint; once more stops at once.", file=sys.stderr)

    def __exit__(self, *exception):
        for number, handler in self._previous.items():
            signal.signal(number, handler)
