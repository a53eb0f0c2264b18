"""What happens at the end of an epoch: metrics.csv, TensorBoard, the collapse alarm."""

import csv
import os
import pathlib
import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf
from tensorboard.plugins.hparams import api as hparams
from tensorboard.plugins.projector import ProjectorConfig, visualize_embeddings

from memgan_tf import files
from memgan_tf.config import RunConfig
from memgan_tf.text import decodable
from memgan_tf.training.loop import Action, Epoch
from memgan_tf.validation import received

# Largest number of times that pictures and hull distances are written in a run.
MAX_PICTURES = 10
# Largest size of metrics.csv, which has one row per epoch.
MAX_METRICS_BYTES = 16 * 2**20
REMOVE_METRICS = "Remove it: the weights do not depend on it"


class CsvLogger:
    """Keeps metrics.csv, one row per epoch, rewritten completely so that it is never cut short.

    Args:
        path: Path of the file. Rows from the first new epoch on are dropped, because they belong to
            steps that a restart repeats.
    """

    def __init__(self, path: pathlib.Path):
        self._path = path
        self._rows: list[dict[str, Any]] = []
        if path.exists():
            with files.naming_damage(path, REMOVE_METRICS):
                for row in files.read_table(path, MAX_METRICS_BYTES):
                    if int(row["epoch"]) < 1:
                        raise ValueError(f"the row of epoch {row['epoch']}")
                    self._rows.append(row)

    def __call__(self, epoch: Epoch) -> None:
        """Adds the epoch's row."""
        row = {
            "epoch": epoch.index,
            "step": epoch.step,
            "seconds": f"{epoch.seconds:.2f}",
            **{name: f"{value:.7g}" for name, value in epoch.logs.items()},
        }
        self._rows = [old for old in self._rows if int(old["epoch"]) < epoch.index] + [row]
        with (
            files.replacing(self._path) as temporary,
            temporary.open("w", newline="", encoding="utf-8") as file,
        ):
            writer = csv.DictWriter(file, fieldnames=list(row))
            writer.writeheader()
            with files.naming_damage(self._path, REMOVE_METRICS):
                writer.writerows(self._rows)


def as_action(action: Any) -> Action:
    """A function of an `Epoch`; of a Keras callback what calls its `on_epoch_end`.

    Raises:
        ValueError: If it is neither.
    """
    if hasattr(action, "on_epoch_end"):
        return lambda epoch: action.on_epoch_end(epoch.index - 1, epoch.logs)
    if not callable(action):
        raise ValueError(
            f"`actions` must be functions of an epoch, or Keras callbacks. "
            f"{received('action', action)}"
        )
    return action


class CollapseAlarm:
    """Reports signs of collapse when they appear and when they disappear.

    Args:
        mark: Called with the signs at the end of each epoch, before its checkpoint, so that a
            resumed run knows what a killed one knew.
        known: Signs that the run had when it was interrupted.
    """

    def __init__(
        self, mark: Callable[[list[str]], None] = lambda reasons: None, known: Sequence[str] = ()
    ):
        self._mark, self._present = mark, set(known)

    def __call__(self, epoch: Epoch) -> None:
        """Checks the epoch."""
        reasons = epoch.collapse_signs
        for reason in reasons:
            if reason not in self._present:
                print(f"SUSPECT after epoch {epoch.index}: {reason}", file=sys.stderr)
        for reason in sorted(self._present.difference(reasons)):
            print(f"No longer SUSPECT after epoch {epoch.index}: {reason}", file=sys.stderr)
        self._present = set(reasons)
        self._mark(reasons)


class TensorBoardLogger:
    """Writes the TensorBoard runs `train` and `validation`, and at the end the projector's files.

    Args:
        directory: TensorBoard's folder of the run.
        config: Shown as hyper-parameters.
    """

    def __init__(self, directory: pathlib.Path, config: RunConfig):
        self._directory = directory
        self._every = -(-config.training.epochs // MAX_PICTURES)
        self._train, self._validation = (
            tf.summary.create_file_writer(os.fsencode(directory / name))
            for name in ("train", "validation")
        )
        with self._train.as_default():
            values = {"detector": config.detector, **config.flat()}
            hparams.hparams({name: _plain(value) for name, value in values.items()})

    def __call__(self, epoch: Epoch) -> None:
        """Writes the epoch's values."""
        with self._train.as_default(step=epoch.step):
            for name, value in epoch.metrics.items():
                tf.summary.scalar(name, value)
        if epoch.is_last or epoch.index % self._every == 0:
            self._write_summaries(epoch)
        if epoch.is_last:
            self._write_projector(epoch)
        self._train.flush()
        self._validation.flush()

    def _write_summaries(self, epoch):
        summaries = epoch.model.summarize(epoch.images, epoch.explained)
        with self._validation.as_default(step=epoch.step):
            for name, value in summaries.scalars.items():
                tf.summary.scalar(name, value)
            for name, value in summaries.histograms.items():
                tf.summary.histogram(name, value)
            for name, value in summaries.images.items():
                tf.summary.image(name, value[np.newaxis])

    def _write_projector(self, epoch):
        if "codes" not in epoch.explained:
            return
        groups = {"code": epoch.explained["codes"], **epoch.model.embedding_points()}
        kinds = [kind for kind, points in groups.items() for _ in points]
        logdir = self._directory / "validation"
        points = np.concatenate(list(groups.values()))
        np.savetxt(logdir / "codes.tsv", points, delimiter="\t", fmt="%.6g")
        (logdir / "kinds.tsv").write_text("\n".join(kinds) + "\n", encoding="utf-8")
        projector = ProjectorConfig()
        embedding = projector.embeddings.add(tensor_name="codes", tensor_path="codes.tsv")
        embedding.metadata_path = "kinds.tsv"
        visualize_embeddings(str(logdir), projector)


def _plain(value):
    return value if isinstance(value, (bool, int, float)) else decodable(str(value))
