"""One-class support vector machine."""

import numpy as np
from sklearn.metrics.pairwise import euclidean_distances
from sklearn.svm import OneClassSVM

from memgan_tf.detectors.shallow import ShallowDetector

# Number of rows whose pairwise distances give the median.
MEDIAN_ROWS = 2000


class OneClassSvm(ShallowDetector):
    """Distance of x outside the boundary of a one-class SVM: ρ - Σ aᵢ exp(-γ ‖x - xᵢ‖²).

    Its configuration is `OcsvmConfig`.
    """

    def learn(self, features):
        config = self.config.model
        gamma = choose_gamma(features, config.gamma_rule)
        machine = OneClassSVM(kernel="rbf", gamma=gamma, nu=config.nu).fit(features)
        return {
            "rows": machine.support_vectors_,
            "coefficients": machine.dual_coef_[0],
            "intercept": machine.intercept_[0],
            "gamma": np.float64(gamma),
        }

    def explain_batch(self, images, learned):
        distances = euclidean_distances(self.features(images), learned["rows"], squared=True)
        kernel = np.exp(-learned["gamma"] * distances)
        return {"anomaly_score": -(kernel @ learned["coefficients"] + learned["intercept"])}


def choose_gamma(features: np.ndarray, rule: str) -> float:
    """γ from normal rows only.

    Args:
        features: Normal rows, `(num_images, features)`.
        rule: `scale`: 1 / (features × their variance over all values). `median`: 1 / the median
            squared distance of two of the first rows.
    """
    if rule == "scale":
        return float(1.0 / (features.shape[1] * features.var()))
    chosen = features[:MEDIAN_ROWS]
    distances = euclidean_distances(chosen, chosen, squared=True)[np.triu_indices(len(chosen), k=1)]
    # More than half of the images may be copies.
    return float(1.0 / np.median(distances[distances > 0.0]))
