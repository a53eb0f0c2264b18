"""The subspace of the leading principal components as TensorFlow functions of raw pixels."""

import numpy as np
import tensorflow as tf

from memgan_tf.detectors.features import Features
from memgan_tf.layers.local_score import LocalScore
from memgan_tf.models.common.paired import blank_padding, locate


class PcaModel:
    """The local score from raw pixels, for Python and for a SavedModel.

    Args:
        features: Fitted features.
        image_shape: `(height, width, channels)`.
        local_score: Local score, fitted or to be fitted.

    Attributes:
        scoring_variables: Variables that `explain` reads.
    """

    def __init__(self, features: Features, image_shape, local_score: LocalScore):
        self.features, self.image_shape, self.local_score = features, image_shape, local_score
        self.mean = tf.Variable(features.mean.astype(np.float32), trainable=False)
        self.components = tf.Variable(features.components.astype(np.float32), trainable=False)

    @property
    def scoring_variables(self) -> list:
        own = [self.mean, self.components, *self.local_score.variables]
        return [*self.features.scaling.variables, *own]

    def reconstruct(self, images: tf.Tensor) -> dict[str, tf.Tensor]:
        """`reconstruction` in [0, 1] and `anomaly_map`, the errors of raw pixels."""
        scaled = self.features.scaling(images)
        centered = tf.reshape(scaled, (-1, self.mean.shape[0])) - self.mean
        coordinates = tf.matmul(centered, self.components)
        restored = tf.matmul(coordinates, self.components, transpose_b=True)
        squares = tf.reshape(tf.square(centered - restored), tf.shape(scaled))
        restored = tf.reshape(restored + self.mean, tf.shape(scaled))
        return {
            "anomaly_map": tf.sqrt(tf.reduce_sum(squares, axis=3)),
            "reconstruction": self.features.scaling.display(restored),
        }

    def explain(self, images: tf.Tensor) -> dict[str, tf.Tensor]:
        """Like `TrainableModel.explain`."""
        explained = locate(self.reconstruct(images), self.local_score)
        if self.features.scaling.fills_padding:
            return blank_padding(explained, images)
        return explained

    def embedding_points(self) -> dict[str, np.ndarray]:
        """Empty, because there is no space of codes."""
        return {}

    def decode_units(self) -> None:
        """Returns None, because there is no memory."""
