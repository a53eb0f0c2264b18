"""Gaussians that are measured, not learned, and distances in their units."""

import keras
import tensorflow as tf

# Share of the mean variance added to each variance: images may be fewer than features.
SHRINKAGE = 0.01


@keras.saving.register_keras_serializable("memgan_tf")
class MeasuredGaussians(keras.layers.Layer):
    """A Gaussian of the features of each of several groups, and Mahalanobis distances to it.

    Args:
        num_groups, num_features: Number of groups, and features in each.

    Call arguments:
        features: `(num_groups, batch, num_features)` float32.
        statistics_rate: None, or a scalar r: the moments move by the share r toward those of the
            batch. With r = 1, 1/2, 1/3, … they become the mean over the batches. `update` applies
            them to the distances.

    Returns:
        `(num_groups, batch)` squared distances, each to its group's mean.
    """

    def __init__(self, num_groups, num_features, **kwargs):
        super().__init__(**kwargs)
        self.num_groups, self.num_features = num_groups, num_features
        means, matrices = (num_groups, num_features), (num_groups, num_features, num_features)
        options = {"initializer": "zeros", "trainable": False}
        self.means = self.add_weight(name="means", shape=means, **options)
        self.second_moments = self.add_weight(name="second_moments", shape=matrices, **options)
        self.whitenings = self.add_weight(name="whitenings", shape=matrices, **options)

    def call(self, features, statistics_rate=None):
        if statistics_rate is not None:
            count = tf.cast(tf.shape(features)[1], tf.float32)
            moments = tf.matmul(features, features, transpose_a=True) / count
            self.means.assign_add(statistics_rate * (tf.reduce_mean(features, 1) - self.means))
            self.second_moments.assign_add(statistics_rate * (moments - self.second_moments))
        differences = features - self.means[:, tf.newaxis]
        whitened = tf.matmul(differences, self.whitenings, transpose_b=True)
        return tf.reduce_sum(tf.square(whitened), axis=-1)

    def update(self) -> None:
        """Applies the measured moments to the distances."""
        means = tf.convert_to_tensor(self.means)
        outer = means[:, :, tf.newaxis] * means[:, tf.newaxis]
        covariances = tf.convert_to_tensor(self.second_moments) - outer
        added = SHRINKAGE * tf.linalg.trace(covariances) / self.num_features + 1e-6
        identity = tf.eye(self.num_features, batch_shape=[self.num_groups])
        factors = tf.linalg.cholesky(covariances + added[:, tf.newaxis, tf.newaxis] * identity)
        self.whitenings.assign(tf.linalg.triangular_solve(factors, identity))

    def get_config(self):
        sizes = {"num_groups": self.num_groups, "num_features": self.num_features}
        return {**super().get_config(), **sizes}
