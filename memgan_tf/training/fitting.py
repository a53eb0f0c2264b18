"""Trains a detector from the first step to the last, with the files of its run."""

import dataclasses
import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from memgan_tf.config import RunConfig
from memgan_tf.config.training import MIN_FOLDER_STEPS
from memgan_tf.training.actions import CollapseAlarm, CsvLogger, TensorBoardLogger, as_action
from memgan_tf.training.checkpoints import Checkpoints
from memgan_tf.training.growth import obstacle_to_growth
from memgan_tf.training.levelling import Levelling, held_out_curve
from memgan_tf.training.loop import Action, train
from memgan_tf.training.run_directory import RunDirectory
from memgan_tf.training.trainer import Trainer
from memgan_tf.training.workers import Workers

# Number of images whose bytes must agree among the workers.
COMPARED_IMAGES = 256


def fit_in_steps(
    config: RunConfig,
    trainer: Trainer,
    workers: Workers,
    images: np.ndarray,
    validation_images: np.ndarray,
    run: RunDirectory | None,
    actions: Sequence[Action],
) -> float:
    """Trains a model to the end, or resumes it.

    Args:
        config: Configuration of the run.
        trainer: Trainer of the model.
        workers: The processes that work on the run.
        images: Training images.
        validation_images: Held-out normal images, for monitoring.
        run: Folder for checkpoints, metrics and TensorBoard's files; None keeps nothing.
        actions: Called at the end of each epoch, after the run's own.

    Returns:
        Seconds of training, summed over all processes that worked on the run.
    """
    training = config.training
    workers.check_equal(
        {
            "configuration": int(config.fingerprint()[:8], 16),
            "training images": zlib.crc32(np.ascontiguousarray(images[:COMPARED_IMAGES]).data),
            "number of training images": len(images),
        }
    )
    checkpoints = None
    own: list[Action] = [CollapseAlarm()]
    if run is not None:
        checkpoints = Checkpoints(
            run.checkpoints,
            trainer.variables,
            config.fingerprint(),
            training.keep_checkpoints,
            writes=workers.is_chief,
            earlier=_earlier_fingerprints(config),
        )
    if run is not None and workers.is_chief:
        own = [
            CollapseAlarm(run.mark_suspect, run.suspicions),
            CsvLogger(run.metrics_file),
            TensorBoardLogger(run.tensorboard, config),
        ]
    levelling = None
    if training.stop_when_level:
        known: Any = [] if run is None else held_out_curve(run.metrics_file)
        levelling = Levelling(MIN_FOLDER_STEPS, known)
    actions = [*own, *map(as_action, actions)]
    return train(trainer, validation_images, checkpoints, actions, workers, levelling)


def _earlier_fingerprints(config):
    """Fingerprints of the same run with fewer epochs, if it may have been extended."""
    if obstacle_to_growth(config) is not None:
        return frozenset()
    shorter = (
        dataclasses.replace(config.training, epochs=epochs)
        for epochs in range(1, config.training.epochs)
    )
    return {dataclasses.replace(config, training=training).fingerprint() for training in shorter}
