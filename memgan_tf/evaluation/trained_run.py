"""A finished run with its detector, calibration and scores."""

import contextlib
import os
import pathlib
from typing import TypeVar

import numpy as np

from memgan_tf import files
from memgan_tf.config import DataConfig, RunConfig
from memgan_tf.data import OneClassTask, load_task
from memgan_tf.data.stored_images import Images
from memgan_tf.detectors.base import Detector
from memgan_tf.detectors.registry import make_detector
from memgan_tf.evaluation import drift
from memgan_tf.evaluation.calibration import (
    Calibration,
    check_scores,
    recalibrated,
    replace_calibration,
)
from memgan_tf.evaluation.false_discoveries import control_false_discoveries
from memgan_tf.evaluation.run_data import choose_data
from memgan_tf.text import printable
from memgan_tf.training import origin
from memgan_tf.training.run_directory import RunDirectory

R = TypeVar("R", bound="TrainedRun")


class TrainedRun:
    """A run that is ready to score. `TrainedRun.load` reads one from its folder.

    Args:
        directory: Folder of the run.
        config: Configuration of the run.
        detector: The fitted detector.
        calibration: Threshold and p-values; None if an incomplete run is not calibrated yet.

    Attributes:
        directory: The folder.
        config: The run's configuration.
        detector: The fitted detector.
        calibration: Threshold and p-values.
    """

    def __init__(
        self,
        directory: RunDirectory,
        config: RunConfig,
        detector: Detector,
        calibration: Calibration | None,
    ):
        self.directory, self.config = directory, config
        self.detector, self.calibration = detector, calibration
        self._opened: DataConfig | None = None
        self._completion = _completion_of(directory)

    @classmethod
    def load(
        cls: type[R],
        path: str | os.PathLike,
        allow_incomplete: bool = False,
        with_calibration: bool = True,
    ) -> R:
        """Reads a run.

        Args:
            path: Folder of the run, `<model_dir>/<detector>/<dataset>/<normal_class>/seed_<s>`.
            allow_incomplete: Whether to accept the newest checkpoint if training has not finished.
            with_calibration: Whether to read the calibration. Without it, `recalibrate` mends a
                run whose calibration.json is damaged.

        Raises:
            ValueError: If the folder is not that of a finished run.
            RuntimeError: If another process trained the run while it was read.
        """
        directory = RunDirectory(path)
        completion = _completion_of(directory)
        config = directory.read_config()
        if not (directory.is_complete or allow_incomplete):
            raise ValueError(
                f"{directory.path} is not COMPLETE. Finish it with the memgan train command "
                f"that started it"
            )
        if directory.is_complete:
            directory.read_completion()
        file = directory.calibration_file
        known = with_calibration and (directory.is_complete or file.exists())
        calibration = Calibration.load(file) if known else None
        detector = make_detector(config)
        try:
            detector.load(directory)
        finally:
            _check_completion(directory, completion)
        return cls(directory, config, detector, calibration)

    def check_unchanged(self) -> None:
        """Checks that no process has trained the run since it was made or loaded.

        Raises:
            RuntimeError: If one has.
        """
        _check_completion(self.directory, self._completion)

    def __repr__(self):
        data = self.config.data
        what = "" if data.normal_class is None else f", normal class {data.normal_class}"
        height, width, channels = self.config.image_shape
        return (
            f"<{type(self).__name__} {str(self.directory.path)!r}: {self.config.detector} on "
            f"{printable(data.dataset)}{what}; images {height}×{width}×{channels}; "
            f"{self._describe_threshold()}{'; SUSPECT' if self.directory.suspicions else ''}>"
        )

    def _describe_threshold(self):
        if self.calibration is None:
            return "not calibrated"
        return (
            f"threshold {self.threshold:.6g} for a false-positive rate of "
            f"{100 * self.calibration.target_fpr:g} %, by {len(self.calibration.scores)} normal "
            f"images"
        )

    def load_task(self, data_dir: str | None = None, dataset: str | None = None) -> OneClassTask:
        """The images of the run, with its test split.

        For a run trained by another user, only data that is named here is opened.

        Args:
            data_dir: As in `DataConfig`, if the data has moved.
            dataset: As in `DataConfig`, to use another data set.

        Raises:
            ValueError: If the set is unusable, or must be named.
        """
        own = self.config.data
        data = choose_data(self.directory, own, dataset, data_dir)
        self._opened = None if data == own else data
        return load_task(data, self.config.training.seed)

    @property
    def data(self) -> DataConfig:
        """The data that `load_task` opened last, or that of the configuration."""
        return self._opened or self.config.data

    @property
    def is_own(self) -> bool:
        """Whether this user trained the run, on this machine."""
        return origin.is_own(self.directory, self.config.data)

    @property
    def threshold(self) -> float:
        """A score above it is called an anomaly."""
        return self.known_calibration().threshold

    def known_calibration(self) -> Calibration:
        """The calibration.

        Raises:
            RuntimeError: If the run is not calibrated yet.
        """
        if self.calibration is None:
            raise RuntimeError(
                f"{self.directory.path} is not calibrated yet. Finish it with the memgan train "
                f"command that started it"
            )
        return self.calibration

    def score(self, images: Images) -> np.ndarray:
        """A(x) of images `(num_images, height, width, channels)`, 0 to 255; `(num_images,)`.

        Raises:
            ValueError: If the images are not of the run's shape or not pixels.
        """
        return self.detector.score(images)

    def explain(self, images: Images) -> dict[str, np.ndarray]:
        """Scores, reconstructions, anomaly maps and attention; see `TrainableModel.explain`.

        Raises:
            ValueError: As `score`.
        """
        return self.detector.explain(images)

    def p_values(self, scores: np.ndarray) -> np.ndarray:
        """Conformal p-values: the share of normal images that look at least as anomalous.

        Raises:
            ValueError: If a score is not a number.
        """
        return self.known_calibration().p_values(scores)

    def decide(self, scores: np.ndarray, fdr: float | None = None) -> np.ndarray:
        """Which scores are anomalies, `(num_images,)` bool.

        Args:
            scores: `(num_images,)` A(x).
            fdr: None decides by the threshold, for each image separately. A number decides for the
                whole batch; see `control_false_discoveries`.

        Raises:
            ValueError: If `fdr` is not in (0, 1), or a score is not a number.
        """
        if fdr is None:
            return check_scores(scores) > self.threshold
        return control_false_discoveries(self.p_values(scores), fdr)

    def monitor(self, scores: np.ndarray) -> drift.Drift:
        """Compares the scores of a batch with the calibration's; see `drift.compare`.

        Raises:
            ValueError: If a score is not finite or there are no scores.
        """
        return drift.compare(self.known_calibration(), scores)

    def recalibrate(
        self, images: Images | None = None, target_fpr: float | None = None
    ) -> pathlib.Path | None:
        """Sets a new threshold, here and in the run's folder, without training.

        Args:
            images: Normal images that were not used for training, `(num_images, height, width,
                channels)`; their scores replace the old ones. None keeps the old scores.
            target_fpr: Share of normal images that may be called anomalies; None keeps the old one.

        Returns:
            File of the old calibration; None if that was damaged.

        Raises:
            ValueError: If there are too few images to guarantee the rate.
        """
        scores = None if images is None else self.score(images)
        before = self.known_calibration() if scores is None else self.calibration
        if before is None and target_fpr is None:
            target_fpr = self.config.data.target_fpr
        after = recalibrated(before, target_fpr, scores)
        backup = replace_calibration(self.directory, after, keep_old=before is not None)
        self.calibration = after
        return backup


def _completion_of(directory):
    """What changes when a finished run is trained further; None if it is not finished."""
    with contextlib.suppress(FileNotFoundError):
        return files.read_bytes(directory.completion_file, files.MAX_TEXT_BYTES)


def _check_completion(directory, before):
    # The newest checkpoint of an unfinished run changes all the time.
    if before is not None and _completion_of(directory) != before:
        raise RuntimeError(
            f"{directory.path} was trained by another process while it was read. Wait until that "
            f"ends, then try again"
        )
