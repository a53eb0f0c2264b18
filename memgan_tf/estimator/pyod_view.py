"""An estimator under PyOD's conventions, which are the other way round. Needs no PyOD."""

from typing import Any

import numpy as np

from memgan_tf.estimator.image_detector import ImageDetector


class PyodView:
    """A thin view of an estimator: 1 is an anomaly, higher is more anomalous.

    PyOD sets its threshold on the training scores by a `contamination`; here it stays the
    estimator's, from held-out normal images and `target_fpr`.

    Args:
        estimator: Fitted or not; it is used, not copied.

    Attributes:
        decision_scores_: `(num_images,)` A(x) of the images that `fit` was given.
        labels_: Their labels, 0 or 1.
        threshold_: A score above it is an anomaly.
    """

    def __init__(self, estimator: ImageDetector):
        self.estimator = estimator

    def fit(self, X: Any, y: Any = None) -> "PyodView":
        """Fits the estimator and scores its images; see `ImageDetector.fit`."""
        self.estimator.fit(X, y)
        self.decision_scores_ = self.decision_function(X)
        self.threshold_ = -self.estimator.offset_
        self.labels_ = (self.decision_scores_ > self.threshold_).astype(int)
        return self

    def decision_function(self, X: Any) -> np.ndarray:
        """A(x), `(num_images,)`: higher is more anomalous."""
        return -self.estimator.score_samples(X)

    def predict(self, X: Any) -> np.ndarray:
        """1 for anomalies, 0 for normal images, `(num_images,)`."""
        return (self.estimator.predict(X) == -1).astype(int)

    def predict_proba(self, X: Any) -> np.ndarray:
        """`(num_images, 2)`: PyOD's linear rule, the place of A(x) in the training scores' range.

        It is not a probability of anything; `ImageDetector.p_values` are better founded.

        Raises:
            RuntimeError: Before `fit`.
        """
        if not hasattr(self, "decision_scores_"):
            raise RuntimeError("`fit` must come before `predict_proba`: it gives the scores' range")
        low, high = self.decision_scores_.min(), self.decision_scores_.max()
        share = (self.decision_function(X) - low) / (high - low if high > low else 1.0)
        anomalous = np.clip(share, 0.0, 1.0)
        return np.stack([1.0 - anomalous, anomalous], axis=1)
