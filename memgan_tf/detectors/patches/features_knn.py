"""Nearest training images by pooled features, for sets with varying objects."""

import numpy as np
import tensorflow as tf

from memgan_tf.detectors.patches.base import FeatureDetector, FeatureModel


class FeaturesKnnModel(FeatureModel):
    """Mean cosine distance to the nearest training images."""

    def __init__(self, network, arrays, image_shape, num_neighbors):
        super().__init__(network, {"images": arrays["images"]}, image_shape)
        self._num_neighbors = min(num_neighbors, len(arrays["images"]))

    def explain(self, images):
        features = pooled(self.network, images)
        similarities = tf.matmul(features, self.learned["images"], transpose_b=True)
        nearest = tf.math.top_k(similarities, self._num_neighbors, sorted=False).indices
        gaps = tf.gather(self.learned["images"], nearest) - features[:, tf.newaxis]
        # For unit vectors; 1 minus the similarity would cancel most digits of a small distance.
        distances = 0.5 * tf.reduce_sum(tf.square(gaps), axis=2)
        return {"anomaly_score": tf.reduce_mean(distances, axis=1), "codes": features}


class FeaturesKnn(FeatureDetector):
    """Nearest neighbors of unit vectors of the last map's means; see `FeaturesKnnConfig`."""

    num_maps = 1

    def learn(self, stream):
        found = np.concatenate(list(stream.batches(pooled, "features")))
        similarities = found @ found.T
        np.fill_diagonal(similarities, -np.inf)
        count = min(self.config.model.num_neighbors, len(found) - 1)
        if count:
            nearest = np.argpartition(similarities, -count, axis=1)[:, -count:]
            self.left_out_scores = np.array(
                [
                    0.5 * np.square(found[others] - own).sum(axis=1).mean()
                    for own, others in zip(found, nearest, strict=True)
                ]
            )
        return {"images": found}

    def make_model(self, network, arrays):
        return FeaturesKnnModel(
            network, arrays, self.config.image_shape, self.config.model.num_neighbors
        )


def pooled(network, images: tf.Tensor) -> tf.Tensor:
    """Means of the last map over its positions, scaled to length 1: `(batch, channels)`."""
    means = tf.reduce_mean(network.maps(images)[-1], axis=(1, 2))
    return tf.math.l2_normalize(means, axis=1)
