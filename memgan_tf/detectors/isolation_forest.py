"""Isolation forest."""

import itertools

import numpy as np
from sklearn.ensemble import IsolationForest as Forest

from memgan_tf.detectors.shallow import ShallowDetector

# Arrays of one of scikit-learn's trees; a leaf has no left child, -1.
NODE_ARRAYS = ("children_left", "children_right", "feature", "threshold", "n_node_samples")


class IsolationForest(ShallowDetector):
    """2^(-E[h(x)] / c(ψ)): how few random cuts set x apart, in (0, 1) (Liu et al., 2008).

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
            raise ValueError("the trees are not as long as their nodes")
        own, size = (np.repeat(a, np.diff(starts)) for a in (starts[:-1], np.diff(starts)))
        own = np.arange(len(first)) - own
        inner = first >= 0
        for children in (first, learned["children_right"]):
            # A node comes before its children, so that every way ends.
            if (inner & ((children <= own) | (children >= size))).any():
                raise ValueError("a node's child is none of its tree")
        num_features = self.features(self._black_image()).shape[1]
        if (inner & ((learned["feature"] < 0) | (learned["feature"] >= num_features))).any():
            raise ValueError("a node cuts along a feature that is not there")

    def explain_batch(self, images, learned):
        # As scikit-learn's trees compare them.
        features = self.features(images).astype(np.float32)
        lengths = np.zeros(len(features))
        starts = learned["starts"]
        for start, end in itertools.pairwise(starts):
            lengths += path_lengths(features, {n: learned[n][start:end] for n in NODE_ARRAYS})
        normal_length = (len(starts) - 1) * average_path_length(learned["num_samples"])
        return {"anomaly_score": 2.0 ** (-lengths / max(float(normal_length), 1e-12))}


def path_lengths(features: np.ndarray, tree: dict[str, np.ndarray]) -> np.ndarray:
    """h(x), the cuts on the way to a leaf and those that its images would still take.

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
    """c(n): mean cuts that set one of n images apart, 2 H(n - 1) - 2 (n - 1) / n (Eq. 1 there)."""
    n = np.maximum(np.asarray(num_samples, np.float64), 2.0)
    lengths = 2.0 * (np.log(np.maximum(n - 1.0, 1.0)) + np.euler_gamma) - 2.0 * (n - 1.0) / n
    return np.where(np.asarray(num_samples) > 2, lengths, np.asarray(num_samples) == 2)
