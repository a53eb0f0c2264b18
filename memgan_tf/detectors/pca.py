"""Reconstruction by principal components."""

from typing import Any

import numpy as np
import tensorflow as tf

from memgan_tf.detectors.pca_model import PcaModel
from memgan_tf.detectors.shallow import ShallowDetector, make_features
from memgan_tf.layers.local_score import LocalScore
from memgan_tf.models.common.paired import blank_padding

# Number of parts of the training images; the errors of a part are measured without it.
NUM_FOLDS = 5
LOCAL_PREFIX = "local_"
LOCAL_NAMES = ("usual", "peak_means", "peak_deviations")


class PrincipalComponents(ShallowDetector):
    """Distance ‖x - x̂‖₂ to the subspace of the leading components, or its local errors.

    Its configuration is `PcaConfig`.
    """

    def __init__(self, config):
        super().__init__(config)
        self._is_local = config.model.score_rule == "local"
        self.model: PcaModel | None = None
        self._explain: Any = None  # a `tf.function`, once it is fitted

    def fit(self, images, validation_images, run=None):
        # An earlier fit must not affect the scores of this one.
        self.model = None
        return super().fit(images, validation_images, run)

    def learn(self, features):
        del features
        return {}

    def learn_from_images(self, images):
        if not self._is_local:
            return {}
        local_score = LocalScore(self.config.image_shape[:2])
        errors = held_out_squares(self.config, images)
        local_score.fit(lambda: iter(errors))
        values = [variable.numpy() for variable in local_score.variables]
        return {LOCAL_PREFIX + name: v for name, v in zip(LOCAL_NAMES, values, strict=True)}

    def explain_batch(self, images, learned):
        if self._is_local:
            return self._explain_locally(images, learned)
        values = self.features.flatten(images)
        restored = self.features.restore(self.features.project(values))
        shape = (len(images), *self.config.image_shape)
        squares = np.square(values - restored).reshape(shape)
        shown = {
            "anomaly_map": np.sqrt(squares.sum(axis=-1)).astype(np.float32),
            "reconstruction": self.features.scaling.display(
                restored.reshape(shape).astype(np.float32)
            ),
        }
        if self.features.scaling.fills_padding:
            shown = blank_padding(shown, images)
        shown = {name: np.asarray(values) for name, values in shown.items()}
        return {"anomaly_score": np.sqrt(squares.sum(axis=(1, 2, 3))), **shown}

    def _explain_locally(self, images, learned):
        if self.model is None:
            self.model = PcaModel(
                self.features, self.config.image_shape, LocalScore(self.config.image_shape[:2])
            )
            for name, variable in zip(LOCAL_NAMES, self.model.local_score.variables, strict=True):
                variable.assign(learned[LOCAL_PREFIX + name])
            signature = tf.TensorSpec((None, *self.config.image_shape), tf.uint8)
            self._explain = tf.function(
                self.model.explain, input_signature=[signature], autograph=False
            )
        return {name: v.numpy() for name, v in self._explain(tf.constant(images)).items()}

    def export_obstacle(self):
        return None if self._is_local else super().export_obstacle()


def held_out_squares(config, images):
    """Squared errors of training images under components of the others, in batches.

    Each image is in one of `NUM_FOLDS` parts, and is restored by components of the other parts.
    """
    folds = np.arange(len(images)) % min(NUM_FOLDS, len(images))
    found = []
    for fold in range(folds.max() + 1):
        others, held_out = images[folds != fold], images[folds == fold]
        features = make_features(config)
        try:
            features.fit(others if len(others) else images)
        except ValueError:
            # All others are equal, so the mean of all restores it best.
            features.fit(images)
        model = PcaModel(features, config.image_shape, LocalScore(config.image_shape[:2]))
        found.append(tf.square(model.reconstruct(tf.constant(held_out))["anomaly_map"]))
    return found
