"""Scores the photographs of a session, with a run or a server that runs its export."""

import abc
import pathlib
import threading
from typing import cast

import numpy as np

from memgan_tf.app.prices import steps_of
from memgan_tf.evaluation.calibration import (
    Calibration,
    recalibrated,
    replace_calibration,
)
from memgan_tf.evaluation.explanations import has_maps
from memgan_tf.evaluation.heat_scale import SCALE_FILE, HeatScale, read_scale
from memgan_tf.evaluation.trained_run import TrainedRun
from memgan_tf.serving.client import Client
from memgan_tf.serving.retries import RequestRefused
from memgan_tf.validation import received

CONFIRMED = "images that inspectors confirmed as good"


class Judge(abc.ABC):
    """Scores images; used by several threads, one at a time.

    Attributes:
        title: Title for the page.
        image_shape: Input shape, `(height, width, channels)`.
        image_fit: How files of another size are fitted.
        bit_depth: Number of bits used by the values of files of 16 and 32 bits; None is 16.
        threshold: A score above it is called an anomaly.
        calibration: Scores of held-out normal images; None if unknown.
        scale: Scale of the colors of maps; None if each map has its own.
        has_maps: Whether `heat` returns maps.
    """

    title: str
    image_shape: tuple[int, int, int]
    image_fit: str
    bit_depth: int | None
    threshold: float
    calibration: Calibration | None = None
    scale: HeatScale | None = None
    has_maps: bool = True

    def __init__(self):
        self._lock = threading.Lock()

    def busy(self) -> threading.Lock:
        """A context with exclusive use of the detector or the connection."""
        return self._lock

    @abc.abstractmethod
    def score(self, pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Scores and p-values, `(num_images,)` each, of `(num_images, height, width, channels)`."""

    @abc.abstractmethod
    def heat(self, pixels: np.ndarray) -> np.ndarray | None:
        """The anomaly map of an image `(height, width, channels)`; None without one."""

    @abc.abstractmethod
    def refresh(self) -> None:
        """Reads changes by other processes."""

    @abc.abstractmethod
    def close(self) -> None:
        """Ends connections."""


class RunJudge(Judge):
    """A finished run.

    Args:
        run: The run.
    """

    def __init__(self, run: TrainedRun):
        super().__init__()
        self._run, data = run, run.config.data
        self.title = f"{run.config.detector}, {data.dataset}"
        self.image_shape, self.image_fit = run.config.image_shape, data.fit
        self.bit_depth = data.bit_depth
        self._stamp: tuple[int, ...] | None = None
        self._take(run.calibration)
        path = run.directory.evaluation / SCALE_FILE
        self.scale = read_scale(path) if path.exists() else None
        self.has_maps = has_maps(run)

    @property
    def run(self) -> TrainedRun:
        """The run."""
        return self._run

    def score(self, pixels):
        with self._lock:
            scores = self._run.score(pixels)
        return scores, self.known().p_values(scores)

    def heat(self, pixels):
        with self._lock:
            explained = self._run.explain(pixels[np.newaxis])
        return explained["anomaly_map"][0] if "anomaly_map" in explained else None

    def refresh(self):
        stamp = self._stamp_now()
        if stamp != self._stamp:
            self._take(Calibration.load(self._path))
            self._stamp = stamp

    def close(self):
        """Does nothing, because there are no connections."""

    def known(self) -> Calibration:
        """The calibration, which every run has."""
        return cast(Calibration, self.calibration)

    def set_threshold(self, threshold: float) -> pathlib.Path:
        """Sets one of the thresholds of `steps_of`; returns the file of the old calibration.

        Raises:
            ValueError: If the calibration has changed, and the threshold is none of its own.
            RuntimeError: If another process works on the run.
        """
        self.refresh()
        known = self.known()
        rate = dict(steps_of(known)).get(threshold)
        if rate is None:
            raise ValueError(
                f"`threshold` must be one of the run's thresholds, which have changed. "
                f"{received('threshold', threshold)}. Reload the page and choose again"
            )
        return self._replace(recalibrated(known, rate, None, CONFIRMED))

    def recalibrate(
        self, target_fpr: float | None = None, scores: np.ndarray | None = None
    ) -> pathlib.Path:
        """Sets a new threshold, like `memgan recalibrate`.

        Args:
            target_fpr: Share of normal images that may be called anomalies; None keeps the old one.
            scores: Scores of images confirmed as good; None keeps the old ones.

        Returns:
            File of the old calibration.

        Raises:
            ValueError: If there are too few images to guarantee the rate.
            RuntimeError: If another process works on the run.
        """
        self.refresh()
        return self._replace(recalibrated(self.known(), target_fpr, scores, CONFIRMED))

    def _replace(self, after):
        backup = replace_calibration(self._run.directory, after)
        self.refresh()
        return backup

    @property
    def _path(self):
        return self._run.directory.calibration_file

    def _stamp_now(self):
        status = self._path.stat()
        return status.st_mtime_ns, status.st_ino, status.st_size

    def _take(self, calibration):
        self.calibration = self._run.calibration = calibration
        self.threshold = calibration.threshold


class ServerJudge(Judge):
    """A server that runs an export.

    Args:
        client: Client of the server, which is checked at once to serve an export.
        image_fit: How files of another size are fitted; see the export's model card.
        bit_depth: As in `Judge`; see the model card.

    Raises:
        RequestRefused, ServerUnavailable: If the server does not answer like an export.
    """

    def __init__(self, client: Client, image_fit: str, bit_depth: int | None = None):
        super().__init__()
        self._client, self.title = client, str(client.address)
        self.image_fit, self.bit_depth = image_fit, bit_depth
        self.image_shape = client.image_shape()
        blank = np.zeros(self.image_shape, np.uint8)
        self.score(blank[np.newaxis])
        try:
            self.has_maps = self.heat(blank) is not None
        except RequestRefused:
            self.has_maps = False

    def score(self, pixels):
        with self._lock:
            answers = self._client.score(pixels)
        self.threshold = float(answers["threshold"][0])
        return answers["anomaly_score"], answers["p_value"]

    def heat(self, pixels):
        with self._lock:
            return self._client.anomaly_map(pixels)

    def refresh(self):
        """Does nothing, because every answer includes the server's threshold."""

    def close(self):
        self._client.close()
