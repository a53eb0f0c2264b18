"""An estimator with PyOD's conventions, which have the opposite signs. PyOD is not needed."""

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

from memgan_tf.estimator.image_detector import ImageDetector
from memgan_tf.validation import check_real


class PyodView(BaseEstimator):
    """A thin view of an estimator: 1 is an anomaly, higher is more anomalous.

    Args:
        estimator: An estimator, fitted or not; it is used, not copied.
        contamination: Share of anomalies among the images of `fit`, in (0, 0.5], from which PyOD
            sets its threshold. None keeps the estimator's threshold, from held-out normal images
            and `target_fpr`.

    Attributes:
        decision_scores_: `(num_images,)` A(x) of the images of `fit`.
        labels_: Their labels, 0 or 1.
        threshold_: A score above it is an anomaly.
    """

    def __init__(self, estimator: ImageDetector, contamination: float | None = None):
        self.estimator = estimator
        self.contamination = contamination

    def fit(self, X: Any, y: Any = None) -> "PyodView":
        """Fits the estimator and scores its images; see `ImageDetector.fit`.

        Raises:
            ValueError: As there, or if `contamination` is not in (0, 0.5].
        """
        share = self.contamination
        if share is not None:
            check_real("contamination", share, 1e-6, 0.5)
        self.estimator.fit(X, y)
        self.decision_scores_ = self.decision_function(X)
        self.threshold_ = -self.estimator.offset_
        if share is not None:
            self.threshold_ = float(np.percentile(self.decision_scores_, 100 * (1 - share)))
        self.labels_ = (self.decision_scores_ > self.threshold_).astype(int)
        return self

    def fit_predict(self, X: Any, y: Any = None) -> np.ndarray:
        """Calls `fit`, then returns `labels_`."""
        return self.fit(X, y).labels_

    def decision_function(self, X: Any) -> np.ndarray:
        """A(x), `(num_images,)`; higher is more anomalous."""
        return -self.estimator.score_samples(X)

    def predict(self, X: Any) -> np.ndarray:
        """1 for anomalies, 0 for normal images, `(num_images,)`.

        Raises:
            RuntimeError: Before `fit`, if there is a `contamination`.
        """
        if self.contamination is None:
            return (self.estimator.predict(X) == -1).astype(int)
        if not hasattr(self, "threshold_"):
            raise RuntimeError("`fit` must come before `predict`, because it sets the threshold")
        return (self.decision_function(X) > self.threshold_).astype(int)

    def predict_proba(self, X: Any) -> np.ndarray:
        """PyOD's linear rule, `(num_images, 2)`: position of A(x) in the range of training scores.

        It is not a probability; prefer `ImageDetector.p_values`.

        Raises:
            RuntimeError: Before `fit`.
        """
        if not hasattr(self, "decision_scores_"):
            raise RuntimeError("`fit` must come before `predict_proba`: it gives the scores' range")
        low, high = self.decision_scores_.min(), self.decision_scores_.max()
        share = (self.decision_function(X) - low) / (high - low if high > low else 1.0)
        anomalous = np.clip(share, 0.0, 1.0)
        return np.stack([1.0 - anomalous, anomalous], axis=1)
