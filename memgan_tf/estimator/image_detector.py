"""Any detector as a scikit-learn estimator, with scikit-learn's signs."""

import contextlib
import io
import os
import pathlib
import tempfile
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, OutlierMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from memgan_tf.config import resolve, with_enough_images
from memgan_tf.data.npz import find_copies
from memgan_tf.data.splits import hold_out
from memgan_tf.detectors.registry import make_detector
from memgan_tf.estimator import persistence
from memgan_tf.estimator.layout import RowLayout, flatten
from memgan_tf.estimator.settings import describe_stranger, overrides_of
from memgan_tf.evaluation.left_out import calibrate_detector
from memgan_tf.training.run_directory import RunDirectory
from memgan_tf.validation import received

# Name in the configuration of images that are not a data set.
DATASET = "array"


class ImageDetector(OutlierMixin, BaseEstimator):
    """A detector that learns from normal images; base of one class per method.

    `score_samples` is -A(x), `decision_function` is `score_samples - offset_`, `predict` gives +1
    for normal and -1 for an anomaly. A share `validation_fraction` of the images is held out
    of training, and `offset_` is set on it for `target_fpr`. Settings that are None are decided as
    in `memgan_tf.train` for these images.

    Attributes:
        calibration_: Scores of the held-out images, threshold, p-values.
        config_: The whole configuration.
        detector_: The fitted detector.
        layout_: How rows are converted to images.
        offset_: The negative of the threshold.
        n_features_in_: Number of values of an image.
    """

    method: str

    def set_params(self, **params: Any) -> "ImageDetector":
        """Sets arguments of the constructor, as in scikit-learn.

        Raises:
            ValueError: If there is no such argument.
        """
        known = self.get_params(deep=False)
        for name in params.keys() - known.keys():
            raise ValueError(describe_stranger(name, type(self).__name__, known))
        return super().set_params(**params)

    def fit(self, X: Any, y: Any = None) -> "ImageDetector":
        """Learns from normal images and calibrates.

        Args:
            X: `(num_images, height, width[, channels])` or flattened rows, pixels from 0 to 255.
            y: Ignored; every image is assumed to be normal.

        Raises:
            ValueError: If a setting or the images are not valid.
        """
        del y
        rows, shape = flatten(X)
        rows = validate_data(self, rows, ensure_min_samples=2)
        if shape is not None and self.image_shape is not None:
            self._check_shape(shape, (*self.image_shape, 1)[:3])
        self.layout_ = RowLayout.of(rows, self.image_shape if shape is None else shape, self.values)
        overrides = {"dataset": DATASET, **overrides_of(self)}
        resolved = resolve(self.method, self.preset, self.layout_.image_shape, overrides)
        images = self.layout_.images(rows)
        self.config_ = with_enough_images(resolved, len(images), overrides.keys())
        self._learn(images)
        return self

    def _learn(self, images):
        groups = find_copies(images)
        if len(np.unique(groups)) < 2:
            # Different rows of a table may be drawn as equal images.
            groups = np.arange(len(images))
        data, seed = self.config_.data, self.config_.training.seed
        trained, held_out = hold_out(groups, data.validation_fraction, seed)
        detector = make_detector(self.config_)
        steps = self.config_.model.trains_in_steps
        quiet = (
            contextlib.nullcontext() if self.verbose else contextlib.redirect_stdout(io.StringIO())
        )
        with tempfile.TemporaryDirectory() as folder, quiet:
            # Detectors that are fitted at once write their state here; networks save it later.
            run = None if steps else RunDirectory(folder)
            self.training_seconds_ = detector.fit(images[trained], images[held_out], run)
            self._state = persistence.read_files(pathlib.Path(folder))
        self.detector_ = detector
        self.calibration_, _ = calibrate_detector(detector, images[held_out], data.target_fpr)
        self.offset_ = -self.calibration_.threshold

    def score_samples(self, X: Any) -> np.ndarray:
        """-A(x), `(num_images,)` float64; higher is more normal.

        Raises:
            ValueError: If the images are not like those of `fit`.
            NotFittedError: Before `fit`.
        """
        images = self._images(X)
        return -self.detector_.score(images).astype(np.float64)

    def decision_function(self, X: Any) -> np.ndarray:
        """`score_samples - offset_`, `(num_images,)`: below 0 for anomalies."""
        scores = self.score_samples(X)
        return scores - self.offset_

    def predict(self, X: Any) -> np.ndarray:
        """+1 for normal images, -1 for anomalies, `(num_images,)`."""
        return np.where(self.decision_function(X) < 0, -1, 1)

    def p_values(self, X: Any) -> np.ndarray:
        """Conformal p-values, `(num_images,)`: share of normal images at least as anomalous."""
        scores = self.score_samples(X)
        return self.calibration_.p_values(-scores)

    def explain(self, X: Any) -> dict[str, np.ndarray]:
        """Scores, reconstructions, anomaly maps and attention; see `TrainableModel.explain`."""
        images = self._images(X)
        return self.detector_.explain(images)

    def save(self, path: str | os.PathLike) -> pathlib.Path:
        """Writes the fitted estimator as a run's folder, without pickle; see `load`.

        Raises:
            ValueError: If the folder exists and is not empty.
            NotFittedError: Before `fit`.
        """
        check_is_fitted(self)
        return persistence.save(self, path)

    @classmethod
    def load(cls, path: str | os.PathLike) -> "ImageDetector":
        """Reads an estimator written by `save`.

        Raises:
            ValueError: If it is not such a folder, or the estimator has another class.
        """
        return persistence.load(cls, path)

    def _images(self, X):
        check_is_fitted(self)
        rows, shape = flatten(X, self.layout_.image_shape)
        if shape is not None:
            self._check_shape(shape, self.layout_.image_shape)
        return self.layout_.images(validate_data(self, rows, reset=False))

    def _check_shape(self, shape, expected):
        if self.values == "pixels" and tuple(shape) != tuple(expected):
            raise ValueError(
                f"`X` must hold images of the shape {tuple(expected)}. {received('shape', shape)}"
            )

    def __sklearn_is_fitted__(self):
        return hasattr(self, "calibration_")

    def __getstate__(self):
        """The state, with the networks of a fitted estimator as the files that `save` writes."""
        state = dict(super().__getstate__())
        if state.pop("detector_", None) is not None:
            state["_state"] = persistence.pack(self)
        return state

    def __setstate__(self, state):
        super().__setstate__(state)
        if "calibration_" in state:
            self.detector_ = persistence.unpack(self.config_, self._state)
