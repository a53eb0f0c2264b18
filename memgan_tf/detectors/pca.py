"""Reconstruction by principal components."""

import numpy as np

from memgan_tf.detectors.shallow import ShallowDetector


class PrincipalComponents(ShallowDetector):
    """‖x - x̂‖₂ to the subspace of the leading principal components.

    Its configuration is `PcaConfig`.
    """

    def learn(self, features):
        del features
        return {}

    def explain_batch(self, images, learned):
        del learned
        values = self.features.flatten(images)
        restored = self.features.restore(self.features.project(values))
        shape = (len(images), *self.config.image_shape)
        squares = np.square(values - restored).reshape(shape)
        display = self.features.scaling.display(restored.reshape(shape).astype(np.float32))
        return {
            "anomaly_score": np.sqrt(squares.sum(axis=(1, 2, 3))),
            "anomaly_map": np.sqrt(squares.sum(axis=-1)).astype(np.float32),
            "reconstruction": display.numpy(),
        }
