"""The contract of every detector, deep or shallow."""

import abc
import contextlib
import pathlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from memgan_tf import files
from memgan_tf.config import RunConfig
from memgan_tf.data import as_pixels
from memgan_tf.data.stored_images import Images
from memgan_tf.training.run_directory import RunDirectory

# Number of images that pass through a network at once for scoring.
SCORING_BATCH = 256


class Detector(abc.ABC):
    """Learns from normal images and scores any image; higher is more anomalous.

    Args:
        config: Configuration of the run.
    """

    def __init__(self, config: RunConfig):
        self.config = config
        # `(num_images,)` after `fit`: score of each training image with the knowledge of the others
        # only; None if the detector cannot compute it.
        self.left_out_scores: np.ndarray | None = None
        # What a user must know about these scores, one sentence each.
        self.left_out_notes: list[str] = []
        # The TensorFlow model that scores, of detectors that have one.
        self.model: Any = None

    def get_ready(self) -> None:
        """Does what `fit` needs besides the images, so that it fails before anything is written.

        Raises:
            ValueError: If something is missing or cannot be used.
        """
        return

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
            run: Folder for checkpoints, metrics and TensorBoard's files; None keeps nothing.

        Returns:
            Seconds of training, summed over all processes that worked on the run.
        """

    @abc.abstractmethod
    def load(self, run: RunDirectory) -> None:
        """Restores the result of `fit` from a run's folder.

        Raises:
            ValueError: If there is nothing to restore.
        """

    @abc.abstractmethod
    def explain(self, images: Images) -> dict[str, np.ndarray]:
        """Scores images and explains the scores; see `TrainableModel.explain`.

        Raises:
            ValueError: If the images do not have the configuration's shape or are not pixels.
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
        """Makes the detector able to score without training, as a reference for `fit`.

        A deep detector keeps its initial weights and measures its constants on the images. A
        shallow detector, which has no initial state, learns from noise of the same shape.

        Args:
            images: `(num_images, height, width, channels)` uint8 normal images.
        """

    @property
    def max_test_images(self) -> int | None:
        """Largest number of test images in an evaluation, a stratified draw; None means all."""
        return self.config.model.max_test_images

    @property
    def part_names(self) -> tuple[str, ...]:
        """Names of the columns of `explain`'s `parts`, if the score is made of parts."""
        return ()

    def score_notes(self) -> list[str]:
        """What was decided about the score from normal images, one sentence each."""
        return []

    def export_obstacle(self) -> str | None:
        """Why the score cannot be exported as a SavedModel, one sentence; None if it can."""
        return None

    @property
    def operations_without_litert(self) -> tuple[str, ...]:
        """TensorFlow's names of the operations of the score that LiteRT does not have."""
        return ()

    @property
    def has_network(self) -> bool:
        """Whether the score has layers of a network, which an export may quantize."""
        return True

    def decode_units(self) -> np.ndarray | None:
        """Decoded memory units, `(num_units, height, width, channels)` in [0, 1], or None."""
        return None

    def _check_images(self, images: Any) -> Images:
        images = as_pixels("images", images)
        if images.shape[1:] != self.config.image_shape:
            raise ValueError(
                f"`images` must have the shape that the detector was trained on, "
                f"{self.config.image_shape}. Received: shape={images.shape[1:]}"
            )
        return images


@contextlib.contextmanager
def reading_state(path: pathlib.Path, forget: Callable[[], None]) -> Iterator[None]:
    """A context in which a detector reads what it learned from a file, and tries it.

    Args:
        path: The file, for messages.
        forget: Called if that fails; afterwards the detector knows nothing.

    Raises:
        ValueError: If the file is missing or damaged; the message says what to do.
        OSError: If the system refuses to read it, which says nothing about its content.
    """
    try:
        yield
    except Exception as error:
        # A damaged file may raise anything.
        forget()
        if files.is_refusal(error):
            raise
        raise ValueError(
            f"{path} cannot be read: {files.first_line(error)}. Remove the run's folder to train "
            f"it again"
        ) from error
