"""Isolation forest."""

import itertools

import numpy as np
from sklearn.ensemble import IsolationForest as Forest

from memgan_tf.detectors.shallow import ShallowDetector

# Arrays of one of scikit-learn's trees; the left child of a leaf is -1.
NODE_ARRAYS = ("children_left", "children_right", "feature", "threshold", "n_node_samples")


class IsolationForest(ShallowDetector):
    """2^(-E[h(x)] / c(ψ)), in (0, 1): higher if fewer random cuts isolate x (Liu et al., 2008).

    scikit-learn grows the trees. They are scored here from plain arrays, because scikit-learn
    stores a forest only as a pickle, and loading a pickle runs what is in it.

    Its configuration is `IsolationForestConfig`.
    """

    def learn(self, features):
        config = self.config.model
        forest = Forest(
            n_estimators=config.num_trees,
            max_samples=min(config.num_tree_images, len(features)),
            random_state=self.config.training.seed,
        ).fit(features)
        trees = [tree.tree_ for tree in forest.estimators_]
        starts = np.cumsum([0, *(tree.node_count for tree in trees)])
        return {
            "starts": starts,
            "num_samples": np.int64(forest.max_samples_),
            **{name: np.concatenate([getattr(t, name) for t in trees]) for name in NODE_ARRAYS},
        }

    def check_learned(self, learned):
        starts, first = learned["starts"], learned["children_left"]
        if starts[0] != 0 or (np.diff(starts) < 1).any() or starts[-1] != len(first):
            raise ValueError("the arrays of the trees have different lengths")
        own, size = (np.repeat(a, np.diff(starts)) for a in (starts[:-1], np.diff(starts)))
        own = np.arange(len(first)) - own
        inner = first >= 0
        for children in (first, learned["children_right"]):
            # A node comes before its children, so every path ends.
            if (inner & ((children <= own) | (children >= size))).any():
                raise ValueError("a node's child is not in its tree")
        num_features = self.features(self._black_image()).shape[1]
        if (inner & ((learned["feature"] < 0) | (learned["feature"] >= num_features))).any():
            raise ValueError("a node cuts along a missing feature")

    def explain_batch(self, images, learned):
        # The type that scikit-learn's trees compare.
        features = self.features(images).astype(np.float32)
        lengths = np.zeros(len(features))
        starts = learned["starts"]
        for start, end in itertools.pairwise(starts):
            lengths += path_lengths(features, {n: learned[n][start:end] for n in NODE_ARRAYS})
        normal_length = (len(starts) - 1) * average_path_length(learned["num_samples"])
        return {"anomaly_score": 2.0 ** (-lengths / max(float(normal_length), 1e-12))}


def path_lengths(features: np.ndarray, tree: dict[str, np.ndarray]) -> np.ndarray:
    """h(x), the number of cuts to a leaf plus the expected further cuts for its images.

    Args:
        features: `(num_images, features)`.
        tree: `NODE_ARRAYS` of one tree.

    Returns:
        `(num_images,)`.
    """
    nodes = np.zeros(len(features), np.int64)
    depths = np.zeros(len(features))
    rows = np.arange(len(features))
    while True:
        inner = tree["children_left"][nodes] >= 0
        if not inner.any():
            return depths + average_path_length(tree["n_node_samples"][nodes])
        cut = features[rows, np.maximum(tree["feature"][nodes], 0)] <= tree["threshold"][nodes]
        children = np.where(cut, tree["children_left"][nodes], tree["children_right"][nodes])
        nodes = np.where(inner, children, nodes)
        depths += inner


def average_path_length(num_samples: np.ndarray) -> np.ndarray:
    """c(n) = 2 H(n - 1) - 2 (n - 1) / n, mean cuts that isolate one of n images (Eq. 1 there)."""
    n = np.maximum(np.asarray(num_samples, np.float64), 2.0)
    lengths = 2.0 * (np.log(np.maximum(n - 1.0, 1.0)) + np.euler_gamma) - 2.0 * (n - 1.0) / n
    return np.where(np.asarray(num_samples) > 2, lengths, np.asarray(num_samples) == 2)
