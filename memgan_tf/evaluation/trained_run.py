"""A finished run: its detector, its calibration, its scores."""

import os

import numpy as np

from memgan_tf.detectors.registry import make_detector
from memgan_tf.evaluation.calibration import Calibration
from memgan_tf.training.run_directory import RunDirectory


class TrainedRun:
    """A run, loaded for scoring.

    Args:
        path: The run's folder, `<model_dir>/<detector>/<dataset>/<normal_class>/seed_<s>`.
        allow_incomplete: Whether the newest checkpoint will do if training has not finished.

    Attributes:
        directory: The folder.
        config: The run's configuration.
        detector: The fitted detector.
        calibration: Threshold and p-values; None if an incomplete run has none yet.

    Raises:
        ValueError: If the folder is not a finished run's.
    """

    def __init__(self, path: str | os.PathLike, allow_incomplete: bool = False):
        self.directory = RunDirectory(path)
        self.config = self.directory.read_config()
        if not (self.directory.is_complete or allow_incomplete):
            raise ValueError(
                f"{self.directory.path} is not COMPLETE. Finish it with the memgan train command "
                f"that started it"
            )
        path = self.directory.path / "calibration.json"
        known = self.directory.is_complete or path.exists()
        self.calibration = Calibration.load(path) if known else None
        self.detector = make_detector(self.config)
        self.detector.load(self.directory)

    @property
    def threshold(self) -> float:
        """A score above it is called an anomaly."""
        return self.calibration.threshold

    def score(self, images: np.ndarray) -> np.ndarray:
        """A(x) of images `(num_images, height, width, channels)`, 0 to 255; `(num_images,)`.

        Raises:
            ValueError: If the images are not of the run's shape or not pixels.
        """
        return self.detector.score(images)

    def explain(self, images: np.ndarray) -> dict[str, np.ndarray]:
        """Scores, reconstructions, anomaly maps and attention; see `TrainableModel.explain`.

        Raises:
            ValueError: As `score`.
        """
        return self.detector.explain(images)

    def p_values(self, scores: np.ndarray) -> np.ndarray:
        """Conformal p-values of scores: the share of normal images that look at least as odd."""
        return self.calibration.p_values(scores)
