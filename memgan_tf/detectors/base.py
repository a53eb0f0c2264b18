"""The contract of every detector, deep or shallow."""

import abc
from collections.abc import Callable
from typing import Any

import numpy as np

from memgan_tf.config import RunConfig
from memgan_tf.data import as_pixels
from memgan_tf.data.stored_images import Images
from memgan_tf.training.run_directory import RunDirectory

# Images that go through a network at once when scoring.
SCORING_BATCH = 256


class Detector(abc.ABC):
    """Learns from normal images and scores any: higher is more anomalous.

    Args:
        config: Of the run.
    """

    def __init__(self, config: RunConfig):
        self.config = config
        # `(num_images,)` after `fit`: the score of each training image by what the others taught;
        # None where a detector cannot tell.
        self.left_out_scores: np.ndarray | None = None
        # What a user must know of them, a sentence each.
        self.left_out_notes: list[str] = []
        # The TensorFlow model that scores, of detectors that have one.
        self.model: Any = None

    @abc.abstractmethod
    def fit(
        self,
        images: Images,
        validation_images: Images,
        run: RunDirectory | None = None,
    ) -> float:
        """Learns from normal images.

        Args:
            images: `(num_images, height, width, channels)` uint8 normal images.
            validation_images: Held-out normal images of the same kind, for monitoring.
            run: Where checkpoints, metrics and TensorBoard's files go; None keeps nothing.

        Returns:
            Seconds of training, over all processes that worked on the run.
        """

    @abc.abstractmethod
    def load(self, run: RunDirectory) -> None:
        """Restores what `fit` learned from a run's folder.

        Raises:
            ValueError: If there is nothing to restore.
        """

    @abc.abstractmethod
    def explain(self, images: Images) -> dict[str, np.ndarray]:
        """Scores images and says why; see `TrainableModel.explain`.

        Raises:
            ValueError: If the images are not of the configuration's shape or not pixels.
            RuntimeError: Before `fit` or `load`.
        """

    def score(self, images: Images) -> np.ndarray:
        """A(x) of images `(num_images, height, width, channels)`, 0 to 255; `(num_images,)`.

        Raises:
            ValueError, RuntimeError: As `explain`.
        """
        return self.explain(images)["anomaly_score"]

    @property
    def backbone_facts(self) -> dict[str, Any] | None:
        """Name, layers, digest and license of the pretrained network, for cards; None without."""
        return None

    @abc.abstractmethod
    def initialize(self, images: Images) -> None:
        """Becomes able to score without having learned: what `fit` is measured against.

        A deep detector keeps its initial weights and measures its constants on the images; a
        shallow one, which has no initial state, learns from noise of the same shape.

        Args:
            images: `(num_images, height, width, channels)` uint8 normal images.
        """

    @property
    def max_test_images(self) -> int | None:
        """Test images that an evaluation scores at most, a stratified draw; None is all."""
        return self.config.model.max_test_images

    @property
    def part_names(self) -> tuple[str, ...]:
        """What the columns of `explain`'s `parts` are, if the score is made of parts."""
        return ()

    def score_notes(self) -> list[str]:
        """What was decided about the score from normal images, a sentence each."""
        return []

    def export_obstacle(self) -> str | None:
        """Why the score cannot be a SavedModel, one sentence; None if it can."""
        return None

    def decode_units(self) -> np.ndarray | None:
        """Decoded memory units, `(num_units, height, width, channels)` in [0, 1], if it has any."""
        return None

    def _check_images(self, images: Any) -> Images:
        images = as_pixels("images", images)
        if images.shape[1:] != self.config.image_shape:
            raise ValueError(
                f"`images` must have the shape that the detector was trained on, "
                f"{self.config.image_shape}. Received: shape={images.shape[1:]}"
            )
        return images


DetectorFactory = Callable[[RunConfig], Detector]
