"""Detectors without networks, which are fitted at once and saved as arrays."""

import abc
import time
from typing import Any

import numpy as np

from memgan_tf import files
from memgan_tf.config import RunConfig
from memgan_tf.data.npz import read_arrays
from memgan_tf.detectors.base import Detector, reading_state
from memgan_tf.detectors.features import Features

STATE_FILE = "detector.npz"
# Number of rows scored at once, to bound the memory of distances to all training images.
SCORING_ROWS = 512
# For photographs with fewer held-out images than this, up to this many training images are also
# used for the threshold, with one more fit for each of this many folds.
FEW_HELD_OUT, MOST_LEFT_OUT, NUM_FOLDS = 100, 1000, 5
# Largest number of images of noise from which `initialize` learns.
MAX_NOISE_IMAGES = 500


def make_features(config: RunConfig) -> Features:
    """Features for a run's configuration, not fitted."""
    features = Features(config.model)
    features.scaling.fills_padding = bool(config.data.leave_out_padding)
    return features


class ShallowDetector(Detector):
    """A method on rows of features with the contract of detectors.

    The learned state is a dictionary of arrays, saved as an npz file without pickle.
    """

    def __init__(self, config: RunConfig):
        super().__init__(config)
        self.features = make_features(config)
        self._learned: Any = None  # arrays by name, once it is fitted

    @abc.abstractmethod
    def learn(self, features: np.ndarray) -> dict[str, np.ndarray]:
        """The arrays needed for the score, from normal rows `(num_images, features)`."""

    @abc.abstractmethod
    def explain_batch(
        self, images: np.ndarray, learned: dict[str, np.ndarray]
    ) -> dict[str, np.ndarray]:
        """Result of `explain` for a few images, with the arrays of `learn`."""

    def check_learned(self, learned: dict[str, np.ndarray]) -> None:
        """Checks arrays from a file for values that would break their use.

        Raises:
            ValueError, LookupError, TypeError: If they are not what `learn` returned.
        """

    def _black_image(self):
        return np.zeros((1, *self.config.image_shape), np.uint8)

    def fit(self, images, validation_images, run=None):
        started = time.monotonic()
        images = self._check_images(images)
        self._fit_to(images)
        self.left_out_scores, self.left_out_notes = None, []
        enough = 2 * NUM_FOLDS <= len(images) <= MOST_LEFT_OUT
        if self.config.data.folder and enough and len(validation_images) < FEW_HELD_OUT:
            self._leave_out(images)
        seconds = time.monotonic() - started
        if run is not None:
            state = {f"features_{name}": array for name, array in self.features.state().items()}
            with files.replacing(run.path / STATE_FILE) as temporary:
                np.savez(temporary, **{**state, **self._learned})
        return seconds

    def _fit_to(self, images):
        self.features.fit(images)
        self._learned = self.learn(self.features(images))

    def _leave_out(self, images):
        """Scores each training image by a fit to the folds that it is not in.

        A fold is a contiguous part, because photographs taken in sequence look alike.
        """
        scores = []
        for fold in np.array_split(np.arange(len(images)), NUM_FOLDS):
            fitted = type(self)(self.config)
            try:
                fitted._fit_to(np.delete(images, fold, axis=0))
            except ValueError:  # all others are equal
                return
            scores.append(fitted.score(images[fold]))
        self.left_out_scores = np.concatenate(scores)
        self.left_out_notes = [
            f"few images are held out, so the {len(images)} training images also set the "
            f"threshold, each scored by a fit to four fifths without it. The rate holds if fits to "
            f"four fifths and to all score alike"
        ]

    def initialize(self, images):
        count = min(len(self._check_images(images)), MAX_NOISE_IMAGES)
        shape = (count, *self.config.image_shape)
        generator = np.random.default_rng(self.config.training.seed)
        noise = generator.integers(0, 256, shape, dtype=np.uint8)
        self.fit(noise, noise)

    def load(self, run):
        path, prefix = run.path / STATE_FILE, "features_"
        with reading_state(path, self._forget):
            arrays = read_arrays(path)
            self.features.load(
                {k.removeprefix(prefix): v for k, v in arrays.items() if k.startswith(prefix)}
            )
            self._learned = {k: v for k, v in arrays.items() if not k.startswith(prefix)}
            self.check_learned(self._learned)
            # Using the arrays reveals whether the others fit together.
            score = self.score(self._black_image())
            if score.shape != (1,) or not np.isfinite(score).all():
                raise ValueError("a black image has no finite score")

    def _forget(self):
        self._learned = None

    def explain(self, images):
        if self._learned is None:
            raise RuntimeError("the detector must be fitted or loaded before it can score")
        images = self._check_images(images)
        parts = [
            self.explain_batch(images[i : i + SCORING_ROWS], self._learned)
            for i in range(0, len(images), SCORING_ROWS)
        ]
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}

    def export_obstacle(self):
        return (
            f"{self.config.detector} runs on numpy, not in a TensorFlow graph. Score with "
            f"memgan score"
        )
