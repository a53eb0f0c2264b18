"""The subspace of the leading principal components as TensorFlow functions of raw pixels."""

import numpy as np
import tensorflow as tf

from memgan_tf.detectors.features import Features
from memgan_tf.layers.local_score import LocalScore
from memgan_tf.models.common.paired import blank_padding, locate


class PcaModel:
    """From raw pixels to the local score, in Python and in a SavedModel alike.

    Args:
        features: Fitted.
        image_shape: `(height, width, channels)`.
        local_score: Fitted, or to be fitted.

    Attributes:
        scoring_variables: What `explain` reads.
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
        """`reconstruction` in [0, 1] and `anomaly_map`, the pixels' errors, of raw pixels."""
        scaled = self.features.scaling(images)
        centred = tf.reshape(scaled, (-1, self.mean.shape[0])) - self.mean
        coordinates = tf.matmul(centred, self.components)
        restored = tf.matmul(coordinates, self.components, transpose_b=True)
        squares = tf.reshape(tf.square(centred - restored), tf.shape(scaled))
        restored = tf.reshape(restored + self.mean, tf.shape(scaled))
        return {
            "anomaly_map": tf.sqrt(tf.reduce_sum(squares, axis=3)),
            "reconstruction": self.features.scaling.display(restored),
        }

    def explain(self, images: tf.Tensor) -> dict[str, tf.Tensor]:
        """As `TrainableModel.explain`."""
        explained = locate(self.reconstruct(images), self.local_score)
        if self.features.scaling.fills_padding:
            return blank_padding(explained, images)
        return explained

    def embedding_points(self) -> dict[str, np.ndarray]:
        """It has no space of codes."""
        return {}

    def decode_units(self) -> None:
        """It has no memory."""
